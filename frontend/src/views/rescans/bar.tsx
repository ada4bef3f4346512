import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Job } from "../../api/schema";

/** How far a job is, and how much of it failed. */
export function Bar({ job: { counts, state, listing }, size = "md" }: { job: Job; size?: string }) {
  const { t } = useTranslation("rescans");
  const part = (count: number) => (counts.total > 0 ? (100 * count) / counts.total : 0);
  const running = state === "running";
  return (
    <Progress.Root size={size}>
      <Progress.Section
        value={part(counts.done)}
        color={state === "paused" ? "yellow" : state === "completed" ? "teal" : "blue"}
        animated={running && !listing}
        aria-label={t("progress")}
      />
      <Progress.Section value={part(counts.failed)} color="red" aria-label={t("failed")} />
    </Progress.Root>
  );
}
