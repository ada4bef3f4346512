import { ActionIcon, Center, Group, Loader, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObjectUrl, usePicture } from "../../api/files";
import { pagePicture } from "../../api/jobs";
import type { Item } from "../../api/schema";
import { Boxed } from "../../parts/boxed";
import { Zoom } from "../../parts/zoom";
import classes from "./document.module.css";
import { parcelOf } from "./send";
import { Thumbs } from "./thumbs";

const SHOWN_BY_BROWSERS = /^image\/(png|jpeg|webp|gif|avif|bmp)$/;

interface Props {
  id: string;
  page: number;
  pages: number[];
  item: Item | undefined;
  lit: number | null;
  onLight: (block: number | null) => void;
  onChoose: (block: number) => void;
  onPage: (page: number) => void;
}

/** The page that is looked at, with a box around everything that became text. */
export function Source({ id, page, pages, item, lit, onLight, onChoose, onPage }: Props) {
  const { t } = useTranslation("read");
  const { url, isError } = usePagePicture(id, page);
  const at = pages.indexOf(page);
  const blocks = item?.results?.document?.blocks ?? [];
  const boxes = blocks.flatMap(({ label, boxes, text }, block) =>
    boxes.map((rect, index) => ({ id: `${block}.${index}`, rect, label: text.slice(0, 80) || label })),
  );
  const size = item?.width && item.height ? { width: item.width, height: item.height } : null;
  const alt = t("pictureOf", { number: page });
  const light = (box: string | null) => onLight(box === null ? null : blockOf(box));
  return (
    <section className={classes.pane} aria-label={t("pane.page")}>
      <Group className={classes.bar} gap={4} justify="space-between">
        <Text size="sm" c="dimmed">
          {t("page", { number: page })}
        </Text>
        {pages.length > 1 && (
          <Group gap={4}>
            <Step label={t("previous")} to={pages[at - 1]} onPage={onPage} Icon={IconChevronLeft} />
            <Step label={t("next")} to={pages[at + 1]} onPage={onPage} Icon={IconChevronRight} />
          </Group>
        )}
      </Group>
      <div className={classes.source}>
        {pages.length > 1 && <Thumbs id={id} pages={pages} current={page} onPage={onPage} />}
        <div className={classes.picture}>
          {url ? (
            <Zoom key={page} ratio={size ? size.width / size.height : null}>
              {size ? (
                <Boxed
                  url={url}
                  {...size}
                  boxes={boxes}
                  alt={alt}
                  lit={lit === null ? null : boxes.map((box) => box.id).filter((box) => blockOf(box) === lit)}
                  onLight={light}
                  onChoose={(box) => onChoose(blockOf(box))}
                />
              ) : (
                <img src={url} alt={alt} className={classes.unmeasured} />
              )}
            </Zoom>
          ) : (
            <Center h="100%">{isError ? <Text c="dimmed">{t("noPicture")}</Text> : <Loader type="dots" />}</Center>
          )}
        </div>
      </div>
    </section>
  );
}

function blockOf(box: string): number {
  return Number.parseInt(box, 10);
}

/** A picture that was sent from here is shown as it is; a page of a PDF as the service renders it. */
function usePagePicture(id: string, page: number) {
  const file = parcelOf(id)?.file;
  const own = useObjectUrl(file && SHOWN_BY_BROWSERS.test(file.type) ? file : null);
  const rendered = usePicture(file && SHOWN_BY_BROWSERS.test(file.type) ? null : pagePicture(id, page));
  return own ? { url: own, isError: false } : rendered;
}

interface StepProps {
  label: string;
  to: number | undefined;
  onPage: (page: number) => void;
  Icon: typeof IconChevronLeft;
}

function Step({ label, to, onPage, Icon }: StepProps) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      disabled={to === undefined}
      onClick={() => to !== undefined && onPage(to)}
    >
      <Icon size={18} />
    </ActionIcon>
  );
}
