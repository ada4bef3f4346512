import { Button, Group, List, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { warnings } from "./stream";

const MOST = 100;

/** What of a folder could not be listed, and why; read only when somebody wants to know. */
export function Warnings({ job, count }: { job: string; count: number }) {
  const { t } = useTranslation("rescans");
  const [open, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ["warnings", job, count],
    enabled: open,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => warnings(job, Math.min(count, MOST), signal),
  });
  if (count === 0) return null;
  return (
    <Stack gap="xs" component="section">
      <Group gap="sm">
        <Title order={3} size="h4">
          {t("notListed")} ({count})
        </Title>
        {!open && (
          <Button size="compact-sm" variant="light" onClick={() => setOpen(true)}>
            {t("showNotListed")}
          </Button>
        )}
      </Group>
      {query.isLoading && <Busy />}
      {query.isError && <Trouble error={query.error} />}
      {query.data && (
        <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0, role: "region", "aria-label": t("notListed") }}>
          <List spacing={4} size="sm">
            {query.data.map((each) => (
              <List.Item key={each.seq}>
                <Text span ff="monospace" size="sm" style={{ overflowWrap: "anywhere" }}>
                  {each.name}
                </Text>{" "}
                <Text span c="dimmed" size="sm">
                  {t(`warnings.${each.code}`, each.message)}
                </Text>
              </List.Item>
            ))}
          </List>
        </ScrollArea.Autosize>
      )}
    </Stack>
  );
}
