import { CloseButton, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { usePicture } from "../../api/files";
import { pictureOf } from "../../api/found";
import { getPerson } from "../../api/people";
import { Crop } from "../../parts/crop";
import { usePhoto } from "./photo/known";
import classes from "./search.module.css";
import type { Sought } from "./sought";

interface Props {
  sought: Sought;
  onSeek: (what: Partial<Sought>) => void;
}

/** What is looked for where it is no words: a photo, a face, a person. */
export function Subject({ sought: { like, face, person }, onSeek }: Props) {
  const { t } = useTranslation("search");
  return (
    <>
      {like && (
        <Chosen words={t("likePhoto")} onDrop={() => onSeek({ like: "" })}>
          <Likeness sha={like} />
        </Chosen>
      )}
      {face && (
        <Chosen words={t("likeFace")} onDrop={() => onSeek({ face: "" })}>
          <OneFace face={face} />
        </Chosen>
      )}
      {person && <Somebody id={person} onDrop={() => onSeek({ person: "" })} />}
    </>
  );
}

interface ChosenProps {
  words: string;
  onDrop: () => void;
  children?: React.ReactNode;
}

function Chosen({ words, onDrop, children }: ChosenProps) {
  const { t } = useTranslation("search");
  return (
    <Group gap="sm" wrap="nowrap">
      {children}
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>
        {words}
      </Text>
      <CloseButton aria-label={t("drop", { what: words })} onClick={onDrop} />
    </Group>
  );
}

function Likeness({ sha }: { sha: string }) {
  const { url } = usePicture(pictureOf(sha, 384));
  return url && <img src={url} alt="" className={classes.subject} />;
}

function OneFace({ face }: { face: string }) {
  const [sha = "", number = ""] = face.split(":");
  const { data } = usePhoto(sha);
  const { url } = usePicture(pictureOf(sha, 1024));
  const box = data?.results.face?.[Number(number)]?.box;
  if (!data || !box) return null;
  return (
    <span className={classes.face}>
      <Crop url={url} box={box} width={data.width} height={data.height} />
    </span>
  );
}

function Somebody({ id, onDrop }: { id: string; onDrop: () => void }) {
  const { t } = useTranslation("search");
  const { data } = useQuery({ queryKey: ["person", id], queryFn: ({ signal }) => getPerson(id, signal) });
  const name = data ? (data.name ?? t("unnamed")) : "…";
  return <Chosen words={t("withPerson", { name })} onDrop={onDrop} />;
}
