import type { TFunction } from "i18next";
import type { Job } from "../../api/schema";

/** What a person calls a job. */
export function nameOf(job: Job, t: TFunction<"rescans">): string {
  if (job.library) return job.library;
  if (job.kind === "batch") return job.custom_id ?? t("batchOf", { count: job.counts.total });
  return t("uploads", { count: job.counts.total });
}
