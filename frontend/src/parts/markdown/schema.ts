import { defaultSchema } from "rehype-sanitize";

const { attributes, tagNames } = defaultSchema;
const SPANS = ["colSpan", "rowSpan", "align"];

/** What of a model's Markdown may become HTML: text, tables and formulas; no ids, no styles, no addresses but a few. */
export const schema: typeof defaultSchema = {
  ...defaultSchema,
  tagNames: (tagNames ?? []).filter((name) => !["picture", "source"].includes(name)),
  attributes: {
    a: ["href"],
    img: ["src", "alt"],
    code: [["className", /^language-./, "math-inline", "math-display"]],
    input: attributes?.input ?? [],
    li: attributes?.li ?? [],
    ol: ["start"],
    td: SPANS,
    th: [...SPANS, "scope"],
    "*": ["title", "lang", "dir"],
  },
  protocols: { href: ["http", "https", "mailto"], src: [] },
  clobber: [],
  strip: ["script", "style", "title", "textarea", "iframe", "noscript", "template"],
};
