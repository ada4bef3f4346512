export const en = {
  title: "signin",
};

export const zh: typeof en = {
  title: "signin",
};
