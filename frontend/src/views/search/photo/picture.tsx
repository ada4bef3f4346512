import { Loader, Stack, Text } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePicture } from "../../../api/files";
import { pictureOf } from "../../../api/found";
import type { FoundPhoto, KnownPhoto } from "../../../api/schema";
import { type Box, Boxed } from "../../../parts/boxed";
import { segments } from "../highlight";
import { corners } from "../outline";
import classes from "../search.module.css";

export const LARGE = 1600;

interface Props {
  photo: KnownPhoto;
  found: FoundPhoto | undefined;
  words: ReadonlySet<string>;
  lit: string | null;
  onLight: (id: string | null) => void;
}

/** A photo with boxes around its text and its faces; what was looked for is lit. */
export function Picture({ photo, found, words, lit, onLight }: Props) {
  const { t } = useTranslation("photos");
  const { url, isError, error } = usePicture(pictureOf(photo.sha256, LARGE));
  const { results, width, height, name } = photo;
  const boxes = useMemo<Box[]>(() => {
    const faces = results.face ?? [];
    const lines = results.ocr?.lines ?? [];
    return [
      ...faces.map(({ box }, index) => ({
        id: `face-${index}`,
        rect: box,
        label: t("faceNumber", { number: index + 1 }),
      })),
      ...lines.map(({ box, text }, index) => ({ id: `line-${index}`, points: box, label: text })),
    ];
  }, [results, t]);
  const sought = useMemo(() => {
    const matched = new Set(found?.matches.flatMap(({ box }) => (box ? [corners(box)] : [])));
    const fits = (text: string) => segments(text, words).some(({ marked }) => marked);
    return [
      ...(results.face ?? []).flatMap(({ box }, index) => (matched.has(corners(box)) ? [`face-${index}`] : [])),
      ...(results.ocr?.lines ?? []).flatMap(({ text }, index) => (fits(text) ? [`line-${index}`] : [])),
    ];
  }, [results, found, words]);
  if (isError) {
    return (
      <div className={classes.stage}>
        <Stack align="center" gap={4} c="dimmed">
          <IconPhotoOff size={48} stroke={1} aria-hidden />
          <Text ta="center">{t("noPicture")}</Text>
          <Text size="sm" ta="center">
            {error?.message}
          </Text>
        </Stack>
      </div>
    );
  }
  if (!url || !width || !height) {
    return (
      <div className={classes.stage}>
        <Loader type="dots" aria-label={name} />
      </div>
    );
  }
  return (
    <div style={{ maxWidth: `calc(74vh * ${width / height})`, marginInline: "auto" }}>
      <Boxed
        url={url}
        width={width}
        height={height}
        boxes={boxes}
        alt={name}
        lit={lit ? [...sought, lit] : sought}
        onLight={onLight}
      />
    </div>
  );
}
