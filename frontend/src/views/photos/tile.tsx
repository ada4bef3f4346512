import { Loader, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconFaceId, IconPhotoOff, IconTextRecognition } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Place } from "../../parts/tiles";
import tiles from "../../parts/tiles.module.css";
import type { Photo } from "./album";
import classes from "./photos.module.css";
import { useThumbnail } from "./thumbnails";

interface Props extends Place {
  photo: Photo;
  onOpen: (at: number) => void;
}

/** A photo in the grid, with what was found in it. */
export const Tile = memo(function Tile({ photo, index, stop, onStop, onOpen }: Props) {
  const { t } = useTranslation("photos");
  const { url, missing } = useThumbnail(photo);
  const { stage, lines, faces } = photo;
  const pending = stage === "waiting" || stage === "queued";
  const label = [
    photo.name,
    t(`stages.${stage}`),
    lines.length > 0 && t("lines", { count: lines.length }),
    faces.length > 0 && t("people", { count: faces.length }),
  ];
  return (
    <UnstyledButton
      className={`${tiles.tile} ${classes.photo}`}
      data-stage={stage}
      data-index={index}
      tabIndex={stop ? 0 : -1}
      aria-label={label.filter(Boolean).join(", ")}
      title={photo.name}
      onFocus={() => onStop(index)}
      onClick={() => onOpen(photo.at)}
    >
      {url ? (
        <img src={url} alt="" decoding="async" draggable={false} />
      ) : (
        <span className={tiles.empty}>
          {missing || stage === "failed" ? <IconPhotoOff stroke={1.2} aria-hidden /> : null}
        </span>
      )}
      <span className={tiles.marks} aria-hidden>
        {pending && (
          <span className={tiles.mark}>
            <Loader size={12} color="white" />
          </span>
        )}
        {stage === "failed" && (
          <span className={tiles.mark} data-bad>
            <IconAlertTriangle size={14} />
            {t("failed")}
          </span>
        )}
        {lines.length > 0 && (
          <span className={tiles.mark}>
            <IconTextRecognition size={14} />
            {lines.length}
          </span>
        )}
        {faces.length > 0 && (
          <span className={tiles.mark}>
            <IconFaceId size={14} />
            {faces.length}
          </span>
        )}
      </span>
    </UnstyledButton>
  );
});
