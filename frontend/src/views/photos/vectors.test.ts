import { describe, expect, it } from "vitest";
import { cosine, nearest, unit } from "./vectors";

const of = (...numbers: number[]) => unit(numbers) as Float32Array;

describe("vectors", () => {
  it("are compared by their direction", () => {
    expect(cosine(of(3, 4), of(30, 40))).toBeCloseTo(1);
    expect(cosine(of(1, 0), of(0, 7))).toBeCloseTo(0);
    expect(cosine(of(1, 1), of(-2, -2))).toBeCloseTo(-1);
  });

  it("of another model are not compared", () => {
    expect(cosine(of(1, 0), of(1, 0, 0))).toBeNull();
  });

  it("without a direction are none", () => {
    expect(unit([0, 0])).toBeNull();
    expect(unit([])).toBeNull();
    expect(unit(undefined)).toBeNull();
    expect(unit([1, Number.NaN])).toBeNull();
  });
});

it("finds the nearest, and only those that are near at all", () => {
  const all = [of(0, 1), of(1, 0.1), of(-1, 0), null, of(1, 1), of(1, 0, 0)];
  const found = nearest(of(1, 0), all, (one) => one, 2);
  expect(found.map(({ one }) => all.indexOf(one))).toEqual([1, 4]);
});
