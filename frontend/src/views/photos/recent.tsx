import { Badge, Group, SimpleGrid, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { getJobs } from "../../api/jobs";
import { albums, type Sent } from "./albums";
import classes from "./photos.module.css";

const LOOKED_AT = 200;
const MOST = 6;

/** Albums that were sent before, to be opened again. */
export function Recent() {
  const { t } = useTranslation("photos");
  const { data } = useQuery({
    queryKey: ["jobs", "photos"],
    queryFn: ({ signal }) => getJobs("photos", LOOKED_AT, signal),
  });
  const all = albums(data?.items ?? []).slice(0, MOST);
  if (all.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={3} size="h4">
        {t("recent")}
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        {all.map((album) => (
          <Earlier key={album.job} album={album} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function Earlier({ album }: { album: Sent }) {
  const { t, i18n } = useTranslation("photos");
  return (
    <UnstyledButton component={Link} to={`/photos/${album.job}`} className={classes.earlier}>
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600}>{t("photos", { count: album.total })}</Text>
        {album.failed > 0 && (
          <Badge color="red" variant="light" tt="none">
            {t("failedCount", { count: album.failed })}
          </Badge>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {new Date(album.at).toLocaleString(i18n.language, { dateStyle: "medium", timeStyle: "short" })}
      </Text>
    </UnstyledButton>
  );
}
