import { Anchor, Card, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Job } from "../../api/schema";
import { Actions } from "./actions";
import { StateBadge } from "./badge";
import { Bar } from "./bar";
import { type Format, format } from "./format";
import { nameOf } from "./name";
import { active, past } from "./states";

const FOUND = ["new", "changed", "unchanged", "deleted", "warnings"] as const;

/** A job in the list: what it is, how far it is, and what can be done with it. */
export function JobCard({ job }: { job: Job }) {
  const { t, i18n } = useTranslation("rescans");
  const said = format(i18n.language);
  const name = nameOf(job, t);
  const found = FOUND.filter((what) => (job.counts[what] ?? 0) > 0);
  return (
    <Card withBorder padding="md" component="article" aria-label={name}>
      <Stack gap={8}>
        <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
          <div style={{ minWidth: 0 }}>
            <Anchor
              component={Link}
              to={`/rescans/${job.task_id}`}
              fw={600}
              c="inherit"
              style={{ overflowWrap: "anywhere" }}
            >
              {name}
            </Anchor>
            <Text size="sm" c="dimmed">
              {said.moment(job.created_at)} · {job.tasks.map((task) => t(`photos:${task}`, task)).join(", ")}
            </Text>
          </div>
          <StateBadge state={job.state} />
        </Group>
        <Bar job={job} />
        <Group justify="space-between" gap="sm">
          <Text size="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
            <Standing job={job} said={said} />
          </Text>
          <Actions job={job} name={name} />
        </Group>
        {found.length > 0 && (
          <Text size="sm" c="dimmed">
            {found
              .map((what) => {
                const words = t(`found.${what}`).toLocaleLowerCase(i18n.language);
                return t("foundShort", { count: job.counts[what] ?? 0, what: words });
              })
              .join(" · ")}
          </Text>
        )}
        {job.error && (
          <Text size="sm" c="red">
            {job.error.message}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

function Standing({ job, said }: { job: Job; said: Format }) {
  const { t } = useTranslation("rescans");
  const { counts, rate_per_s: rate, eta_s: eta, started_at: from, finished_at: to } = job;
  const running = job.state === "running";
  const words = [
    t("done", { past: said.count(past(job)), total: said.count(counts.total) }),
    job.listing && active(job) && t("listing"),
    counts.failed > 0 && t("failedCount", { count: counts.failed }),
    running && rate !== null && t("perSecond", { rate: said.rate(rate) }),
    running && eta !== null && t("left", { span: said.span(eta) }),
    !active(job) && from && to && t("took", { span: said.span((Date.parse(to) - Date.parse(from)) / 1000) }),
  ];
  return words.filter(Boolean).join(" · ");
}
