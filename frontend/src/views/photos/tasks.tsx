import { Chip, Group, Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TASKS, useCapabilities } from "./capabilities";

interface Props {
  chosen: string[];
  onChoose: (tasks: string[]) => void;
}

/** What is to be looked for; what the service cannot do now is shown with the reason. */
export function Tasks({ chosen, onChoose }: Props) {
  const { t } = useTranslation("photos");
  const capabilities = useCapabilities();
  return (
    <Group gap="sm" role="group" aria-label={t("look")}>
      <Text size="sm" c="dimmed" aria-hidden>
        {t("look")}
      </Text>
      <Chip.Group multiple value={chosen} onChange={onChoose}>
        {TASKS.map((task) => {
          const capability = capabilities?.[task];
          const missing = capability !== undefined && capability.state === "missing";
          const about = missing
            ? t("notReady", { reason: [capability.reason, capability.hint].filter(Boolean).join(" ") })
            : t(`${task}About`);
          return (
            <Tooltip
              key={task}
              label={about}
              multiline
              maw={360}
              withArrow
              events={{ hover: true, focus: true, touch: true }}
            >
              <Chip value={task} disabled={missing} aria-description={about}>
                {t(task)}
              </Chip>
            </Tooltip>
          );
        })}
      </Chip.Group>
    </Group>
  );
}

/** Of the tasks that a person wants those that can be done. */
export function usable(wanted: string[], capabilities: ReturnType<typeof useCapabilities>): string[] {
  return wanted.filter((task) => capabilities?.[task]?.state !== "missing");
}
