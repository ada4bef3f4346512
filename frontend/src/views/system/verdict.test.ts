import { expect, test } from "vitest";
import type { Readiness } from "../../api/schema";
import { verdict } from "./verdict";

const fine: Readiness = {
  ready: true,
  parts: { broker: { state: "ok" }, store: { state: "ok" }, workers: { state: "ok", count: 2 } },
  capabilities: { ocr: { state: "ready" }, clip: { state: "ready" } },
};

test("all is well only when everything is ready", () => {
  expect(verdict(fine)).toEqual({ verdict: "well", names: [] });
  const clip = { ...fine.capabilities, clip: { state: "loading" as const } };
  expect(verdict({ ...fine, capabilities: clip })).toEqual({ verdict: "partly", names: ["clip"] });
});

test("a part that is down outweighs what is missing because of it", () => {
  const gone: Readiness = {
    ready: false,
    parts: { ...fine.parts, workers: { state: "down", reason: "No worker." } },
    capabilities: { ocr: { state: "missing" }, clip: { state: "missing" } },
  };
  expect(verdict(gone)).toEqual({ verdict: "down", names: ["workers"] });
});
