import { expect, test } from "vitest";
import { segments } from "./segments";

const blocks = (...texts: string[]) => texts.map((text) => ({ text }));
const joined = (text: string, ...texts: string[]) =>
  segments(text, blocks(...texts))
    .map((segment) => segment.text)
    .join("");

test("a page is cut where its blocks begin", () => {
  expect(segments("# One\n\ntwo\n", blocks("One", "two"))).toEqual([
    { text: "# One\n\n", block: 0 },
    { text: "two\n", block: 1 },
  ]);
});

test("a text that occurs twice belongs to two blocks, in their order", () => {
  expect(segments("a\n\na", blocks("a", "a")).map(({ block }) => block)).toEqual([0, 1]);
});

test("blocks without text, and such as are not in the page, are passed over", () => {
  expect(segments("x\n\ny", blocks("", "17", "y"))).toEqual([
    { text: "x\n\n", block: null },
    { text: "y", block: 2 },
  ]);
  expect(segments("x", [])).toEqual([{ text: "x", block: null }]);
  expect(segments("", [])).toEqual([{ text: "", block: null }]);
});

test("nothing is lost or doubled, also where two blocks share a line", () => {
  const text = "head\n- a b\n\nc  \n";
  expect(joined(text, "a", "b", "nowhere", "c")).toBe(text);
});
