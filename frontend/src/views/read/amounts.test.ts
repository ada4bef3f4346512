import { expect, test } from "vitest";
import { bytes, count, duration } from "./amounts";

test.each([
  [0, "0 byte"],
  [999, "999 byte"],
  [107392, "107 kB"],
  [2_400_000, "2.4 MB"],
])("%d bytes are %s", (value, expected) => expect(bytes(value, "en")).toBe(expected));

test.each([
  [0.85, "850 ms"],
  [12.34, "12.3 sec"],
  [59.96, "59.9 sec"],
  [245, "4:05 min"],
  [3723, "1:02:03 h"],
])("%d seconds are %s", (value, expected) => expect(duration(value, "en")).toBe(expected));

test("numbers are grouped", () => expect(count(1234567, "en")).toBe("1,234,567"));
