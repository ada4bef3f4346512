import { Skeleton } from "@mantine/core";
import { type KeyboardEvent, memo, useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePicture } from "../../api/files";
import type { DocumentPage } from "../../api/schema";
import { Markdown } from "../../parts/markdown/markdown";
import classes from "./document.module.css";
import type { Lit } from "./panes";
import { segments } from "./segments";

interface Props {
  id: string;
  page: number;
  text: string;
  /** What was found, when the page is finished. */
  found: DocumentPage | null;
  lit: number | null;
  onLight: (lit: Lit | null) => void;
}

const FIGURE = /^images\/(\d{1,5})\.jpg$/;
const NOTHING: DocumentPage["blocks"] = [];
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** A page's Markdown, a part for each of its blocks; as long as they are not known, in one. */
export const Blocks = memo(function Blocks({ id, page, text, found, lit, onLight }: Props) {
  const blocks = found?.blocks ?? NOTHING;
  const parts = useMemo(() => segments(text, blocks), [text, blocks]);
  const finished = found !== null;
  const figure = useCallback(
    (name: string, alt: string) => {
      const number = FIGURE.exec(name)?.[1];
      return (
        number && (
          <Figure
            url={finished ? `/api/jobs/${id}/artifacts/images/${page}_${number}.jpg` : null}
            page={page}
            alt={alt}
          />
        )
      );
    },
    [id, page, finished],
  );
  return parts.map((part, index) =>
    part.block === null ? (
      <Markdown key="head" text={part.text} figure={figure} />
    ) : (
      // biome-ignore lint/a11y/noStaticElementInteractions: it only lights up its place in the picture
      <div
        key={part.block}
        className={classes.block}
        data-block={part.block}
        data-lit={part.block === lit || undefined}
        tabIndex={index === 0 ? 0 : -1}
        onPointerEnter={() => onLight({ page, block: part.block ?? 0 })}
        onPointerLeave={() => onLight(null)}
        onFocus={() => onLight({ page, block: part.block ?? 0 })}
        onBlur={() => onLight(null)}
        onKeyDown={walk}
      >
        <Markdown text={part.text} figure={figure} />
      </div>
    ),
  );
});

function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (!step || event.target !== event.currentTarget) return;
  const all = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLElement>("[data-block]") ?? [])];
  const next = all[all.indexOf(event.currentTarget) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function Figure({ url, page, alt }: { url: string | null; page: number; alt: string }) {
  const { t } = useTranslation("read");
  const picture = usePicture(url);
  if (picture.isError) return <em>{alt}</em>;
  if (!picture.url) return <Skeleton component="span" display="block" height={120} maw={320} />;
  return <img src={picture.url} alt={alt || t("figure", { number: page })} className={classes.figure} />;
}
