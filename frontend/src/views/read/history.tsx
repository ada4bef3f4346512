import { Badge, Button, Group, Paper, SimpleGrid, Skeleton, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { IconCopy, IconEye, IconFileText, IconUpload } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Job, JobPage } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { moment } from "./amounts";
import { active } from "./job";
import classes from "./read.module.css";
import { useParcels } from "./send";
import { StateBadge } from "./state";
import { Totals } from "./usage";

const ROWS = 20;
const STEPS = [
  { name: "drop", Icon: IconUpload },
  { name: "watch", Icon: IconEye },
  { name: "take", Icon: IconCopy },
] as const;

/** Documents that were sent before, newest first; where there is none, what can be done here. */
export function History() {
  const { t } = useTranslation("read");
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const { data, error, refetch } = useQuery({
    queryKey: ["documents", cursor],
    queryFn: async ({ signal }): Promise<JobPage> => {
      const query = { kind: "document" as const, limit: ROWS, ...(cursor ? { cursor } : {}) };
      return (await api.GET("/api/jobs", { params: { query }, signal })).data as JobPage;
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some(active) ? 2000 : 15_000),
  });
  const leaving = useParcels().length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a file that was taken is a document more
  useEffect(() => void refetch(), [leaving, refetch]);
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={200} radius="md" />;
  if (!data.items.length && !cursor) return <Steps />;
  const following = data.next;
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {t("history")}
      </Title>
      <Paper withBorder className={classes.rows}>
        {data.items.map((job) => (
          <Row key={job.task_id} job={job} />
        ))}
      </Paper>
      {(cursor || following) && (
        <Group justify="center">
          <Button variant="default" size="xs" disabled={!cursor} onClick={() => setCursors(cursors.slice(0, -1))}>
            {t("newer")}
          </Button>
          <Button
            variant="default"
            size="xs"
            disabled={!following}
            onClick={() => following && setCursors([...cursors, following])}
          >
            {t("older")}
          </Button>
        </Group>
      )}
      <Totals />
    </Stack>
  );
}

function Row({ job }: { job: Job }) {
  const { t, i18n } = useTranslation("read");
  const { total, done, failed } = job.counts;
  const going = active(job) && total > 0;
  return (
    <UnstyledButton component={Link} to={`/read/${job.task_id}`} className={classes.row}>
      <IconFileText size={20} stroke={1.4} aria-hidden className={classes.dim} />
      <Stack gap={0} flex={1} miw={0}>
        <Text size="sm" fw={550} truncate>
          {job.name || t("unnamed")}
        </Text>
        <Text size="xs" c="dimmed">
          {moment(job.created_at, i18n.language)}
          {total > 0 && ` · ${going ? t("pagesOf", { done, total }) : t("pages", { count: total })}`}
        </Text>
      </Stack>
      {failed > 0 && (
        <Badge variant="light" color="orange" visibleFrom="xs">
          {t("failedPages", { count: failed })}
        </Badge>
      )}
      <StateBadge state={job.state} />
    </UnstyledButton>
  );
}

function Steps() {
  const { t } = useTranslation("read");
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xl">
      {STEPS.map(({ name, Icon }) => (
        <Group key={name} wrap="nowrap" align="flex-start" gap="sm">
          <Icon size={22} stroke={1.5} aria-hidden className={classes.lamp} />
          <Stack gap={2}>
            <Text fw={600}>{t(`steps.${name}.title`)}</Text>
            <Text size="sm" c="dimmed">
              {t(`steps.${name}.text`)}
            </Text>
          </Stack>
        </Group>
      ))}
    </SimpleGrid>
  );
}
