import { Button, Group, Popover, Progress, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Progress as Far } from "./choose";
import type { Snapshot } from "./session";

interface Props {
  snapshot: Snapshot;
  far: Far;
  onStop: () => void;
}

/** How far an album is, in a line and in words. */
export function ProgressLine({ snapshot, far, onStop }: Props) {
  const { t, i18n } = useTranslation("photos");
  const number = new Intl.NumberFormat(i18n.language);
  const { total, sent, done, failed, cancelled } = far;
  const over = total > 0 && done + failed + cancelled >= total;
  const part = (count: number) => (total > 0 ? (100 * count) / total : 0);
  const words = over
    ? t("finished", { count: done + failed })
    : t("going", { done: number.format(done + failed), total: number.format(total) });
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Group gap="md">
          <Text fw={600} role="status" aria-live={over ? "polite" : "off"}>
            {words}
          </Text>
          {failed > 0 && (
            <Text size="sm" c="red">
              {t("failedCount", { count: failed })}
            </Text>
          )}
          {cancelled > 0 && (
            <Text size="sm" c="dimmed">
              {t("cancelledCount", { count: cancelled })}
            </Text>
          )}
          {snapshot.sending && sent < total && (
            <Text size="sm" c="dimmed">
              {t("sendingCount", { sent: number.format(sent), total: number.format(total) })}
            </Text>
          )}
          <Waits snapshot={snapshot} />
        </Group>
        {!over && total > 0 && <Stop onStop={onStop} />}
      </Group>
      {!over && (
        <Progress.Root size="md">
          <Progress.Section value={part(done)} color="blue" aria-label={words} />
          <Progress.Section value={part(failed)} color="red" aria-label={t("failedCount", { count: failed })} />
          <Progress.Section value={part(sent - done - failed - cancelled)} color="gray.5" aria-hidden />
        </Progress.Root>
      )}
    </Stack>
  );
}

function Waits({ snapshot: { until, full, connected } }: { snapshot: Snapshot }) {
  const { t } = useTranslation("photos");
  const seconds = useSecondsUntil(until);
  const words = seconds !== null ? t(full ? "fullWait" : "lostWait", { seconds }) : connected ? null : t("lost");
  return (
    <Text size="sm" c="orange" role="status" aria-live="off">
      {words}
    </Text>
  );
}

function useSecondsUntil(until: number | null): number | null {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? null : Math.max(0, Math.ceil((until - now) / 1000));
}

function Stop({ onStop }: { onStop: () => void }) {
  const { t } = useTranslation("photos");
  const [open, { toggle, close }] = useDisclosure();
  return (
    <Popover opened={open} onChange={close} withArrow trapFocus shadow="md">
      <Popover.Target>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={toggle}>
          {t("stop")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw={280}>
        <Stack gap="xs">
          <Text size="sm">{t("stopSure")}</Text>
          <Group gap="xs" justify="flex-end">
            <Button size="xs" variant="default" onClick={close}>
              {t("stopNo")}
            </Button>
            <Button size="xs" color="red" onClick={onStop}>
              {t("stopYes")}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
