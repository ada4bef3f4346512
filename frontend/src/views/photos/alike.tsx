import { Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import tiles from "../../parts/tiles.module.css";
import type { Album, Photo } from "./album";
import classes from "./photos.module.css";
import { useThumbnail } from "./thumbnails";
import { nearest } from "./vectors";

const MOST = 8;

interface Props {
  photo: Photo;
  vector: Float32Array;
  album: Album;
  onGo: (at: number) => void;
}

/** Photos of the album that show something like this one. */
export function Alike({ photo, vector, album, onGo }: Props) {
  const { t } = useTranslation("photos");
  const found = useMemo(() => {
    const others = album.photos.filter((each) => each.at !== photo.at && each.models.clip === photo.models.clip);
    return nearest(vector, others, (each) => each.vector, MOST);
  }, [album, photo, vector]);
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t("alike")}
      </Title>
      {found.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("noAlike")}
        </Text>
      )}
      <Group gap="xs">
        {found.map(({ one, likeness }) => (
          <Neighbour key={one.at} photo={one} percent={Math.round(likeness * 100)} onGo={onGo} />
        ))}
      </Group>
    </Stack>
  );
}

function Neighbour({ photo, percent, onGo }: { photo: Photo; percent: number; onGo: (at: number) => void }) {
  const { t } = useTranslation("photos");
  const { url } = useThumbnail(photo);
  return (
    <UnstyledButton
      className={classes.near}
      aria-label={t("openPhoto", { name: photo.name, percent })}
      title={photo.name}
      onClick={() => onGo(photo.at)}
    >
      {url && <img src={url} alt="" decoding="async" />}
      <span className={tiles.marks} aria-hidden>
        <span className={tiles.mark}>{t("percent", { percent })}</span>
      </span>
    </UnstyledButton>
  );
}
