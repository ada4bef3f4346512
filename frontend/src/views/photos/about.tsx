import { Badge, Group, Stack, Table, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Photo } from "./album";

/** What a photo is, and which models looked at it. */
export function About({ photo }: { photo: Photo }) {
  const { t, i18n } = useTranslation("photos");
  const { width, height, file, models, cached } = photo;
  if (!width && !file && Object.keys(models).length === 0) return null;
  const bytes = new Intl.NumberFormat(i18n.language, { style: "unit", unit: "megabyte", maximumFractionDigits: 2 });
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t("details")}
      </Title>
      <Table layout="auto" verticalSpacing={4} horizontalSpacing={0} withRowBorders={false}>
        <Table.Tbody>
          {width && height && <Fact name={t("size")}>{t("pixels", { width, height })}</Fact>}
          {file && <Fact name={t("fileSize")}>{bytes.format(file.size / 1e6)}</Fact>}
          {Object.entries(models).map(([task, model]) => (
            <Fact key={task} name={t("model", { task: t(task) })}>
              <Group gap="xs">
                {model}
                {cached.includes(task) && (
                  <Badge size="sm" variant="light" color="gray" tt="none">
                    {t("known")}
                  </Badge>
                )}
              </Group>
            </Fact>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** A row of a table of two columns. */
export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th c="dimmed" fw={400} w="9em" style={{ verticalAlign: "top" }} scope="row">
        {name}
      </Table.Th>
      <Table.Td style={{ overflowWrap: "anywhere" }}>{children}</Table.Td>
    </Table.Tr>
  );
}
