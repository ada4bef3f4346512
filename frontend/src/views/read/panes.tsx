import { Group, SegmentedControl, Tabs } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import classes from "./document.module.css";
import { FrameList } from "./frame-list";
import { numbers } from "./frames";
import type { Items } from "./items";
import { type PageList, Pages } from "./pages";
import type { Followed } from "./reading";
import { Source } from "./source";

/** A block of a page that the pointer or the keyboard is on, in the picture or in the text. */
export interface Lit {
  page: number;
  block: number;
}

const REST_MS = 150;
const VIEWS = ["rendered", "raw", "frames"] as const;
export type View = (typeof VIEWS)[number];

interface Props {
  id: string;
  followed: Followed;
  items: Items["pages"];
}

/** The source and its text: beside each other, or, where there is no room for both, one of them. */
export function Panes({ id, followed, items }: Props) {
  const { t } = useTranslation("read");
  const wide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const [tab, setTab] = useState<string | null>("text");
  const [current, setCurrent] = useState<number>();
  const [lit, setLit] = useState<Lit | null>(null);
  const list = useRef<PageList>(null);
  const all = numbers(followed.reading);
  const page = current !== undefined && all.includes(current) ? current : (all[0] ?? 1);
  const [settled] = useDebouncedValue(page, REST_MS); // who scrolls past a page does not want its picture
  const seen = all.includes(settled) ? settled : page;
  const light = useCallback((next: Lit | null) => {
    setLit(next);
    if (next) setCurrent(next.page);
  }, []);
  const go = (number: number) => {
    setCurrent(number);
    list.current?.toPage(number);
  };
  useArrival(all, go);
  const choose = (block: number) => {
    setTab("text");
    setTimeout(() => list.current?.toBlock(seen, block), wide ? 0 : REST_MS);
  };
  const source = (
    <Source
      id={id}
      page={seen}
      pages={all}
      item={items[seen]}
      lit={lit?.page === seen ? lit.block : null}
      onLight={(block) => setLit(block === null ? null : { page: seen, block })}
      onChoose={choose}
      onPage={go}
    />
  );
  const text = (
    <TextPane
      id={id}
      followed={followed}
      items={items}
      start={page}
      lit={lit}
      onLight={light}
      onCurrent={setCurrent}
      list={list}
    />
  );
  if (wide) {
    return (
      <div className={classes.panes}>
        {source}
        {text}
      </div>
    );
  }
  return (
    <Tabs value={tab} onChange={setTab} className={classes.tabs} keepMounted={false}>
      <Tabs.List grow>
        <Tabs.Tab value="text">{t("pane.text")}</Tabs.Tab>
        <Tabs.Tab value="page">{t("pane.page")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="text" className={classes.panel}>
        {text}
      </Tabs.Panel>
      <Tabs.Panel value="page" className={classes.panel}>
        {source}
      </Tabs.Panel>
    </Tabs>
  );
}

/** Go to the page that the address names, `#page-12`, as soon as it is there. */
function useArrival(all: readonly number[], go: (page: number) => void): void {
  const { hash } = useLocation();
  const wanted = Number(/^#page-(\d+)$/.exec(hash)?.[1]);
  const there = all.includes(wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, and then the reader goes where they like
  useEffect(() => {
    if (there) go(wanted);
  }, [there, wanted]);
}

interface TextProps extends Props {
  start: number;
  lit: Lit | null;
  onLight: (lit: Lit | null) => void;
  onCurrent: (page: number) => void;
  list: React.RefObject<PageList | null>;
}

function TextPane({ followed, ...rest }: TextProps) {
  const { t } = useTranslation("read");
  const [view, setView] = useState<View>("rendered");
  return (
    <div className={classes.pane}>
      <Group className={classes.bar} justify="flex-end">
        <SegmentedControl
          size="xs"
          value={view}
          onChange={(value) => setView(value as View)}
          data={VIEWS.map((value) => ({ value, label: t(`view.${value}`) }))}
          aria-label={t("view.label")}
        />
      </Group>
      {view === "frames" ? (
        <FrameList frames={followed.frames} count={followed.frames.length} />
      ) : (
        <Pages {...rest} reading={followed.reading} raw={view === "raw"} />
      )}
    </div>
  );
}
