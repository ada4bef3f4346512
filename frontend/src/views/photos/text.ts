export const en = {
  title: "photos",
};

export const zh: typeof en = {
  title: "photos",
};
