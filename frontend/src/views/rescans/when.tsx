import { Group, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { NIGHTLY, PRESETS } from "./wish";

interface Props {
  /** A cron line, or null for now. */
  cron: string | null;
  onCron: (cron: string | null) => void;
}

/** Whether a rescan begins now or by the clock, and then at which times. */
export function When({ cron, onCron }: Props) {
  const { t } = useTranslation("rescans");
  const known = Object.entries(PRESETS).find(([, line]) => line === cron)?.[0] ?? "custom";
  const choices = [...Object.keys(PRESETS), "custom"].map((value) => ({ value, label: t(`form.${value}`) }));
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Text size="sm" c="dimmed" id="when">
          {t("form.when")}
        </Text>
        <SegmentedControl
          aria-labelledby="when"
          data={[
            { value: "now", label: t("form.now") },
            { value: "regularly", label: t("form.regularly") },
          ]}
          value={cron === null ? "now" : "regularly"}
          onChange={(value) => onCron(value === "now" ? null : NIGHTLY)}
        />
      </Group>
      {cron !== null && (
        <Group gap="xs" align="flex-end" grow>
          <Select
            label={t("form.cron")}
            data={choices}
            value={known}
            allowDeselect={false}
            onChange={(value) => onCron(PRESETS[value as keyof typeof PRESETS] ?? "")}
          />
          {known === "custom" && (
            <TextInput
              label={t("form.cronAbout")}
              value={cron}
              onChange={(event) => onCron(event.currentTarget.value)}
              placeholder={NIGHTLY}
              ff="monospace"
              required
            />
          )}
        </Group>
      )}
    </Stack>
  );
}
