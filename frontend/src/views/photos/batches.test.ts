import { describe, expect, it } from "vitest";
import { batches, isPicture, MOST_BYTES, MOST_FILES } from "./batches";

const file = (name: string, size = 1) => ({ name, size });

describe("batches", () => {
  it("are of so many files at most, in their order", () => {
    const files = Array.from({ length: 2 * MOST_FILES + 1 }, (_, at) => file(`${at}.jpg`));
    const lots = batches(files);
    expect(lots.map(({ length }) => length)).toEqual([MOST_FILES, MOST_FILES, 1]);
    expect(lots.flat()).toEqual(files);
  });

  it("are of so many bytes at most, and a file that is too large is alone", () => {
    const lots = batches([file("a", MOST_BYTES - 1), file("b"), file("c"), file("d", 2 * MOST_BYTES), file("e")]);
    expect(lots.map((lot) => lot.map(({ name }) => name).join(""))).toEqual(["ab", "c", "d", "e"]);
  });

  it("have no name twice", () => {
    expect(batches([file("a"), file("b"), file("a"), file('"'), file("_")])).toHaveLength(3);
  });

  it("of nothing are none", () => {
    expect(batches([])).toEqual([]);
  });
});

it("knows pictures by their type, or their ending where they have none", () => {
  expect(isPicture({ name: "x", type: "image/png" })).toBe(true);
  expect(isPicture({ name: "IMG.HEIC", type: "" })).toBe(true);
  expect(isPicture({ name: "x.svg", type: "image/svg+xml" })).toBe(false);
  expect(isPicture({ name: "Thumbs.db", type: "" })).toBe(false);
});
