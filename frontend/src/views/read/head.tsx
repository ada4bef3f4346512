import { ActionIcon, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Job } from "../../api/schema";
import { Actions } from "./actions";
import type { Reading } from "./frames";
import type { Items } from "./items";
import { active } from "./job";
import { StateBadge } from "./state";
import { Cost } from "./usage";

interface Props {
  id: string;
  job: Job | undefined;
  reading: Reading;
  items: Items["pages"];
  onRetried: () => void;
}

/** What a document is, how far it is, what it cost, and what can be done with it. */
export function Head({ id, job, reading, onRetried }: Props) {
  const { t } = useTranslation("read");
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="sm">
        <Group gap="sm" wrap="nowrap" miw={0} maw="100%">
          <ActionIcon component={Link} to="/" variant="subtle" color="gray" size="lg" aria-label={t("back")}>
            <IconArrowLeft size={20} />
          </ActionIcon>
          <Title order={1} size="h4" lineClamp={1} style={{ wordBreak: "break-all" }}>
            {job?.name || t("unnamed")}
          </Title>
          {job && <StateBadge state={job.state} />}
        </Group>
        {job && <Actions id={id} job={job} reading={reading} onRetried={onRetried} />}
      </Group>
      {job && active(job) && reading.total ? <Way job={job} total={reading.total} /> : null}
      {job && !active(job) && reading.usage && reading.usage.pages > 0 && <Cost usage={reading.usage} job={job} />}
    </Stack>
  );
}

function Way({ job, total }: { job: Job; total: number }) {
  const { t } = useTranslation("read");
  const done = job.counts.done + job.counts.failed;
  return (
    <Group gap="sm" wrap="nowrap">
      <Progress
        value={(100 * done) / total}
        flex={1}
        size="sm"
        animated={job.state === "running"}
        aria-label={t("pagesOf", { done, total })}
      />
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {t("pagesOf", { done, total })}
      </Text>
    </Group>
  );
}
