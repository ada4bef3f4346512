import { Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { DocumentFrame } from "../../api/schema";
import classes from "./document.module.css";

const HEIGHT = 24;
const LONGEST = 400;

/** The stream itself, a frame a line. `count` tells that the list has grown. */
export function FrameList({ frames, count }: { frames: readonly DocumentFrame[]; count: number }) {
  const { t } = useTranslation("read");
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 10,
    useFlushSync: false,
  });
  if (!count) return <Text c="dimmed">{t("noFrames")}</Text>;
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={t("view.frames")}
    >
      <div className={classes.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={classes.frame} style={{ transform: `translateY(${start}px)`, height: HEIGHT }}>
            <span className={classes.frameNumber}>{index + 1}</span>
            <code>{JSON.stringify(frames[index]).slice(0, LONGEST)}</code>
          </div>
        ))}
      </div>
    </div>
  );
}
