import { ActionIcon, Anchor, Card, Code, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { IconClock, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { got } from "../../api/jobs";
import type { Schedule } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { format } from "./format";
import { PRESETS } from "./wish";

/** Rescans that begin by the clock; nothing where there are none. */
export function Schedules() {
  const { t } = useTranslation("rescans");
  const schedules = useQuery({
    queryKey: ["schedules"],
    refetchInterval: 30_000,
    queryFn: async ({ signal }) => got((await api.GET("/api/schedules", { signal })).data).items,
  });
  if (schedules.isError) return <Trouble error={schedules.error} />;
  if (!schedules.data?.length) return null;
  return (
    <Stack gap="sm" component="section">
      <Title order={3} size="h4">
        {t("schedules")}
      </Title>
      {schedules.data.map((schedule) => (
        <One key={schedule.id} schedule={schedule} />
      ))}
    </Stack>
  );
}

function One({ schedule }: { schedule: Schedule }) {
  const { t, i18n } = useTranslation("rescans");
  const { turn, remove } = useTurning(schedule.id);
  const preset = Object.entries(PRESETS).find(([, line]) => line === schedule.cron)?.[0];
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
          <IconClock size={22} stroke={1.6} aria-hidden style={{ flexShrink: 0 }} />
          <div style={{ minWidth: 0 }}>
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {schedule.library}
            </Text>
            <Text size="sm" c="dimmed">
              {preset ? t(`form.${preset}`) : <Code>{schedule.cron}</Code>} ·{" "}
              {schedule.enabled ? t("next", { moment: format(i18n.language).moment(schedule.next_at) }) : t("resting")}
              {schedule.last_job_id && (
                <>
                  {" · "}
                  <Anchor component={Link} to={`/rescans/${schedule.last_job_id}`} size="sm">
                    {t("lastRun")}
                  </Anchor>
                </>
              )}
            </Text>
          </div>
        </Group>
        <Group gap="xs" wrap="nowrap">
          <Switch
            aria-label={`${t("schedules")}: ${schedule.library}`}
            checked={schedule.enabled}
            onChange={() => turn.mutate(schedule.enabled ? "pause" : "resume")}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t("removeFor", { name: schedule.library })}
            title={t("remove")}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            <IconTrash size={18} />
          </ActionIcon>
        </Group>
      </Group>
    </Card>
  );
}

function useTurning(id: string) {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["schedules"] });
  const turn = useMutation({
    mutationFn: (action: "pause" | "resume") =>
      api.POST("/api/schedules/{schedule_id}/{action}", { params: { path: { schedule_id: id, action } } }),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/schedules/{schedule_id}", { params: { path: { schedule_id: id } } }),
    onSuccess,
  });
  return { turn, remove };
}
