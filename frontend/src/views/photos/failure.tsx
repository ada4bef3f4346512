import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Mishap } from "../../api/jobs";

/** Why a photo failed, and what a person can do about it. */
export function Failure({ error, inList = false }: { error: Mishap; inList?: boolean }) {
  const { t } = useTranslation("photos");
  const message = error.message.charAt(0).toUpperCase() + error.message.slice(1);
  const about = (
    <>
      <Text size="sm">{error.hint ?? t(`hints.${error.code}`, "")}</Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {error.code}
      </Text>
    </>
  );
  if (!inList) {
    return (
      <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={message}>
        {about}
      </Alert>
    );
  }
  return (
    <Stack gap={2}>
      <Group gap={6} wrap="nowrap" c="red">
        <IconAlertTriangle size={16} aria-hidden style={{ flexShrink: 0 }} />
        <Text size="sm">{message}</Text>
      </Group>
      {about}
    </Stack>
  );
}
