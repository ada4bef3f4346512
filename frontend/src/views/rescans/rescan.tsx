import "./text";
import { Alert, Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Job } from "../../api/schema";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { Actions } from "./actions";
import { StateBadge } from "./badge";
import { Exports } from "./exports";
import { Failures } from "./failures";
import { format } from "./format";
import { nameOf } from "./name";
import { Numbers } from "./numbers";
import { useNewest } from "./stream";
import { Strip } from "./strip";
import { Warnings } from "./warnings";
import { useJob } from "./watch";

export default function Rescan() {
  const { t } = useTranslation("rescans");
  const { job: id = "" } = useParams();
  const { data: job, isPending, error, refetch } = useJob(id);
  return (
    <Stack gap="lg" maw={1100}>
      <Anchor component={Link} to="/rescans" size="sm" style={{ alignSelf: "flex-start" }}>
        <Group gap={4}>
          <IconChevronLeft size={16} aria-hidden />
          {t("back")}
        </Group>
      </Anchor>
      {isPending && <Busy />}
      {error && <Trouble error={error} retry={() => void refetch()} />}
      {job && <Details key={id} job={job} />}
    </Stack>
  );
}

function Details({ job }: { job: Job }) {
  const { t, i18n } = useTranslation("rescans");
  const newest = useNewest(job);
  const name = nameOf(job, t);
  return (
    <>
      <Stack gap={6}>
        <Group gap="sm" wrap="nowrap" align="flex-start">
          <Title order={2} size="h3" style={{ overflowWrap: "anywhere", minWidth: 0 }}>
            {name}
          </Title>
          <StateBadge state={job.state} size="lg" />
        </Group>
        <Text size="sm" c="dimmed">
          {t("begun", { moment: format(i18n.language).moment(job.created_at) })} ·{" "}
          {job.tasks.map((task) => t(`photos:${task}`, task)).join(", ")}
        </Text>
        <Group gap="xs">
          <Actions job={job} name={name} />
          <Exports job={job.task_id} />
        </Group>
      </Stack>
      {job.error && <Alert color="red" title={job.error.message} />}
      <Numbers job={job} />
      <Strip job={job.task_id} total={job.counts.total} newest={newest} />
      <Failures job={job.task_id} failed={job.counts.failed} />
      <Warnings job={job.task_id} count={job.counts.warnings ?? 0} />
    </>
  );
}
