import { Grid, Modal, Stack } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FoundPhoto, KnownPhoto } from "../../../api/schema";
import { Busy } from "../../../app/busy";
import { Trouble } from "../../../app/trouble";
import { Heading } from "../../photos/heading";
import classes from "../search.module.css";
import { About } from "./about";
import { Again } from "./again";
import { Alike } from "./alike";
import { Faces } from "./faces";
import { usePhoto } from "./known";
import { Past } from "./past";
import { Picture } from "./picture";
import { Writing } from "./writing";

interface Props {
  /** The SHA-256 of the photo that is open. */
  open: string | null;
  /** Photos among which one goes back and on. */
  found: readonly FoundPhoto[];
  words: ReadonlySet<string>;
  onOpen: (key: string | null) => void;
}

/** One known photo with all that was found in it, and what can be done about it. */
export function Detail({ open, found, words, onOpen }: Props) {
  const { t } = useTranslation("search");
  const small = useMediaQuery("(max-width: 48em)") ?? false;
  const keys = useMemo(() => found.map(({ sha256 }) => sha256), [found]);
  const place = open === null ? -1 : keys.indexOf(open);
  const here = found[place];
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const free = !(event.target instanceof SVGElement) && !(event.target instanceof HTMLTextAreaElement);
    const to = step && free && !(event.target instanceof HTMLInputElement) ? keys[place + step] : undefined;
    if (place >= 0 && to !== undefined) onOpen(to);
  };
  return (
    <Modal
      opened={open !== null}
      onClose={() => onOpen(null)}
      fullScreen={small}
      size="min(1280px, 94vw)"
      padding="md"
      title={<Heading name={here?.name ?? t("photo")} at={place} keys={keys} onGo={onOpen} />}
      styles={{ title: { flex: 1, minWidth: 0 } }}
      closeButtonProps={{ "aria-label": t("close") }}
      onKeyDown={walk}
      transitionProps={{ duration: 120 }}
    >
      {open && <Known key={open} sha={open} found={here} words={words} onOpen={onOpen} />}
    </Modal>
  );
}

interface KnownProps {
  sha: string;
  found: FoundPhoto | undefined;
  words: ReadonlySet<string>;
  onOpen: (key: string) => void;
}

function Known({ sha, found, words, onOpen }: KnownProps) {
  const { data, error, refetch } = usePhoto(sha);
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Busy />;
  return <Findings photo={data} found={found} words={words} onOpen={onOpen} />;
}

function Findings({ photo, found, words, onOpen }: Omit<KnownProps, "sha"> & { photo: KnownPhoto }) {
  const [lit, setLit] = useState<string | null>(null);
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, sm: 7 }}>
        <div className={classes.beside}>
          <Picture photo={photo} found={found} words={words} lit={lit} onLight={setLit} />
        </div>
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 5 }}>
        <Stack gap="lg">
          <Writing photo={photo} words={words} lit={lit} onLight={setLit} />
          {photo.results.face && <Faces photo={photo} faces={photo.results.face} lit={lit} onLight={setLit} />}
          {photo.models.clip && <Alike sha={photo.sha256} onOpen={onOpen} />}
          <About photo={photo} />
          <Again key={photo.sha256} photo={photo} />
          {photo.history.length > 0 && <Past photo={photo} />}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
