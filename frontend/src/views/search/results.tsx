import { Center, Loader, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { Tiles } from "../../parts/tiles";
import { keyOf, type useResults } from "./found";
import { Notes } from "./notes";
import { Nothing } from "./nothing";
import classes from "./search.module.css";
import { asks, type Sought } from "./sought";
import { Tile } from "./tile";

interface Props {
  results: ReturnType<typeof useResults>;
  words: ReadonlySet<string>;
  sought: Sought;
  onSeek: (what: Partial<Sought>) => void;
  onOpen: (key: string) => void;
}

/** What was found, more of it with every scroll. */
export function Results({ results: { query, found, first }, words, sought, onSeek, onOpen }: Props) {
  const { t } = useTranslation("search");
  const more = () => {
    if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
  };
  if (query.isPending) return <Busy />;
  const count = found.length;
  return (
    <Stack gap="sm">
      {first && <Notes answer={first} />}
      {query.isError && <Trouble error={query.error} retry={() => void query.refetch()} />}
      {count > 0 && !asks(sought) && (
        <Title order={3} size="h4">
          {t("newest")}
        </Title>
      )}
      <Text size="sm" c="dimmed" role="status" hidden={!asks(sought)}>
        {count > 0 && t(query.hasNextPage ? "foundMore" : "found", { count })}
      </Text>
      {count === 0 && !query.isError && <Nothing sought={sought} onSeek={onSeek} />}
      <div className={query.isPlaceholderData ? classes.old : ""} aria-busy={query.isPlaceholderData}>
        <Tiles items={found} keyOf={keyOf} label={t("photos")} onEnd={more}>
          {(each, place) => <Tile found={each} words={words} {...place} onOpen={onOpen} />}
        </Tiles>
      </div>
      {query.isFetchingNextPage && (
        <Center mih={60}>
          <Loader type="dots" aria-label={t("app:loading")} />
        </Center>
      )}
    </Stack>
  );
}
