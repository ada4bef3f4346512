import "@mantine/dropzone/styles.css";
import { Button, FileButton, Group, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { useMediaQuery } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconCamera, IconFilePlus, IconFileText } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./read.module.css";

const KINDS = { "image/*": [], "application/pdf": [".pdf"] };

/** Takes pictures and PDFs: dropped anywhere, pasted, chosen or photographed. */
export function Drop({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation("read");
  const touch = useMediaQuery("(pointer: coarse), (hover: none)");
  const choose = useRef<() => void>(null);
  usePaste(onFiles);
  const refuse = (refused: { file: File }[]) => {
    for (const { file } of refused) notifications.show({ color: "red", message: t("foreign", { name: file.name }) });
  };
  const dropping = { accept: KINDS, onDrop: onFiles, onReject: refuse };
  return (
    <>
      <Dropzone.FullScreen {...dropping} active={!touch}>
        <Stack align="center" justify="center" mih="70vh" style={{ pointerEvents: "none" }}>
          <IconFileText size={64} stroke={1.2} />
          <Text size="xl">{t("dropNow")}</Text>
        </Stack>
      </Dropzone.FullScreen>
      <Dropzone {...dropping} openRef={choose} activateOnClick={false} className={classes.drop} enablePointerEvents>
        <Stack align="center" gap="md" py={{ base: "lg", sm: 40 }}>
          <span className={classes.sheet} aria-hidden>
            <IconFileText size={44} stroke={1.3} />
          </span>
          <Stack gap={4} align="center">
            <Text size="lg" fw={600} ta="center">
              {t(touch ? "tap" : "drop")}
            </Text>
            <Text size="sm" c="dimmed" ta="center">
              {t(touch ? "tapHint" : "dropHint")}
            </Text>
          </Stack>
          <Group justify="center" gap="sm">
            <Button leftSection={<IconFilePlus size={18} aria-hidden />} onClick={() => choose.current?.()}>
              {t("choose")}
            </Button>
            {touch && (
              <FileButton accept="image/*" capture="environment" onChange={(file) => file && onFiles([file])}>
                {(props) => (
                  <Button {...props} variant="default" leftSection={<IconCamera size={18} aria-hidden />}>
                    {t("photo")}
                  </Button>
                )}
              </FileButton>
            )}
          </Group>
        </Stack>
      </Dropzone>
    </>
  );
}

function usePaste(onFiles: (files: File[]) => void): void {
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])].filter(readable);
    if (!files.length) return;
    event.preventDefault();
    onFiles(files);
  });
  useEffect(() => {
    const listen = (event: ClipboardEvent) => paste(event);
    window.addEventListener("paste", listen);
    return () => window.removeEventListener("paste", listen);
  }, []);
}

function readable({ type }: File): boolean {
  return type.startsWith("image/") || type === "application/pdf";
}
