import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { State } from "../../api/jobs";
import { COLORS } from "./states";

export function StateBadge({ state, size = "md" }: { state: State; size?: string }) {
  const { t } = useTranslation("rescans");
  return (
    <Badge color={COLORS[state]} variant="light" size={size} tt="none" style={{ flexShrink: 0 }}>
      {t(`states.${state}`)}
    </Badge>
  );
}
