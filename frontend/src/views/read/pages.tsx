import { Text } from "@mantine/core";
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useImperativeHandle, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./document.module.css";
import { numbers, type Reading } from "./frames";
import type { Items } from "./items";
import { PageText } from "./page-text";
import type { Lit } from "./panes";

export interface PageList {
  toPage: (number: number) => void;
  toBlock: (number: number, block: number) => void;
}

interface Props {
  id: string;
  reading: Reading;
  items: Items["pages"];
  raw: boolean;
  /** The page that is shown first. */
  start: number;
  lit: Lit | null;
  onLight: (lit: Lit | null) => void;
  onCurrent: (page: number) => void;
  list: RefObject<PageList | null>;
}

const HEIGHT = 640;
/** All pages below each other; only those that are seen are there. */
export function Pages({ id, reading, items, raw, start, lit, onLight, onCurrent, list }: Props) {
  const { t } = useTranslation("read");
  const scroller = useRef<HTMLElement>(null);
  const all = numbers(reading);
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    getItemKey: (index) => all[index] ?? index,
    overscan: 1,
    useFlushSync: false,
  });
  const current = all[lookedAt(virtual)];
  const arrived = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when another page is looked at
  useEffect(() => {
    const away = !arrived.current && start !== current && all.includes(start);
    arrived.current = true;
    if (away) virtual.scrollToIndex(all.indexOf(start), { align: "start" });
    else if (current !== undefined) onCurrent(current);
  }, [current, onCurrent]);
  useImperativeHandle(list, () => ({
    toPage: (number) => virtual.scrollToIndex(all.indexOf(number), { align: "start" }),
    toBlock: (number, block) =>
      scroller.current
        ?.querySelector(`[data-page="${number}"] [data-block="${block}"]`)
        ?.scrollIntoView({ block: "center" }),
  }));
  const more = (reading.total ?? 0) - all.length;
  return (
    <section
      ref={scroller}
      className={classes.scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      aria-label={t("pane.text")}
    >
      <div className={classes.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start: top }) => {
          const page = reading.pages[all[index] ?? 0];
          if (!page) return null;
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              data-page={page.number}
              className={classes.entry}
              style={{ transform: `translateY(${top}px)` }}
            >
              <PageText
                id={id}
                page={page}
                item={items[page.number]}
                raw={raw}
                lit={lit?.page === page.number ? lit.block : null}
                onLight={onLight}
              />
            </div>
          );
        })}
      </div>
      {more > 0 && !reading.ended && (
        <Text size="sm" c="dimmed" ta="center" py="md">
          {t("more", { count: more })}
        </Text>
      )}
    </section>
  );
}

/** The page at a line that moves from the upper edge to the lower one while all is scrolled through. */
function lookedAt(virtual: Virtualizer<HTMLElement, Element>): number {
  const offset = virtual.scrollOffset ?? 0;
  const height = virtual.scrollRect?.height ?? 0;
  const way = virtual.getTotalSize() - height;
  const line = offset + (way > 0 ? Math.min(1, offset / way) * height : 0);
  return virtual.getVirtualItems().findLast(({ start }) => start <= line)?.index ?? 0;
}
