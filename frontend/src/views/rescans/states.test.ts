import { expect, it } from "vitest";
import type { Job } from "../../api/schema";
import { actions, OFTEN_MS, past, SELDOM_MS, soon } from "./states";

function job(state: Job["state"], failed = 0): Pick<Job, "state" | "counts"> {
  return { state, counts: { total: 9, queued: 0, running: 0, done: 4, failed, cached: 2, cancelled: 1 } };
}

it("offers what the service would not refuse", () => {
  expect(actions(job("running", 3))).toEqual(["pause", "cancel"]);
  expect(actions(job("queued"))).toEqual(["pause", "cancel"]);
  expect(actions(job("paused", 3))).toEqual(["resume", "cancel"]);
  expect(actions(job("completed", 3))).toEqual(["retry"]);
  expect(actions(job("cancelled", 3))).toEqual(["retry"]);
  expect(actions(job("completed"))).toEqual([]);
  expect(actions(job("failed", 3))).toEqual([]);
});

it("does not count as looked at what was cancelled", () => expect(past(job("cancelled", 2))).toBe(6));

it("asks often only while something moves", () => {
  expect(soon([job("completed"), job("running")])).toBe(OFTEN_MS);
  expect(soon([job("paused")])).toBe(SELDOM_MS);
  expect(soon([])).toBe(SELDOM_MS);
});
