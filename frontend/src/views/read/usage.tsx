import { Group, Stack, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { DocumentUsage, Job, UsageSummary } from "../../api/schema";
import { bytes, count, duration } from "./amounts";
import classes from "./read.module.css";

interface Figure {
  name: "documents" | "pages" | "time" | "characters" | "tokens" | "speed" | "bytes";
  value: string;
  hint?: string;
}

/** What one document cost. */
export function Cost({ usage, job }: { usage: DocumentUsage; job: Job }) {
  const { t, i18n } = useTranslation("read");
  const language = i18n.language;
  const seconds = spent(job);
  const tokens = usage.prompt_tokens + usage.completion_tokens;
  const figures: Figure[] = [
    { name: "pages", value: count(job.counts.done, language) },
    ...(seconds ? [{ name: "time" as const, value: duration(seconds, language) }] : []),
    { name: "characters", value: count(usage.completion_chars, language) },
    { name: "tokens", ...counted(tokens, usage, t, language) },
    ...(tokens && seconds && !job.counts.cached
      ? [{ name: "speed" as const, value: count(usage.completion_tokens / seconds, language) }]
      : []),
    { name: "bytes", value: bytes(usage.input_bytes, language) },
  ];
  return <Figures figures={figures} label={t("usage.label")} />;
}

/** What all documents cost. */
export function Totals() {
  const { t, i18n } = useTranslation("read");
  const language = i18n.language;
  const { data } = useQuery({
    queryKey: ["documents", "summary"],
    queryFn: async ({ signal }): Promise<UsageSummary> =>
      (await api.GET("/api/users/me/usage/summary", { signal })).data as UsageSummary,
    refetchInterval: 15_000,
  });
  if (!data?.documents) return null;
  const figures: Figure[] = [
    { name: "documents", value: count(data.documents, language) },
    { name: "pages", value: count(data.pages, language) },
    { name: "characters", value: count(data.completion_chars, language) },
    { name: "tokens", ...counted(data.tokens, data, t, language) },
    { name: "bytes", value: bytes(data.input_bytes, language) },
  ];
  return <Figures figures={figures} label={t("total")} />;
}

function counted(
  tokens: number,
  parts: Pick<UsageSummary, "prompt_tokens" | "completion_tokens">,
  t: ReturnType<typeof useTranslation<"read">>["t"],
  language: string,
): Pick<Figure, "value" | "hint"> {
  if (!tokens) return { value: t("usage.noTokens"), hint: t("usage.noTokensHint") };
  const prompt = count(parts.prompt_tokens, language);
  const completion = count(parts.completion_tokens, language);
  return { value: count(tokens, language), hint: t("usage.tokensHint", { prompt, completion }) };
}

function Figures({ figures, label }: { figures: Figure[]; label: string }) {
  const { t } = useTranslation("read");
  return (
    <Group component="section" gap="xl" aria-label={label} className={classes.figures}>
      {figures.map(({ name, value, hint }) => (
        <Tooltip
          key={name}
          label={hint}
          disabled={!hint}
          multiline
          maw={260}
          events={{ hover: true, focus: true, touch: true }}
        >
          <Stack gap={0}>
            <Text size="xs" c="dimmed">
              {t(`usage.${name}`)}
            </Text>
            <Text size="sm" fw={550} className={classes.number}>
              {value}
            </Text>
          </Stack>
        </Tooltip>
      ))}
    </Group>
  );
}

function spent({ started_at, finished_at }: Job): number | null {
  return started_at && finished_at ? (Date.parse(finished_at) - Date.parse(started_at)) / 1000 : null;
}
