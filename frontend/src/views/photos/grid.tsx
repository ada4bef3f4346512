import { Center, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Photo } from "./album";
import type { Shown } from "./choose";
import classes from "./photos.module.css";
import { Tile } from "./tile";

const SMALLEST = 150;
const FEWEST = 2;
const GAP = 8;
const HEADER = 130;
const NOTHING: Record<Shown, string> = { all: "none", text: "noneText", faces: "noneFaces", failed: "noneFailed" };

interface Props {
  photos: Photo[];
  shown: Shown;
  going: boolean;
  onOpen: (at: number) => void;
}

/** Photos in rows, of which only those in sight are made; one stop of the tab key, the arrow keys go on. */
export function Grid({ photos, shown, going, onOpen }: Props) {
  const { t } = useTranslation("photos");
  const { ref, width } = useElementSize();
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [stop, setStop] = useState(0);
  const columns = Math.max(FEWEST, Math.floor((width + GAP) / (SMALLEST + GAP)));
  const side = (width - GAP * (columns - 1)) / columns;
  const rows = useWindowVirtualizer({
    count: width > 0 ? Math.ceil(photos.length / columns) : 0,
    estimateSize: () => side + GAP,
    overscan: 3,
    scrollMargin: top,
    scrollPaddingStart: HEADER,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: all rows are of another height when the width is another
  useEffect(() => rows.measure(), [side]);
  useEffect(() => setTop(list.current?.offsetTop ?? 0), []);

  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    const to = stop + (step ?? 0);
    if (!step || to < 0 || to >= photos.length) return;
    event.preventDefault();
    setStop(to);
    rows.scrollToIndex(Math.floor(to / columns));
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };

  return (
    <div ref={list}>
      {photos.length === 0 && !going && (
        <Center mih={160}>
          <Text c="dimmed">{t(NOTHING[shown])}</Text>
        </Center>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: rows that are not there cannot be items of a list */}
      <div
        ref={ref}
        role="group"
        aria-label={t("grid")}
        onKeyDown={walk}
        style={{ position: "relative", height: rows.getTotalSize() }}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            className={classes.row}
            style={{
              transform: `translateY(${start - rows.options.scrollMargin}px)`,
              gridTemplateColumns: `repeat(${columns}, 1fr)`,
            }}
          >
            {photos.slice(index * columns, (index + 1) * columns).map((photo, column) => {
              const place = index * columns + column;
              return (
                <Tile
                  key={photo.at}
                  photo={photo}
                  index={place}
                  stop={place === Math.min(stop, photos.length - 1)}
                  onStop={setStop}
                  onOpen={onOpen}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
