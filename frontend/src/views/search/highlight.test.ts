import { describe, expect, it } from "vitest";
import { segments, wordsOf } from "./highlight";

const marked = (text: string, query: string) =>
  segments(text, wordsOf(query))
    .map(({ text: piece, marked: found }) => (found ? `[${piece}]` : piece))
    .join("");

describe("words that were looked for", () => {
  it("are marked as whole words, whatever their case, width and accents", () => {
    expect(marked("Total: ＴＯＴＡＬ, totally; Café Straße", "total cafe STRASSE")).toBe(
      "[Total]: [ＴＯＴＡＬ], totally; [Café] [Straße]",
    );
  });

  it("are marked in scripts without spaces, also in part", () => {
    expect(marked("欢迎来到北京大学", "北京大学")).toBe("欢迎来到[北京大学]");
    expect(marked("北京的大学", "北京大学")).toBe("[北京]的[大学]");
  });

  it("are marked where one character was looked for", () => {
    expect(marked("东京站", "京")).toBe("东[京]站");
    expect(marked("京", "京")).toBe("[京]");
  });

  it("come from quotes and from behind ocr:, never from behind clip:", () => {
    expect(marked("grand total of a red car", 'ocr:"grand total" clip:a red car')).toBe("[grand] [total] of a red car");
    expect(marked("清单 of a red car", "clip:car ocr：“清单”")).toBe("[清单] of a red car");
  });

  it("keep every character of the text", () => {
    const text = "𝒜 ﬁne e\u0301te\u0301 👩‍👧 <b>x</b>";
    const pieces = segments(text, wordsOf("fine ete x"));
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces.filter((piece) => piece.marked).map((piece) => piece.text)).toEqual(["ﬁne", "e\u0301te\u0301", "x"]);
  });
});
