import "./text";
import { Anchor, Card, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { DeviceCards } from "./devices";
import { Health, Verdict } from "./health";
import { QueueTable } from "./queues";
import { useDevices, useModels, useMoments, useQueues, useReadiness, useVersion } from "./watch";

const Charts = lazy(() => import("./charts"));

/** How the service does, for who runs it. */
export default function System() {
  const readiness = useReadiness();
  return (
    <Stack gap="xl" maw={1200} mx="auto">
      <Head />
      {readiness.isError && <Trouble error={readiness.error} />}
      {readiness.isPending && <Busy />}
      {readiness.data && !readiness.isError && (
        <>
          <Verdict readiness={readiness.data} />
          <Health readiness={readiness.data} />
        </>
      )}
      <LastHour />
      <Queues />
      <Machines />
    </Stack>
  );
}

function Head() {
  const { t } = useTranslation("system");
  const version = useVersion();
  return (
    <Group justify="space-between" align="baseline">
      <Title order={1} size="h2">
        {t("title")}
      </Title>
      <Group gap="md">
        {version.data && (
          <Text size="sm" c="dimmed">
            {t("version", { version: version.data })}
          </Text>
        )}
        {[
          ["/api/docs", "docs"],
          ["/metrics", "metrics"],
        ].map(([href, name]) => (
          <Anchor key={name} href={href} target="_blank" size="sm" title={`${t(`${name}`)} ${t("outside")}`}>
            {t(`${name}`)}
          </Anchor>
        ))}
      </Group>
    </Group>
  );
}

function LastHour() {
  const { t } = useTranslation("system");
  const { moments, error } = useMoments();
  return (
    <section aria-labelledby="hour">
      <Title order={2} size="h4" id="hour">
        {t("lastHour")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t("lastHourIs")}
      </Text>
      {error ? <Trouble error={error} /> : null}
      {!error && (
        <Suspense fallback={<Skeleton h={460} radius="lg" />}>
          {moments ? <Charts moments={moments} /> : <Skeleton h={460} radius="lg" />}
        </Suspense>
      )}
    </section>
  );
}

function Queues() {
  const { t } = useTranslation("system");
  const queues = useQueues();
  return (
    <section aria-labelledby="queues">
      <Title order={2} size="h4" mb="sm" id="queues">
        {t("queues")}
      </Title>
      {queues.isError && <Trouble error={queues.error} />}
      {queues.data && (
        <Card withBorder radius="lg" padding="xs">
          <QueueTable queues={queues.data} />
        </Card>
      )}
    </section>
  );
}

function Machines() {
  const { t } = useTranslation("system");
  const devices = useDevices();
  const models = useModels();
  return (
    <section aria-labelledby="devices">
      <Title order={2} size="h4" mb="sm" id="devices">
        {t("devices")}
      </Title>
      {devices.isError && <Trouble error={devices.error} />}
      {devices.data && <DeviceCards devices={devices.data} models={models.data} />}
    </section>
  );
}
