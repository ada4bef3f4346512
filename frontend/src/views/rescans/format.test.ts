import { describe, expect, it } from "vitest";
import { format, parts } from "./format";

describe("a span of time", () => {
  it.each([
    [0, [["second", 0]]],
    [0.4, [["second", 0]]],
    [59.6, [["minute", 1]]],
    [
      61,
      [
        ["minute", 1],
        ["second", 1],
      ],
    ],
    [754, [["minute", 12]]],
    [3599, [["minute", 59]]],
    [
      3661,
      [
        ["hour", 1],
        ["minute", 1],
      ],
    ],
    [86_399, [["day", 1]]],
    [
      90_000,
      [
        ["day", 1],
        ["hour", 1],
      ],
    ],
    [30 * 86_400 + 7200, [["day", 30]]],
  ])("of %s s has its two largest units", (seconds, wanted) => expect(parts(seconds)).toEqual(wanted));

  it("is said in the chosen language", () => {
    expect(format("en").span(3900)).toBe("1 hr 5 min");
    expect(format("zh").span(3900)).toBe("1小时 5分钟");
  });
});

it("never says that all is done before it is", () => {
  expect(format("en").percent(9999, 10_000)).toBe("99%");
  expect(format("en").percent(5, 5)).toBe("100%");
  expect(format("en").percent(0, 0)).toBe("0%");
});

it("says slow rates to the hundredth and fast ones whole", () => {
  expect([0.456, 4.56, 45.6].map(format("en").rate)).toEqual(["0.46", "4.6", "46"]);
});
