import { ActionIcon, Badge, Group, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Trouble } from "../../app/trouble";
import { dismiss, type Parcel, useParcels } from "./send";

const SHOWN = 20;

/** Files on their way to the service, one after another, and those that it did not take. */
export function Parcels() {
  const { t } = useTranslation("read");
  const parcels = useParcels();
  if (!parcels.length) return null;
  return (
    <Stack gap="xs" component="section" aria-label={t("queue")}>
      <Title order={2} size="h4">
        {t("queue")}
      </Title>
      {parcels.slice(0, SHOWN).map((parcel) => (
        <Sending key={parcel.id} parcel={parcel} />
      ))}
      {parcels.length > SHOWN && (
        <Text size="sm" c="dimmed">
          + {parcels.length - SHOWN}
        </Text>
      )}
    </Stack>
  );
}

function Sending({ parcel: { id, file, state, error } }: { parcel: Parcel }) {
  const { t } = useTranslation("read");
  const refused = state === "refused";
  return (
    <Paper withBorder p="xs">
      <Group wrap="nowrap" justify="space-between" gap="sm">
        <Group wrap="nowrap" gap="sm" miw={0}>
          {state === "sending" && <Loader size={16} />}
          <Text size="sm" truncate>
            {file.name}
          </Text>
        </Group>
        <Group wrap="nowrap" gap={4}>
          <Badge variant="light" color={refused ? "red" : "gray"}>
            {t(`sending.${state}`)}
          </Badge>
          {refused && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("dismiss", { name: file.name })}
              onClick={() => dismiss(id)}
            >
              <IconX size={16} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      {refused && <Trouble error={error} />}
    </Paper>
  );
}
