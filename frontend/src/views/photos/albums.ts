import type { Job } from "../../api/schema";

export interface Sent {
  /** Its newest job. */
  job: string;
  at: string;
  total: number;
  failed: number;
}

/** Albums behind jobs, newest first: those with one `custom_id` were sent together. */
export function albums(jobs: readonly Job[]): Sent[] {
  const found = new Map<string, Sent>();
  for (const { task_id, custom_id, created_at, counts } of jobs) {
    const key = custom_id ?? task_id;
    const album = found.get(key) ?? { job: task_id, at: created_at, total: 0, failed: 0 };
    found.set(key, { ...album, total: album.total + counts.total, failed: album.failed + counts.failed });
  }
  return [...found.values()];
}
