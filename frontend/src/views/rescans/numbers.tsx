import { Card, Group, RingProgress, SimpleGrid, Stack, Text } from "@mantine/core";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "../../api/schema";
import { format } from "./format";
import { rates, type Sample, sampled } from "./rates";
import { active, past } from "./states";

const Speed = lazy(() => import("./speed"));
const ENOUGH = 3;

/** How far a job is: a ring, the numbers, and how fast it went. */
export function Numbers({ job }: { job: Job }) {
  const { t, i18n } = useTranslation("rescans");
  const said = format(i18n.language);
  const line = rates(useSamples(job));
  const { counts } = job;
  const percent = said.percent(past(job), counts.total);
  return (
    <Card withBorder padding="lg">
      <Group gap="xl" align="center" justify="center">
        <RingProgress
          size={150}
          thickness={13}
          roundCaps
          role="img"
          aria-label={`${t("progress")}: ${percent}`}
          sections={ring(job)}
          label={
            <Text ta="center" fw={700} size="xl" aria-hidden>
              {percent}
            </Text>
          }
        />
        <Stack flex={1} miw={240} gap="md">
          <Facts job={job} />
          {line.length >= ENOUGH && (
            <div>
              <Text size="xs" c="dimmed">
                {t("speedOver")}
              </Text>
              <Suspense fallback={<div style={{ height: 54 }} />}>
                <Speed
                  rates={line}
                  label={`${t("speedOver")}: ${t("perSecond", { rate: said.rate(line.at(-1) ?? 0) })}`}
                />
              </Suspense>
            </div>
          )}
        </Stack>
      </Group>
    </Card>
  );
}

function ring({ counts: { total, done, failed }, state }: Job) {
  const part = (count: number) => (total > 0 ? (100 * count) / total : 0);
  const color = state === "completed" ? "teal" : state === "paused" ? "yellow" : "blue";
  return [
    { value: part(done), color },
    { value: part(failed), color: "red" },
  ].filter(({ value }) => value > 0);
}

function Facts({ job }: { job: Job }) {
  const { t, i18n } = useTranslation("rescans");
  const said = format(i18n.language);
  const { counts, eta_s: eta, started_at: from, finished_at: to } = job;
  const spent = from && to && !active(job) ? (Date.parse(to) - Date.parse(from)) / 1000 : null;
  const rate = spent === null ? job.rate_per_s : spent > 0 ? past(job) / spent : null;
  const facts: [string, string][] = [
    [t("looked"), t("done", { past: said.count(past(job)), total: said.count(counts.total) })],
    [t("failed"), said.count(counts.failed)],
    [t("known"), said.count(counts.cached)],
  ];
  if (active(job)) facts.push([t("timeLeft"), eta === null ? t("notKnown") : said.span(eta)]);
  else if (spent !== null) facts.push([t("time"), said.span(spent)]);
  if (rate !== null) facts.push([t("speed"), t("perSecond", { rate: said.rate(rate) })]);
  for (const what of ["new", "changed", "unchanged", "deleted"] as const) {
    const count = counts[what];
    if (count != null && (count > 0 || what === "new")) facts.push([t(`found.${what}`), said.count(count)]);
  }
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} spacing="md" verticalSpacing="sm">
      {facts.map(([name, value]) => (
        <div key={name}>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
          <Text fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
            {value}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}

/** How much of a job was behind us at each time that it was asked for. */
function useSamples(job: Job): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  const moving = job.state === "running";
  useEffect(() => {
    if (moving) setSamples((before) => sampled(before, { at: Date.now(), past: past(job) }));
  }, [job, moving]);
  return samples;
}
