import { Autocomplete, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../../api/client";
import { reprocess } from "../../../api/found";
import { got } from "../../../api/jobs";
import type { KnownPhoto } from "../../../api/schema";
import { Trouble } from "../../../app/trouble";
import { TASKS, useCapabilities } from "../../photos/capabilities";
import { Tasks, usable } from "../../photos/tasks";
import { useChange } from "./known";

/** Looking at a photo again where the result is wrong, with another model if there is one. */
export function Again({ photo }: { photo: KnownPhoto }) {
  const { t } = useTranslation("search");
  const [opened, { toggle }] = useDisclosure();
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between" gap="xs">
        <Title order={3} size="h5">
          {t("wrong")}
        </Title>
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconRefresh size={16} aria-hidden />}
          aria-expanded={opened}
          onClick={toggle}
        >
          {t("again")}
        </Button>
      </Group>
      {opened && <Form photo={photo} />}
    </Stack>
  );
}

function Form({ photo: { sha256, models, history } }: { photo: KnownPhoto }) {
  const { t } = useTranslation("search");
  const [wanted, setWanted] = useState<string[]>(TASKS.filter((task) => task in models));
  const [model, setModel] = useState("");
  const [said, setSaid] = useState<"againSame" | "againDone" | null>(null);
  const tasks = usable(wanted, useCapabilities());
  const only = tasks.length === 1 ? tasks[0] : undefined;
  const choices = useModels(only);
  const change = useChange(sha256);
  const run = () =>
    change.mutate(() => reprocess(sha256, tasks, only ? model.trim() : ""), {
      onSuccess: (after) => setSaid(after.history[0]?.id === history[0]?.id ? "againSame" : "againDone"),
    });
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {t("againAbout")}
      </Text>
      <Tasks chosen={tasks} onChoose={setWanted} />
      {only && (
        <Autocomplete
          label={t("otherModel")}
          placeholder={models[only] ?? t("usualModel")}
          data={choices}
          value={model}
          onChange={setModel}
        />
      )}
      <Text size="sm" role="status">
        {said && !change.isPending && t(said)}
      </Text>
      {change.error && <Trouble error={change.error} />}
      <Button
        size="xs"
        style={{ alignSelf: "flex-end" }}
        disabled={tasks.length === 0}
        loading={change.isPending}
        onClick={run}
      >
        {t("again")}
      </Button>
    </Stack>
  );
}

/** Models that a worker has in memory for a task. */
function useModels(task: string | undefined): string[] {
  const { data } = useQuery({
    queryKey: ["models"],
    enabled: task !== undefined,
    queryFn: async ({ signal }) => got((await api.GET("/api/models", { signal })).data),
  });
  const all = data?.items.flatMap(({ loaded }) => loaded) ?? [];
  return [...new Set(all.filter(({ capability }) => capability === task).map(({ name }) => name))];
}
