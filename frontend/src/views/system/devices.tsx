import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconCpu, IconCpu2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Devices, LoadedModel, Models } from "../../api/schema";

type Device = Devices["items"][number];
type Worker = Device["workers"][number];

/** Each device with its workers, and what those have in memory. */
export function DeviceCards({ devices, models }: { devices: Devices; models: Models | undefined }) {
  const { t } = useTranslation("system");
  if (!devices.items.length) return <Text c="dimmed">{t("noDevices")}</Text>;
  const loaded = new Map(models?.items.map((one) => [one.worker, one.loaded]));
  return (
    <Stack>
      {devices.items.map(({ device, workers }) => {
        const Icon = device.startsWith("cpu") ? IconCpu : IconCpu2;
        return (
          <Card key={device} withBorder radius="lg" padding="md">
            <Group gap="xs" mb="sm">
              <Icon size={20} stroke={1.6} aria-hidden />
              <Title order={3} size="sm" ff="monospace">
                {device}
              </Title>
            </Group>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
              {workers.map((worker) => (
                <WorkerFacts key={worker.worker} worker={worker} loaded={loaded.get(worker.worker) ?? []} />
              ))}
            </SimpleGrid>
          </Card>
        );
      })}
    </Stack>
  );
}

function WorkerFacts({ worker, loaded }: { worker: Worker; loaded: LoadedModel[] }) {
  const { t } = useTranslation("system");
  const roles = [...new Set(worker.queues.map((queue) => queue.split(".")[0] ?? queue))];
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
          {worker.worker}
        </Text>
        {roles.map((role) => (
          <Badge key={role} variant="default" tt="none" fw={500}>
            {t([`role.${role}`, role])}
          </Badge>
        ))}
      </Group>
      <Text size="xs" c="dimmed">
        {worker.host} · {t("process")} {worker.pid} · {t("threads")} {worker.threads}
      </Text>
      <Group gap={6}>
        <Text size="xs" c="dimmed">
          {t("loaded")}:
        </Text>
        {loaded.length === 0 && (
          <Text size="xs" c="dimmed">
            {t("nothingLoaded")}
          </Text>
        )}
        {loaded.map((model) => (
          <Badge
            key={`${model.capability} ${model.name} ${model.runtime}`}
            variant="light"
            color="gray"
            tt="none"
            fw={500}
          >
            {model.name} · {model.runtime} · {model.precision}
          </Badge>
        ))}
      </Group>
    </Stack>
  );
}
