import { Center, Group, Paper, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { usePicture } from "../../api/files";
import { previewOf } from "../../api/jobs";
import type { Item } from "../../api/schema";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { Failure } from "../photos/failure";
import classes from "./rescans.module.css";
import { useFailed } from "./watch";

const ROW = 129;
const TALLEST = 560;

/** Photos that failed, each with its picture, what went wrong and what can be done. */
export function Failures({ job, failed }: { job: string; failed: number }) {
  const { t } = useTranslation("rescans");
  const query = useFailed(job, failed);
  const viewport = useRef<HTMLDivElement>(null);
  const items = failed > 0 ? (query.data?.pages.flat() ?? []) : [];
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 4,
  });
  const shown = rows.getVirtualItems();
  const atEnd = (shown.at(-1)?.index ?? 0) >= items.length - 10;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (atEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [atEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);

  return (
    <Stack gap="xs" component="section">
      <Title order={3} size="h4">
        {t("failures")}
      </Title>
      {failed === 0 && (
        <Text size="sm" c="dimmed">
          {t("noFailures")}
        </Text>
      )}
      {query.isLoading && <Busy />}
      {query.isError && <Trouble error={query.error} retry={() => void query.refetch()} />}
      {items.length > 0 && (
        <Paper withBorder>
          <ScrollArea.Autosize
            mah={TALLEST}
            viewportRef={viewport}
            viewportProps={{ tabIndex: 0, role: "region", "aria-label": t("failures") }}
          >
            <div style={{ position: "relative", height: rows.getTotalSize() }}>
              {shown.map(({ index, start }) => {
                const item = items[index];
                return (
                  item && (
                    <div
                      key={item.item_id}
                      ref={rows.measureElement}
                      data-index={index}
                      className={classes.failure}
                      style={{ transform: `translateY(${start}px)` }}
                    >
                      <One job={job} item={item} />
                    </div>
                  )
                );
              })}
            </div>
          </ScrollArea.Autosize>
        </Paper>
      )}
    </Stack>
  );
}

function One({ job, item }: { job: string; item: Item }) {
  const { url } = usePicture(previewOf(job, item.item_id));
  return (
    <Group wrap="nowrap" align="flex-start" gap="md">
      <div className={classes.picture}>
        {url ? (
          <img src={url} alt="" decoding="async" />
        ) : (
          <Center h="100%">
            <IconPhotoOff size={32} stroke={1.2} aria-hidden />
          </Center>
        )}
      </div>
      <Stack gap={6} flex={1} style={{ minWidth: 0 }}>
        <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
          {item.name}
        </Text>
        {item.error && <Failure error={item.error} inList />}
      </Stack>
    </Group>
  );
}
