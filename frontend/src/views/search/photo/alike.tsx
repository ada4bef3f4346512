import { Anchor, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePicture } from "../../../api/files";
import { pictureOf, search } from "../../../api/found";
import type { FoundPhoto } from "../../../api/schema";
import photos from "../../photos/photos.module.css";
import { linkTo } from "../sought";

const MOST = 8;

/** Photos that show something like this one, wherever they lie. */
export function Alike({ sha, onOpen }: { sha: string; onOpen: (key: string) => void }) {
  const { t } = useTranslation("search");
  const { data } = useQuery({
    queryKey: ["search", "alike", sha],
    staleTime: 60_000,
    retry: false,
    queryFn: ({ signal }) => search(new URLSearchParams({ like: sha, mode: "image", limit: `${MOST + 1}` }), signal),
  });
  const others = (data?.items ?? []).filter(({ sha256 }) => sha256 !== sha).slice(0, MOST);
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between" gap="xs">
        <Title order={3} size="h5">
          {t("photos:alike")}
        </Title>
        <Anchor component={Link} to={linkTo({ like: sha })} size="sm">
          {t("moreLikeThis")}
        </Anchor>
      </Group>
      {data && others.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("noAlike")}
        </Text>
      )}
      <Group gap="xs">
        {others.map((other) => (
          <Neighbour key={other.sha256} other={other} onOpen={onOpen} />
        ))}
      </Group>
    </Stack>
  );
}

function Neighbour({ other: { sha256, name }, onOpen }: { other: FoundPhoto; onOpen: (key: string) => void }) {
  const { url } = usePicture(pictureOf(sha256, 384));
  return (
    <UnstyledButton className={photos.near} aria-label={name} title={name} onClick={() => onOpen(sha256)}>
      {url && <img src={url} alt="" decoding="async" />}
    </UnstyledButton>
  );
}
