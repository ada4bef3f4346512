import type { Action } from "../../api/jobs";
import type { Job } from "../../api/schema";

const ACTIVE = ["queued", "running", "paused"];
const MOVING = ["queued", "running"];

/** What a person can do with a job as it is. */
export function actions({ state, counts }: Pick<Job, "state" | "counts">): Action[] {
  if (MOVING.includes(state)) return ["pause", "cancel"];
  if (state === "paused") return ["resume", "cancel"];
  return state !== "failed" && counts.failed > 0 ? ["retry"] : [];
}

/** Whether it may come to an end yet. */
export const active = ({ state }: Pick<Job, "state">): boolean => ACTIVE.includes(state);

/** Whether its numbers change by themselves. */
export const moving = ({ state }: Pick<Job, "state">): boolean => MOVING.includes(state);

/** How many of its photos were looked at. */
export const past = ({ counts }: Pick<Job, "counts">): number => counts.done + counts.failed;

export const OFTEN_MS = 1000;
export const SELDOM_MS = 5000;

/** How soon jobs are asked for again. */
export const soon = (jobs: readonly Pick<Job, "state">[]): number => (jobs.some(moving) ? OFTEN_MS : SELDOM_MS);

export const COLORS: Record<Job["state"], string> = {
  queued: "gray",
  running: "blue",
  paused: "yellow",
  completed: "teal",
  failed: "red",
  cancelled: "gray",
};
