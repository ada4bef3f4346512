import type { LibraryJob, NewSchedule } from "../../api/schema";

/** What the form of a new rescan holds. */
export interface Wish {
  library: string;
  tasks: string[];
  recursive: boolean;
  include: string[];
  exclude: string[];
  force: boolean;
  priority: "bulk" | "interactive";
  /** A cron line, or null for now. */
  cron: string | null;
}

export const fresh: Wish = {
  library: "",
  tasks: ["ocr", "clip", "face"],
  recursive: true,
  include: [],
  exclude: [],
  force: false,
  priority: "bulk",
  cron: null,
};

export const NIGHTLY = "30 2 * * *";
export const PRESETS = { night: NIGHTLY, hour: "0 * * * *", week: "0 3 * * 0" } as const;

/** A job that begins now, or is only counted. */
export function jobOf({ cron, ...rescan }: Wish, dryRun: boolean): LibraryJob {
  return { ...rescan, dry_run: dryRun };
}

/** A schedule, by the clock of the person who asks for it. */
export function scheduleOf({ cron, ...rescan }: Wish, timeZone: string): NewSchedule {
  return { ...rescan, cron: cron ?? NIGHTLY, time_zone: timeZone };
}
