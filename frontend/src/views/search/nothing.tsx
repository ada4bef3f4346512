import { Anchor, Button, Center, Group, Stack, Text } from "@mantine/core";
import { IconPhotoSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { asks, type Sought } from "./sought";

interface Props {
  sought: Sought;
  onSeek: (what: Partial<Sought>) => void;
}

/** Nothing fits: what can be done about it. */
export function Nothing({ sought, onSeek }: Props) {
  const { t } = useTranslation("search");
  const { q, mode, library, since, until } = sought;
  return (
    <Center mih={220}>
      <Stack align="center" gap="xs">
        <IconPhotoSearch size={48} stroke={1} aria-hidden />
        <Text fw={600}>{t(asks(sought) ? "nothing" : "empty")}</Text>
        <Text size="sm" c="dimmed" ta="center" maw={440}>
          {t(asks(sought) ? "nothingMore" : "emptyMore")}{" "}
          <Anchor component={Link} to="/rescans" underline="always" inherit>
            {t("scan")}
          </Anchor>
        </Text>
        <Group gap="xs" justify="center">
          {(library || since || until) && (
            <Button variant="light" onClick={() => onSeek({ library: "", since: "", until: "" })}>
              {t("unfiltered")}
            </Button>
          )}
          {q && mode !== "hybrid" && (
            <Button variant="light" onClick={() => onSeek({ mode: "hybrid" })}>
              {t("both")}
            </Button>
          )}
        </Group>
      </Stack>
    </Center>
  );
}
