export const en = {
  title: "rescans",
};

export const zh: typeof en = {
  title: "rescans",
};
