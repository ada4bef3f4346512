import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Job } from "../../api/schema";

const COLOURS: Record<Job["state"], string> = {
  queued: "gray",
  running: "blue",
  paused: "yellow",
  completed: "green",
  failed: "red",
  cancelled: "gray",
};

export function StateBadge({ state }: { state: Job["state"] }) {
  const { t } = useTranslation("read");
  return (
    <Badge variant="light" color={COLOURS[state]} style={{ flexShrink: 0 }}>
      {t(`state.${state}`)}
    </Badge>
  );
}
