import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPhotoSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import { got } from "../../api/jobs";
import type { DryRun, DryRunCounts, Job } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { useCapabilities } from "../photos/capabilities";
import { Tasks, usable } from "../photos/tasks";
import { Folders } from "./folders";
import { format } from "./format";
import { Options } from "./options";
import { When } from "./when";
import { fresh, jobOf, scheduleOf, type Wish } from "./wish";

/** The form of a rescan: which folder, what to look for, when. */
export function NewRescan({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation("rescans");
  const small = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={600}>{t("fresh")}</Text>}
      size="lg"
      fullScreen={small}
      closeButtonProps={{ "aria-label": t("form.close") }}
    >
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("rescans");
  const [wish, setWish] = useState<Wish>(fresh);
  const tasks = usable(wish.tasks, useCapabilities());
  const able = { ...wish, tasks };
  const ready = wish.library !== "" && tasks.length > 0;
  const { count, start, keep } = useSending(onClose);
  const set = (what: Partial<Wish>) => setWish((before) => ({ ...before, ...what }));
  const { reset } = count;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was counted is no longer what is asked for
  useEffect(reset, [wish, reset]);
  const failed = count.error ?? start.error ?? keep.error;
  return (
    <Stack gap="md">
      <Folders path={wish.library} onPath={(library) => set({ library })} />
      <Tasks chosen={tasks} onChoose={(chosen) => set({ tasks: chosen })} />
      <Options wish={wish} onChange={set} />
      <When cron={wish.cron} onCron={(cron) => set({ cron })} />
      {count.data && <Counted counts={count.data} />}
      {failed && <Trouble error={failed} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" disabled={!ready} loading={count.isPending} onClick={() => count.mutate(able)}>
          {t("form.count")}
        </Button>
        {wish.cron === null ? (
          <Button disabled={!ready} loading={start.isPending} onClick={() => start.mutate(able)}>
            {t("form.start")}
          </Button>
        ) : (
          <Button disabled={!ready} loading={keep.isPending} onClick={() => keep.mutate(able)}>
            {t("form.keep")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function useSending(onClose: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const count = useMutation({
    mutationFn: async (wish: Wish) =>
      (got((await api.POST("/api/jobs", { body: jobOf(wish, true) })).data) as DryRun).counts,
  });
  const start = useMutation({
    mutationFn: async (wish: Wish) => got((await api.POST("/api/jobs", { body: jobOf(wish, false) })).data) as Job,
    onSuccess: (job) => {
      void queries.invalidateQueries({ queryKey: ["jobs"] });
      void navigate(`/rescans/${job.task_id}`);
    },
  });
  const keep = useMutation({
    mutationFn: async (wish: Wish) => {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      return got((await api.POST("/api/schedules", { body: scheduleOf(wish, zone) })).data);
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["schedules"] });
      onClose();
    },
  });
  return { count, start, keep };
}

function Counted({ counts }: { counts: DryRunCounts }) {
  const { t, i18n } = useTranslation("rescans");
  const said = format(i18n.language);
  const { total, cached } = counts;
  const parts = (["new", "changed", "unchanged", "deleted", "warnings"] as const).filter((what) => counts[what] > 0);
  const about =
    total === 0
      ? t("form.nothing")
      : cached === total
        ? t("form.allKnown")
        : t("form.toLook", { count: total - cached, known: said.count(cached) });
  return (
    <Alert
      ref={(node) => node?.scrollIntoView({ block: "nearest" })}
      color={total === 0 ? "yellow" : "teal"}
      icon={<IconPhotoSearch aria-hidden />}
      role="status"
    >
      <Text fw={700} size="xl">
        {t("form.found", { count: total })}
      </Text>
      <Text size="sm">{about}</Text>
      <Text size="sm" c="dimmed">
        {parts
          .map((what) =>
            t("foundShort", { count: counts[what], what: t(`found.${what}`).toLocaleLowerCase(i18n.language) }),
          )
          .join(" · ")}
      </Text>
    </Alert>
  );
}
