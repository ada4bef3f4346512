import { UnstyledButton } from "@mantine/core";
import { IconFileText, IconPhotoOff, IconPhotoSearch, IconTextRecognition } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePicture } from "../../api/files";
import { pictureOf } from "../../api/found";
import { pagePicture } from "../../api/jobs";
import type { FoundPhoto } from "../../api/schema";
import type { Place } from "../../parts/tiles";
import tiles from "../../parts/tiles.module.css";
import { Marked } from "./marked";
import { corners } from "./outline";
import classes from "./search.module.css";

const SIZE = 384;

interface Props extends Place {
  found: FoundPhoto;
  words: ReadonlySet<string>;
  onOpen: (key: string) => void;
}

/** A photo that was found, with the first line that has the words, and boxes around all of them. */
export const Tile = memo(function Tile({ found, words, index, stop, onStop, onOpen }: Props) {
  const { t } = useTranslation("search");
  const { url, isError } = usePicture(addressOf(found));
  const line = found.matches.find(({ text }) => text)?.text;
  const page = found.page ? t("page", { number: found.page }) : null;
  const by = found.found_by.map((way) => t(`by.${way}`, ""));
  const common = {
    className: tiles.tile ?? "",
    "data-index": index,
    tabIndex: stop ? 0 : -1,
    "aria-label": [found.name, page, line, ...by].filter(Boolean).join(", "),
    title: found.path ?? found.name,
    onFocus: () => onStop(index),
  };
  const inside = (
    <>
      {url ? (
        <img src={url} alt="" decoding="async" draggable={false} />
      ) : (
        <span className={tiles.empty}>{isError && <Missing name={found.name} page={!!found.page} />}</span>
      )}
      {url && <Boxes found={found} />}
      <span className={classes.ways} aria-hidden>
        {page && <span className={tiles.mark}>{page}</span>}
        {found.found_by.includes("text") && <Way Icon={IconTextRecognition} />}
        {found.found_by.includes("image") && <Way Icon={IconPhotoSearch} />}
      </span>{" "}
      {line && (
        <span className={classes.caption} aria-hidden>
          <Marked text={line} words={words} />
        </span>
      )}
    </>
  );
  return found.page ? (
    <UnstyledButton component={Link} to={found.task_id ? `/read/${found.task_id}#page-${found.page}` : "/"} {...common}>
      {inside}
    </UnstyledButton>
  ) : (
    <UnstyledButton onClick={() => onOpen(found.sha256)} {...common}>
      {inside}
    </UnstyledButton>
  );
});

function addressOf({ sha256, page, task_id: job }: FoundPhoto): string | null {
  if (!page) return pictureOf(sha256, SIZE);
  return job && pagePicture(job, page);
}

function Way({ Icon }: { Icon: typeof IconPhotoSearch }) {
  return (
    <span className={tiles.mark}>
      <Icon size={14} />
    </span>
  );
}

function Missing({ name, page }: { name: string; page: boolean }) {
  const Icon = page ? IconFileText : IconPhotoOff;
  return (
    <span className={classes.missing}>
      <Icon stroke={1.2} aria-hidden />
      {name}
    </span>
  );
}

/** Drawn over a picture that fills its square: the same part of it is seen. */
function Boxes({ found: { width, height, matches } }: { found: FoundPhoto }) {
  const boxes = matches.flatMap(({ box }) => (box ? [corners(box)] : []));
  if (!width || !height || boxes.length === 0) return null;
  return (
    <svg
      className={classes.boxes}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {boxes.map((points) => (
        <polygon key={points} points={points} />
      ))}
    </svg>
  );
}
