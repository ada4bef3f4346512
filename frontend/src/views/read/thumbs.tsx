import { Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePicture } from "../../api/files";
import { pagePicture } from "../../api/jobs";
import classes from "./document.module.css";

const HEIGHT = 112;
/** Who scrolls past a page does not want its picture. */
const REST_MS = 200;

interface Props {
  id: string;
  pages: number[];
  current: number;
  onPage: (page: number) => void;
}

/** All pages, small. */
export function Thumbs({ id, pages, current, onPage }: Props) {
  const { t } = useTranslation("read");
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: pages.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 1,
    useFlushSync: false,
  });
  const at = pages.indexOf(current);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  return (
    <nav ref={scroller} className={classes.thumbs} aria-label={t("thumbs")}>
      <div className={classes.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const page = pages[index] ?? 0;
          return (
            <UnstyledButton
              key={page}
              className={classes.thumb}
              style={{ transform: `translateY(${start}px)` }}
              aria-label={t("page", { number: page })}
              aria-current={page === current ? "page" : undefined}
              onClick={() => onPage(page)}
            >
              <Thumb url={pagePicture(id, page)} />
              <Text size="xs" c={page === current ? "bright" : "dimmed"}>
                {page}
              </Text>
            </UnstyledButton>
          );
        })}
      </div>
    </nav>
  );
}

function Thumb({ url }: { url: string }) {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRested(true), REST_MS);
    return () => clearTimeout(timer);
  }, []);
  const picture = usePicture(rested ? url : null);
  return (
    <span className={classes.thumbPicture}>
      {picture.url ? <img src={picture.url} alt="" /> : <Skeleton component="span" w={56} h={76} />}
    </span>
  );
}
