import { Grid, Modal, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "./about";
import type { Album, Photo } from "./album";
import { Alike } from "./alike";
import { Faces } from "./faces";
import { Failure } from "./failure";
import { Heading } from "./heading";
import { Picture } from "./picture";
import { Writing } from "./writing";

interface Props {
  album: Album;
  /** Those that are shown, among which one goes back and on. */
  photos: Photo[];
  at: number | null;
  onGo: (at: number | null) => void;
}

/** One photo with all that was found in it. */
export function Detail({ album, photos, at, onGo }: Props) {
  const { t } = useTranslation("photos");
  const small = useMediaQuery("(max-width: 48em)") ?? false;
  const photo = at === null ? undefined : album.photos[at];
  const keys = useMemo(() => photos.map((each) => each.at), [photos]);
  const place = at === null ? -1 : keys.indexOf(at);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const to = step && place >= 0 && !(event.target instanceof SVGElement) ? keys[place + step] : undefined;
    if (to !== undefined) onGo(to);
  };
  return (
    <Modal
      opened={photo !== undefined}
      onClose={() => onGo(null)}
      fullScreen={small}
      size="min(1280px, 94vw)"
      padding="md"
      title={photo && <Heading name={photo.name} at={place} keys={keys} onGo={onGo} />}
      styles={{ title: { flex: 1, minWidth: 0 } }}
      closeButtonProps={{ "aria-label": t("close") }}
      onKeyDown={walk}
      transitionProps={{ duration: 120 }}
    >
      {photo && <Findings key={photo.at} photo={photo} album={album} onGo={onGo} />}
    </Modal>
  );
}

function Findings({ photo, album, onGo }: { photo: Photo; album: Album; onGo: (at: number) => void }) {
  const [lit, setLit] = useState<string | null>(null);
  const { t } = useTranslation("photos");
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, sm: 7 }}>
        <Picture photo={photo} lit={lit} onLight={setLit} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 5 }}>
        <Stack gap="lg">
          {photo.error && <Failure error={photo.error} />}
          {photo.stage !== "done" && !photo.error && <Text c="dimmed">{t("notYet")}</Text>}
          {photo.models.ocr && <Writing photo={photo} lit={lit} onLight={setLit} />}
          {photo.models.face && <Faces photo={photo} album={album} lit={lit} onLight={setLit} onGo={onGo} />}
          {photo.vector && <Alike photo={photo} vector={photo.vector} album={album} onGo={onGo} />}
          <About photo={photo} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
