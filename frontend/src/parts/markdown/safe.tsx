import "katex/dist/katex.min.css";
import { Typography } from "@mantine/core";
import { memo, type ReactNode } from "react";
import Markdown, { type Components, type Options } from "react-markdown";
import rehypeKatex from "rehype-katex";
import rehypeRaw from "rehype-raw";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { formulaCells } from "./formula-cells";
import { marked } from "./formulas";
import classes from "./markdown.module.css";
import { schema } from "./schema";

/** KaTeX comes last: what it makes is ours, and what it is given cannot name addresses or grow without bound. */
const PLUGINS: Options = {
  remarkPlugins: [remarkGfm, [remarkMath, { singleDollarTextMath: false }]],
  rehypePlugins: [
    rehypeRaw,
    formulaCells,
    [rehypeSanitize, schema],
    [rehypeKatex, { trust: false, strict: "ignore", maxSize: 20, errorColor: "currentColor" }],
  ],
};
const ADDRESS = /^(https?:\/\/|mailto:)/i;

/** A text's headings stand below those of the page around it. */
const COMPONENTS: Components = {
  h1: "h3",
  h2: "h4",
  h3: "h5",
  h4: "h6",
  h5: "h6",
  a: ({ href, children }) =>
    href && ADDRESS.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  input: ({ checked }) => <span>{checked ? "☑" : "☐"}</span>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <div className={classes.wide} tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};

export interface MarkdownProps {
  text: string;
  /** What is shown for a picture of this name; pictures of other places are never fetched. */
  figure?: (name: string, alt: string) => ReactNode;
}

/** Markdown of a model, which nobody has read yet: it can show text and do nothing. */
export default memo(function Safe({ text, figure }: MarkdownProps) {
  const img: Components["img"] = ({ src, alt }) => (typeof src === "string" && figure?.(src, alt ?? "")) || null;
  return (
    <Typography className={classes.text}>
      <Markdown {...PLUGINS} components={{ ...COMPONENTS, img }}>
        {marked(text)}
      </Markdown>
    </Typography>
  );
});
