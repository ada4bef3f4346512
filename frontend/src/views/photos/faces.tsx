import { Group, Stack, Text, Title, Tooltip, UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Crop } from "../../parts/crop";
import type { Album, Face, Photo } from "./album";
import classes from "./photos.module.css";
import { useLarge, useThumbnail } from "./thumbnails";
import { nearest } from "./vectors";

const MOST = 8;
/** Below this a face is hardly of the same person, whichever model made the vectors. */
const LEAST = 0.3;

interface Props {
  photo: Photo;
  album: Album;
  lit: string | null;
  onLight: (id: string | null) => void;
  onGo: (at: number) => void;
}

/** The faces of a photo; a chosen one shows the faces of other photos that are most like it. */
export function Faces({ photo, album, lit, onLight, onGo }: Props) {
  const { t } = useTranslation("photos");
  const { url } = useLarge(photo);
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t("facesFound")}
      </Title>
      {photo.faces.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("noFaces")}
        </Text>
      )}
      <Group gap="xs">
        {photo.faces.map((face, index) => {
          const id = `face-${index}`;
          const name = t("faceNumber", { number: index + 1 });
          const sure = t("sure", { percent: Math.round(face.score * 100) });
          return (
            <Tooltip key={id} label={`${name}, ${sure}`} withArrow>
              <UnstyledButton
                className={classes.face}
                data-lit={lit === id || chosen === index || undefined}
                aria-label={`${name}, ${sure}`}
                aria-pressed={chosen === index}
                onClick={() => setChosen(chosen === index ? null : index)}
                onPointerEnter={() => onLight(id)}
                onPointerLeave={() => onLight(null)}
                onFocus={() => onLight(id)}
                onBlur={() => onLight(null)}
              >
                <Crop url={url} box={face.box} width={photo.width} height={photo.height} />
              </UnstyledButton>
            </Tooltip>
          );
        })}
      </Group>
      {chosen !== null && <Same photo={photo} chosen={chosen} album={album} onGo={onGo} />}
    </Stack>
  );
}

interface SameProps {
  photo: Photo;
  chosen: number;
  album: Album;
  onGo: (at: number) => void;
}

function Same({ photo, chosen, album, onGo }: SameProps) {
  const { t } = useTranslation("photos");
  const found = useMemo(() => {
    const vector = photo.faces[chosen]?.vector;
    const others = album.photos
      .filter((each) => each.at !== photo.at && each.models.face === photo.models.face)
      .flatMap((each) => each.faces.map((face) => ({ photo: each, face })));
    return vector ? nearest(vector, others, ({ face }) => face.vector, MOST, LEAST) : [];
  }, [album, photo, chosen]);
  const number = chosen + 1;
  return (
    <Stack gap={6} role="region" aria-label={t("samePerson", { number })}>
      <Text size="sm" c="dimmed">
        {found.length > 0 ? t("samePerson", { number }) : t("noSame")}
      </Text>
      <Group gap="xs">
        {found.map(({ one, likeness }) => (
          <OtherFace key={`${one.photo.at} ${one.face.box.join()}`} {...one} likeness={likeness} onGo={onGo} />
        ))}
      </Group>
    </Stack>
  );
}

interface OtherProps {
  photo: Photo;
  face: Face;
  likeness: number;
  onGo: (at: number) => void;
}

function OtherFace({ photo, face, likeness, onGo }: OtherProps) {
  const { t } = useTranslation("photos");
  const { url } = useThumbnail(photo);
  const percent = Math.round(likeness * 100);
  return (
    <Stack gap={2} align="center">
      <UnstyledButton
        className={classes.face}
        aria-label={t("openPhoto", { name: photo.name, percent })}
        title={photo.name}
        onClick={() => onGo(photo.at)}
      >
        <Crop url={url} box={face.box} width={photo.width} height={photo.height} />
      </UnstyledButton>
      <Text size="xs" c="dimmed" aria-hidden>
        {t("percent", { percent })}
      </Text>
    </Stack>
  );
}
