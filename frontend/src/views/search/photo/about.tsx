import { Anchor, Stack, Table, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { KnownPhoto } from "../../../api/schema";
import { Fact } from "../../photos/about";
import { linkTo } from "../sought";

/** What a photo is, where it lies, and which models looked at it. */
export function About({
  photo: { name, library, path, taken_at: taken, width, height, models },
}: {
  photo: KnownPhoto;
}) {
  const { t, i18n } = useTranslation("search");
  return (
    <Stack gap="xs" component="section">
      <Title order={3} size="h5">
        {t("photos:details")}
      </Title>
      <Table layout="auto" verticalSpacing={4} horizontalSpacing={0} withRowBorders={false}>
        <Table.Tbody>
          <Fact name={t("file")}>{path ?? name}</Fact>
          {library && (
            <Fact name={t("folder")}>
              <Anchor component={Link} to={linkTo({ library })} inherit>
                {library}
              </Anchor>
            </Fact>
          )}
          {taken && (
            <Fact name={t("taken")}>
              {new Date(taken).toLocaleString(i18n.language, { dateStyle: "long", timeStyle: "short" })}
            </Fact>
          )}
          {width && height && <Fact name={t("photos:size")}>{t("photos:pixels", { width, height })}</Fact>}
          {Object.entries(models).map(([task, model]) => (
            <Fact key={task} name={t("photos:model", { task: t(`photos:${task}`, task) })}>
              {model}
            </Fact>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
