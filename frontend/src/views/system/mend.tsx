import { ActionIcon, Code, CopyButton, Group, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** What mends it, to be copied into a terminal. */
export function Mend({ command }: { command: string }) {
  const { t } = useTranslation("system");
  return (
    <div>
      <Text size="xs" c="dimmed" mb={4}>
        {t("mend")}
      </Text>
      <Group gap={4} wrap="nowrap" align="flex-start">
        <Code block flex={1} miw={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {command}
        </Code>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <Tooltip label={t(copied ? "copied" : "copy")}>
              <ActionIcon
                variant="subtle"
                color={copied ? "teal" : "gray"}
                size="lg"
                onClick={copy}
                aria-label={t("copy")}
              >
                {copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
    </div>
  );
}
