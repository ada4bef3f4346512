import "./text";
import { Button, Center, Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFolders, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { JobCard } from "./card";
import { NewRescan } from "./new-rescan";
import { Schedules } from "./schedules";
import { useJobs } from "./watch";

const KINDS = ["library", "photos", "batch"] as const;
type Shown = (typeof KINDS)[number];

export default function Rescans() {
  const { t } = useTranslation("rescans");
  const [kind, setKind] = useState<Shown>("library");
  const [opened, { open, close }] = useDisclosure();
  return (
    <Stack gap="md" maw={980}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2}>{t("title")}</Title>
          <Text c="dimmed">{t("intro")}</Text>
        </div>
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
          {t("fresh")}
        </Button>
      </Group>
      <SegmentedControl
        aria-label={t("kind")}
        data={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
        value={kind}
        onChange={(value) => setKind(value as Shown)}
        style={{ alignSelf: "flex-start" }}
      />
      <Jobs kind={kind} />
      {kind === "library" && <Schedules />}
      <NewRescan opened={opened} onClose={close} />
    </Stack>
  );
}

function Jobs({ kind }: { kind: Shown }) {
  const { t } = useTranslation("rescans");
  const jobs = useJobs(kind);
  if (jobs.isPending) return <Busy />;
  const all = jobs.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Stack gap="sm" component="section" aria-label={t("list")}>
      {jobs.isError && <Trouble error={jobs.error} retry={() => void jobs.refetch()} />}
      {all.length === 0 && !jobs.isError && <Nothing kind={kind} />}
      {all.map((job) => (
        <JobCard key={job.task_id} job={job} />
      ))}
      {jobs.hasNextPage && (
        <Button variant="default" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
          {t("older")}
        </Button>
      )}
    </Stack>
  );
}

function Nothing({ kind }: { kind: Shown }) {
  const { t } = useTranslation("rescans");
  return (
    <Center mih={220}>
      <Stack align="center" gap={4}>
        <IconFolders size={48} stroke={1} aria-hidden />
        <Text fw={600}>{t(`none.${kind}`)}</Text>
        {kind === "library" && (
          <Text size="sm" c="dimmed" ta="center" maw={420}>
            {t("noneMore")}
          </Text>
        )}
      </Stack>
    </Center>
  );
}
