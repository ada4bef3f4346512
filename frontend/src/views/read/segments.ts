import type { Block } from "../../api/schema";

/** A part of a page's text, and the block that it was made of; what is between two blocks belongs to the one before. */
export interface Segment {
  text: string;
  block: number | null;
}

/** Cuts a page's text where its blocks begin. A block that is not in the text as it is, such as a header, is passed over. */
export function segments(text: string, blocks: readonly Pick<Block, "text">[]): Segment[] {
  const cuts: { at: number; block: number }[] = [];
  let from = 0;
  for (const [block, { text: sought }] of blocks.entries()) {
    const at = sought ? text.indexOf(sought, from) : -1;
    if (at < 0) continue;
    cuts.push({ at: lineStart(text, at, from), block });
    from = at + sought.length;
  }
  const made = cuts.map(({ at, block }, index): Segment => ({ text: text.slice(at, cuts[index + 1]?.at), block }));
  const head = text.slice(0, cuts[0]?.at);
  return head.trim() || !made.length ? [{ text: head, block: null }, ...made] : made;
}

/** What stands before a block on its line is its own: the mark of a heading or of a list. */
function lineStart(text: string, at: number, from: number): number {
  return Math.max(from, text.lastIndexOf("\n", at - 1) + 1);
}
