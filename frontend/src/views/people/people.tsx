import "./text";
import { Anchor, Button, Center, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUsers } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PersonEntry } from "../../api/schema";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { Tiles } from "../../parts/tiles";
import { useChosen } from "./chosen";
import { Cluster } from "./cluster";
import { Merge } from "./merge";
import classes from "./people.module.css";
import { Tile } from "./tile";
import { useCluster, usePeople } from "./watch";

const WORDS_PX = 40;
const idOf = ({ id }: PersonEntry) => id;

export default function People() {
  const { t } = useTranslation("people");
  const queries = useQueryClient();
  const cluster = useCluster();
  const { going } = cluster;
  useEffect(() => {
    if (!going) void queries.invalidateQueries({ queryKey: ["people"] });
  }, [going, queries]);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2}>{t("title")}</Title>
          <Text c="dimmed">{t("intro")}</Text>
        </div>
        <Cluster cluster={cluster} />
      </Group>
      <All />
    </Stack>
  );
}

function All() {
  const { t } = useTranslation("people");
  const people = usePeople();
  const { chosen, begin, end, toggle } = useChosen(idOf);
  const [merging, { open, close }] = useDisclosure();
  if (people.isPending) return <Busy />;
  const all = people.data?.pages.flatMap(({ items }) => items) ?? [];
  const more = () => {
    if (people.hasNextPage && !people.isFetching) void people.fetchNextPage();
  };
  return (
    <>
      {people.isError && <Trouble error={people.error} retry={() => void people.refetch()} />}
      {all.length === 0 && !people.isError && <Nobody />}
      {all.length > 1 && (
        <Group className={classes.bar} gap="xs" mih={52}>
          {chosen === null ? (
            <Button variant="default" onClick={begin}>
              {t("choose")}
            </Button>
          ) : (
            <>
              <Button disabled={chosen.size < 2} onClick={open}>
                {t("mergeCount", { count: chosen.size })}
              </Button>
              <Button variant="default" onClick={end}>
                {t("cancel")}
              </Button>
              <Text size="sm" c="dimmed">
                {t("chooseAbout")}
              </Text>
            </>
          )}
        </Group>
      )}
      <Tiles items={all} keyOf={idOf} label={t("title")} below={WORDS_PX} onEnd={more}>
        {(person, place) => (
          <Tile person={person} chosen={chosen?.has(person.id) ?? null} onChoose={toggle} {...place} />
        )}
      </Tiles>
      <Merge
        people={[...(chosen?.values() ?? [])]}
        opened={merging}
        onClose={close}
        onDone={() => {
          close();
          end();
        }}
      />
    </>
  );
}

function Nobody() {
  const { t } = useTranslation("people");
  return (
    <Center mih={220}>
      <Stack align="center" gap={4}>
        <IconUsers size={48} stroke={1} aria-hidden />
        <Text fw={600}>{t("nobody")}</Text>
        <Text size="sm" c="dimmed" ta="center" maw={440}>
          {t("nobodyMore")}{" "}
          <Anchor component={Link} to="/rescans" underline="always" inherit>
            {t("scan")}
          </Anchor>
        </Text>
      </Stack>
    </Center>
  );
}
