import { describe, expect, it } from "vitest";
import type { PersonEntry } from "../../api/schema";
import { merging, namesOf } from "./join";

const one = (id: string, name: string | null, faces: number): PersonEntry => ({
  id,
  name,
  faces,
  cover: { sha256: "", box: null, width: 1, height: 1 },
});

describe("people who are one", () => {
  const people = [one("a", null, 90), one("b", "Ada", 2), one("c", "Grace", 5), one("d", "Ada", 7)];

  it("have one of their names", () => {
    expect(namesOf(people)).toEqual(["Ada", "Grace"]);
    expect(merging(people, "Grace")).toEqual({ into: "c", others: ["a", "b", "d"] });
    expect(merging(people, "Ada").into).toBe("d");
  });

  it("become the one who was seen most where nobody has a name", () => {
    expect(merging([one("a", null, 1), one("b", null, 3)], "")).toEqual({ into: "b", others: ["a"] });
  });
});
