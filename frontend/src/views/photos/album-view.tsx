import { Button, Group, Stack, Title } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Trouble } from "../../app/trouble";
import { choose, progress, type Shown, tally } from "./choose";
import { Detail } from "./detail";
import { Filters } from "./filters";
import { Grid } from "./grid";
import { Pick } from "./pick";
import { ProgressLine } from "./progress-line";
import type { Session, Snapshot } from "./session";

interface Props {
  session: Session;
  snapshot: Snapshot;
  onFiles: (files: File[]) => void;
  onFresh: () => void;
}

/** An album: how far it is, what to show of it, and its photos. */
export function AlbumView({ session, snapshot, onFiles, onFresh }: Props) {
  const { t } = useTranslation("photos");
  const { album, sending } = snapshot;
  const [shown, setShown] = useState<Shown>("all");
  const [words, setWords] = useState("");
  const [looked] = useDebouncedValue(words, 150);
  const [open, setOpen] = useState<number | null>(null);
  const photos = useMemo(() => choose(album.photos, shown, looked), [album.photos, shown, looked]);
  const counts = useMemo(() => tally(album.photos), [album.photos]);
  const far = useMemo(() => progress(album), [album]);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2}>{t("title")}</Title>
        <Group gap="xs">
          <Pick onFiles={onFiles} quiet />
          {!sending && (
            <Button variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={onFresh}>
              {t("fresh")}
            </Button>
          )}
        </Group>
      </Group>
      {snapshot.error != null && <Trouble error={snapshot.error} />}
      <ProgressLine snapshot={snapshot} far={far} onStop={() => void session.cancel()} />
      <Filters shown={shown} onShown={setShown} words={words} onWords={setWords} counts={counts} />
      <Grid photos={photos} shown={shown} going={far.done + far.failed + far.cancelled < far.total} onOpen={setOpen} />
      <Detail album={album} photos={photos} at={open} onGo={setOpen} />
      <Dropzone.FullScreen active={open === null} onDrop={onFiles}>
        <Title order={3} ta="center" mt="20vh">
          {t("dropHere")}
        </Title>
      </Dropzone.FullScreen>
    </Stack>
  );
}
