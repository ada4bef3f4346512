export const en = {
  title: "read",
};

export const zh: typeof en = {
  title: "read",
};
