import { ActionIcon, Grid, Group, Modal, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { About } from "./about";
import type { Album, Photo } from "./album";
import { Alike } from "./alike";
import { Faces } from "./faces";
import { Failure } from "./failure";
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
  const place = photos.findIndex((each) => each.at === at);
  const beside = (step: number) => (place < 0 ? undefined : photos[place + step]?.at);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const to = step && !(event.target instanceof SVGElement) ? beside(step) : undefined;
    if (to !== undefined) onGo(to);
  };
  return (
    <Modal
      opened={photo !== undefined}
      onClose={() => onGo(null)}
      fullScreen={small}
      size="min(1280px, 94vw)"
      padding="md"
      title={photo && <Heading name={photo.name} place={place} count={photos.length} beside={beside} onGo={onGo} />}
      styles={{ title: { flex: 1, minWidth: 0 } }}
      closeButtonProps={{ "aria-label": t("close") }}
      onKeyDown={walk}
      transitionProps={{ duration: 120 }}
    >
      {photo && <Findings key={photo.at} photo={photo} album={album} onGo={onGo} />}
    </Modal>
  );
}

interface HeadingProps {
  name: string;
  place: number;
  count: number;
  beside: (step: number) => number | undefined;
  onGo: (at: number) => void;
}

function Heading({ name, place, count, beside, onGo }: HeadingProps) {
  const { t } = useTranslation("photos");
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text fw={600} truncate title={name}>
        {name}
      </Text>
      <Group gap={6} wrap="nowrap" mr="xs">
        <Go to={beside(-1)} label={t("previous")} onGo={onGo}>
          <IconChevronLeft size={20} />
        </Go>
        <Text size="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
          {place + 1} / {count}
        </Text>
        <Go to={beside(1)} label={t("next")} onGo={onGo}>
          <IconChevronRight size={20} />
        </Go>
      </Group>
    </Group>
  );
}

interface GoProps {
  to: number | undefined;
  label: string;
  onGo: (at: number) => void;
  children: React.ReactNode;
}

function Go({ to, label, onGo, children }: GoProps) {
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      disabled={to === undefined}
      onClick={() => to !== undefined && onGo(to)}
    >
      {children}
    </ActionIcon>
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
