import { expect, it } from "vitest";
import { above } from "./paths";

const paths = (path: string, ...roots: string[]) => above(path, roots).map((each) => each.path);

it("names the way from the root", () => {
  expect(paths("/photos/2024/may", "/photos")).toEqual(["/photos", "/photos/2024", "/photos/2024/may"]);
  expect(paths("/photos", "/photos")).toEqual(["/photos"]);
});

it("knows the nearest root, and none by the beginning of its name only", () => {
  expect(paths("/photos/old/x", "/photos", "/photos/old")).toEqual(["/photos/old", "/photos/old/x"]);
  expect(paths("/photos2/x", "/photos", "/photos2")).toEqual(["/photos2", "/photos2/x"]);
});

it("works from the root of all, and from nowhere", () => {
  expect(paths("/a/b", "/")).toEqual(["/", "/a", "/a/b"]);
  expect(paths("", "/photos")).toEqual([]);
});
