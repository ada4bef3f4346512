import { useElementSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Fragment, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import classes from "./tiles.module.css";

const SMALLEST = 150;
const FEWEST = 2;
const GAP = 8;
const HEADER = 130;
/** So many rows before the last one is in sight, more are asked for. */
const AHEAD = 3;

/** Where a tile stands, and whether the tab key stops at it. */
export interface Place {
  index: number;
  stop: boolean;
  onStop: (index: number) => void;
}

interface Props<T> {
  items: readonly T[];
  keyOf: (item: T) => string | number;
  /** What they are, for who cannot see them. */
  label: string;
  /** Pixels under each square, for words. */
  below?: number;
  /** A tile, with `place.index` as its `data-index`. */
  children: (item: T, place: Place) => ReactNode;
  /** The last tiles are soon in sight. */
  onEnd?: () => void;
}

/** Squares in rows, of which only those in sight are made; one stop of the tab key, the arrow keys go on. */
export function Tiles<T>({ items, keyOf, label, below = 0, children, onEnd }: Props<T>) {
  const { ref, width } = useElementSize();
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [stop, setStop] = useState(0);
  const columns = Math.max(FEWEST, Math.floor((width + GAP) / (SMALLEST + GAP)));
  const height = (width - GAP * (columns - 1)) / columns + below;
  const count = width > 0 ? Math.ceil(items.length / columns) : 0;
  const rows = useWindowVirtualizer({
    count,
    estimateSize: () => height + GAP,
    overscan: AHEAD,
    scrollMargin: top,
    scrollPaddingStart: HEADER,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: all rows are of another height when the width is another
  useEffect(() => rows.measure(), [height]);
  useEffect(() => setTop(list.current?.offsetTop ?? 0)); // what is above may have grown
  const shown = rows.getVirtualItems();
  const ending = count > 0 && (shown.at(-1)?.index ?? 0) >= count - 1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when more has come and the end is still in sight
  useEffect(() => {
    if (ending) onEnd?.();
  }, [ending, items.length]);

  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    const to = stop + (step ?? 0);
    if (!step || event.target instanceof HTMLInputElement || to < 0 || to >= items.length) return;
    event.preventDefault();
    setStop(to);
    rows.scrollToIndex(Math.floor(to / columns));
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };

  return (
    <div ref={list}>
      {/* biome-ignore lint/a11y/useSemanticElements: rows that are not there cannot be items of a list */}
      <div
        ref={ref}
        role="group"
        aria-label={label}
        onKeyDown={walk}
        style={{ position: "relative", height: rows.getTotalSize() }}
      >
        {shown.map(({ index, key, start }) => (
          <div
            key={key}
            className={classes.row}
            style={{
              transform: `translateY(${start - rows.options.scrollMargin}px)`,
              gridTemplateColumns: `repeat(${columns}, 1fr)`,
            }}
          >
            {items.slice(index * columns, (index + 1) * columns).map((item, column) => {
              const place = index * columns + column;
              return (
                <Fragment key={keyOf(item)}>
                  {children(item, {
                    index: place,
                    stop: place === Math.min(stop, items.length - 1),
                    onStop: setStop,
                  })}
                </Fragment>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
