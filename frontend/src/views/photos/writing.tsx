import { Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Photo } from "./album";
import { Copy } from "./copy";
import { Lines } from "./lines";

interface Props {
  photo: Photo;
  lit: string | null;
  onLight: (id: string | null) => void;
}

/** The text of a photo, line by line; a line lights up its box. */
export function Writing({ photo, lit, onLight }: Props) {
  const { t } = useTranslation("photos");
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs" mih={30}>
        <Title order={3} size="h5">
          {t("textFound")}
        </Title>
        {photo.lines.length > 0 && <Copy text={photo.text} />}
      </Group>
      {photo.lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("noText")}
        </Text>
      ) : (
        <Lines lines={photo.lines} lit={lit} onLight={onLight} />
      )}
    </Stack>
  );
}
