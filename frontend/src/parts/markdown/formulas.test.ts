import { expect, test } from "vitest";
import { cut, marked } from "./formulas";

test.each([
  ["inline \\(a_1\\) and $b^2$.", "inline $$a_1$$ and $$b^2$$."],
  ["\\[ x = 1 \\]", "$$\nx = 1\n$$"],
  ["$$x$$", "$$\nx\n$$"],
  ["so \\[x\\] (1)", "so $$\\displaystyle x$$ (1)"],
  ["It costs $5 and $6.", "It costs $5 and $6."],
  ["US$ 3 or $ 4 $", "US$ 3 or $ 4 $"],
  ["\\(a\n+ b\\)", "$$a + b$$"],
  ["`\\(x\\)` is code", "`\\(x\\)` is code"],
  ["```\n\\[x\\]\n```\n\\(y\\)", "```\n\\[x\\]\n```\n$$y$$"],
  ["```\n\\[not ended", "```\n\\[not ended"],
  ["<table><td>\\(x\\)</td></table> \\(y\\)", "<table><td>\\(x\\)</td></table> $$y$$"],
  ["still streaming \\[ \\frac{1", "still streaming \\[ \\frac{1"],
  ["escaped \\$5$ stays", "escaped \\$5$ stays"],
])("%j is written %j", (given, expected) => {
  expect(marked(given)).toBe(expected);
});

test("formulas are cut out of a cell's text", () => {
  expect(cut("a \\(b\\) c")).toEqual(["a ", { tex: "b", display: false }, " c"]);
  expect(cut("none")).toEqual(["none"]);
});
