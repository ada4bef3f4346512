import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { KnownPhoto } from "../../../api/schema";
import { Copy } from "../../photos/copy";
import { Lines } from "../../photos/lines";
import { Marked } from "../marked";
import { Corrected, Correcting } from "./correction";

interface Props {
  photo: KnownPhoto;
  words: ReadonlySet<string>;
  lit: string | null;
  onLight: (id: string | null) => void;
}

/** The text of a photo: as a person corrected it, and as it was read, line by line. */
export function Writing({ photo, words, lit, onLight }: Props) {
  const { t } = useTranslation("search");
  const [writing, { open, close }] = useDisclosure();
  const pencil = useRef<HTMLButtonElement>(null);
  const done = () => {
    close();
    requestAnimationFrame(() => pencil.current?.focus());
  };
  const { correction, results } = photo;
  const lines = results.ocr?.lines ?? [];
  const text = correction?.text ?? results.ocr?.text ?? "";
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between" gap="xs" mih={30}>
        <Title order={3} size="h5">
          {t("photos:textFound")}
        </Title>
        {!writing && (
          <Group gap="xs">
            {text && <Copy text={text} />}
            <Button
              ref={pencil}
              size="compact-sm"
              variant="light"
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={open}
            >
              {t("correct")}
            </Button>
          </Group>
        )}
      </Group>
      {writing && <Correcting photo={photo} text={text} onDone={done} />}
      {!writing && correction && <Corrected photo={photo} correction={correction} words={words} />}
      {correction && lines.length > 0 && (
        <Text size="sm" c="dimmed">
          {t("asRead")}
        </Text>
      )}
      {lines.length > 0 && (
        <Lines lines={lines} lit={lit} onLight={onLight} shown={(line) => <Marked text={line} words={words} />} />
      )}
      {!text && !writing && (
        <Text size="sm" c="dimmed">
          {results.ocr ? t("photos:noText") : t("notRead")}
        </Text>
      )}
    </Stack>
  );
}
