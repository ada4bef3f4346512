export const en = {
  title: "system",
};

export const zh: typeof en = {
  title: "system",
};
