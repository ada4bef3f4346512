import { expect, it } from "vitest";
import { rates, type Sample, sampled } from "./rates";

const of = (...past: number[]): Sample[] => past.map((each, index) => ({ at: index * 1000, past: each }));

it("takes a rate over the last seconds", () => {
  expect(rates(of(0, 10, 20, 20, 20, 20, 20))).toEqual([10, 10, 20 / 3, 5, 2.5, 0]);
});

it("says nothing of one sample, or of two at one time", () => {
  expect(rates(of(5))).toEqual([]);
  expect(
    rates([
      { at: 0, past: 0 },
      { at: 0, past: 9 },
    ]),
  ).toEqual([0]);
});

it("keeps samples apart, begins anew after a retry, and forgets the oldest", () => {
  expect(sampled(of(0, 4), { at: 1100, past: 9 })).toHaveLength(2);
  expect(sampled(of(0, 4), { at: 9000, past: 2 })).toEqual([{ at: 9000, past: 2 }]);
  const many = Array.from({ length: 400 }, (_, at) => ({ at: at * 1000, past: at }));
  expect(many.reduce<Sample[]>(sampled, []).at(0)?.past).toBe(220);
});
