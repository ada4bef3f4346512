/**
 * Formulas as the engines write them: `\(x\)`, `\[x\]`, `$$x$$` and `$x$`. A single dollar is only taken as a formula
 * where nobody would write it for money: text right inside both, and no digit behind the second.
 */
const FORMULA =
  /\\\[([\s\S]+?)\\\]|\\\(([\s\S]+?)\\\)|(?<![\\$])\$\$([^$]+?)\$\$(?!\$)|(?<![\\$\w])\$(?=[^\s$])([^$\n]*?[^\s\\$])\$(?![\d$])/;
const CODE_OR_TABLE =
  /(?:^|\n) {0,3}(?<fence>`{3,}|~{3,})[\s\S]*?(?:\n {0,3}\k<fence>|(?![\s\S]))|`[^`\n]+`|<table[\s\S]*?(?:<\/table>|(?![\s\S]))/;
const FOUND = new RegExp(`(${CODE_OR_TABLE.source})|${FORMULA.source}`, "g");

export interface Formula {
  tex: string;
  display: boolean;
}

/** Markdown in which every formula stands in double dollars, the one spelling that is left to be understood. */
export function marked(markdown: string): string {
  return markdown.replace(FOUND, (whole, kept, _fence, bracket, paren, dollars, dollar, at: number) => {
    if (kept !== undefined) return whole;
    const tex = (bracket ?? paren ?? dollars ?? dollar).trim();
    if (!tex) return whole;
    if (paren !== undefined || dollar !== undefined) return `$$${oneLine(tex)}$$`;
    const before = markdown.slice(markdown.lastIndexOf("\n", at - 1) + 1, at);
    const behind = /^[^\n]*/.exec(markdown.slice(at + whole.length))?.[0] ?? "";
    if (before.trim() || behind.trim()) return `$$\\displaystyle ${oneLine(tex)}$$`;
    return `$$\n${tex.replace(/\n\s*\n/g, "\n")}\n${before}$$`;
  });
}

/** Text cut into what is no formula and what is one; for text that Markdown leaves alone, as in HTML tables. */
export function cut(text: string): (string | Formula)[] {
  const pieces: (string | Formula)[] = [];
  let from = 0;
  for (const match of text.matchAll(new RegExp(FORMULA, "g"))) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    const tex = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").trim();
    pieces.push({ tex, display: match[1] !== undefined || match[3] !== undefined });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function oneLine(tex: string): string {
  return tex.replace(/\s*\n\s*/g, " ");
}
