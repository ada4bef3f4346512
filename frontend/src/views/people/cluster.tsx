import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUsersGroup } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { useCluster } from "./watch";

/** Puts faces of one person together; says how far that is. */
export function Cluster({ cluster: { job, going, begin } }: { cluster: ReturnType<typeof useCluster> }) {
  const { t } = useTranslation("people");
  const run = () =>
    begin.mutate(undefined, {
      onError: (error) => notifications.show({ color: "red", message: error.message }),
    });
  return (
    <Group gap="sm">
      <Text size="sm" c={job?.error ? "red" : "dimmed"} role="status">
        {going ? t("grouping") : job?.error?.message}
      </Text>
      <Button
        leftSection={<IconUsersGroup size={18} aria-hidden />}
        loading={going || begin.isPending}
        title={t("groupAbout")}
        onClick={run}
      >
        {t("group")}
      </Button>
    </Group>
  );
}
