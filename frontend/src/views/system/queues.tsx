import { ScrollArea, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Queues } from "../../api/schema";
import { figures } from "./figures";

/** Every queue in the order in which it is served. */
export function QueueTable({ queues }: { queues: Queues }) {
  const { t, i18n } = useTranslation("system");
  const { count, rate, span } = figures(i18n.language);
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: "region", "aria-label": t("queues") }}>
      <Table tabularNums verticalSpacing="xs" miw={520}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("queue")}</Table.Th>
            <Table.Th ta="right">{t("depth")}</Table.Th>
            <Table.Th ta="right">{t("oldest")}</Table.Th>
            <Table.Th ta="right">{t("rate")}</Table.Th>
            <Table.Th ta="right">{t("done")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.items.map(({ queue, depth, waiting_s, rate_per_s, done_total }) => (
            <Table.Tr key={queue}>
              <Table.Th scope="row" fw={500}>
                {t([`queueIs.${queue}`, queue])}
                <Text size="xs" c="dimmed" ff="monospace">
                  {queue}
                </Text>
              </Table.Th>
              <Table.Td ta="right" fw={depth ? 650 : 400}>
                {count(depth)}
              </Table.Td>
              <Table.Td ta="right">{depth ? span(waiting_s) : "–"}</Table.Td>
              <Table.Td ta="right">{rate(rate_per_s)}</Table.Td>
              <Table.Td ta="right">{count(done_total)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
