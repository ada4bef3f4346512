import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { restore } from "../../../api/found";
import type { KnownPhoto } from "../../../api/schema";
import { Trouble } from "../../../app/trouble";
import { useChange } from "./known";

/** What was found before, and can be shown again. */
export function Past({ photo: { sha256, history } }: { photo: KnownPhoto }) {
  const { t, i18n } = useTranslation("search");
  const change = useChange(sha256);
  const moment = (at: string) =>
    new Date(at).toLocaleString(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Stack gap="xs" component="section">
      <Title order={3} size="h5">
        {t("past")}
      </Title>
      {change.error && <Trouble error={change.error} />}
      {history.map(({ id, analysis, model, replaced_at: at }) => {
        const task = t(`photos:${analysis}`, analysis);
        return (
          <Group key={id} justify="space-between" wrap="nowrap" gap="xs">
            <div style={{ minWidth: 0 }}>
              <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                {t("pastBy", { task, model })}
              </Text>
              <Text size="xs" c="dimmed">
                {t("replacedAt", { when: moment(at) })}
              </Text>
            </div>
            <Button
              size="compact-sm"
              variant="default"
              style={{ flexShrink: 0 }}
              aria-label={t("restoreThis", { task, when: moment(at) })}
              disabled={change.isPending}
              onClick={() => change.mutate(() => restore(sha256, id))}
            >
              {t("restore")}
            </Button>
          </Group>
        );
      })}
    </Stack>
  );
}
