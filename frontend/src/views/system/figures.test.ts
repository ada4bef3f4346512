import { expect, test } from "vitest";
import { figures } from "./figures";

test("a span takes the unit that fits, also where rounding would pass it", () => {
  const { span } = figures("en");
  expect([0, 0.0421, 0.9996, 1, 59.94, 59.96, 3569, 3571, 86_400].map(span)).toEqual([
    "0 sec",
    "42 ms",
    "1 sec",
    "1 sec",
    "59.9 sec",
    "1 min",
    "59 min",
    "1 hr",
    "1 day",
  ]);
  expect(span(null)).toBe("–");
});

test("small rates keep their digits", () => {
  const { rate } = figures("en");
  expect([0, 0.0123, 1.26, 9.96, 1234.5].map(rate)).toEqual(["0", "0.012", "1.3", "10", "1,235"]);
  expect(rate(null)).toBe("–");
});

test("Chinese has its own words", () => {
  expect(figures("zh").span(90)).toBe("2分钟");
});
