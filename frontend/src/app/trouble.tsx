import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Fault } from "../api/client";

/** An error as a person needs it: what happened, and what to do next. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const fault = error instanceof Fault ? error : null;
  const message = fault?.status === 0 ? t("unreachable") : error instanceof Error ? error.message : String(error);
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={t("failed")} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{message}</Text>
        {fault?.hint && <Code block>{fault.hint}</Code>}
        {retry && (
          <Button size="xs" variant="light" color="red" onClick={retry}>
            {t("retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
