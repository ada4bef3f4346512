import { Loader, Text } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Box, Boxed } from "../../parts/boxed";
import type { Photo } from "./album";
import classes from "./photos.module.css";
import { useLarge } from "./thumbnails";

interface Props {
  photo: Photo;
  lit: string | null;
  onLight: (id: string | null) => void;
}

/** A photo with boxes around its lines of text and its faces. */
export function Picture({ photo, lit, onLight }: Props) {
  const { t } = useTranslation("photos");
  const { url, missing, onError } = useLarge(photo);
  const { lines, faces, width, height } = photo;
  const boxes = useMemo<Box[]>(
    () => [
      ...faces.map(({ box }, index) => ({
        id: `face-${index}`,
        rect: box,
        label: t("faceNumber", { number: index + 1 }),
      })),
      ...lines.map(({ box, text }, index) => ({ id: `line-${index}`, points: box, label: text })),
    ],
    [faces, lines, t],
  );
  if (!url) {
    const gone = missing || photo.item === null;
    return (
      <div className={classes.stage}>
        {gone ? (
          <Text c="dimmed" ta="center">
            <IconPhotoOff size={48} stroke={1} aria-hidden />
            <br />
            {t("noPicture")}
          </Text>
        ) : (
          <Loader type="dots" aria-label={photo.name} />
        )}
      </div>
    );
  }
  return (
    <div style={bounded(width, height)} onErrorCapture={onError}>
      {width && height ? (
        <Boxed url={url} width={width} height={height} boxes={boxes} alt={photo.name} lit={lit} onLight={onLight} />
      ) : (
        <img src={url} alt={photo.name} className={classes.plain} />
      )}
    </div>
  );
}

/** As wide as its height may be in the window. */
function bounded(width: number | null, height: number | null) {
  return width && height ? { maxWidth: `calc(74vh * ${width / height})`, marginInline: "auto" } : {};
}
