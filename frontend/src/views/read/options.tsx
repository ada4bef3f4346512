import {
  Button,
  Collapse,
  Group,
  Paper,
  PasswordInput,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Modes } from "./modes";
import { PLAIN, RESOLUTIONS, type Wish, wrong } from "./send";

interface Props {
  wish: Wish;
  onWish: (wish: Wish) => void;
}

/** How the next documents are read; closed, it says in a line what was chosen. */
export function Options({ wish, onWish }: Props) {
  const { t } = useTranslation("read");
  const [open, { toggle }] = useDisclosure();
  const chosen = [
    t(`mode.${wish.mode}.name`),
    wish.resolution !== "gundam" && t(`resolutions.${wish.resolution}`),
    wish.pages,
  ];
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          onClick={toggle}
          aria-expanded={open}
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden style={{ rotate: open ? "180deg" : "none" }} />}
        >
          {t("options")}
        </Button>
        <Text size="sm" c="dimmed" truncate>
          {chosen.filter(Boolean).join(" · ")}
        </Text>
        {wish !== PLAIN && (
          <Button variant="subtle" size="compact-sm" onClick={() => onWish(PLAIN)}>
            {t("reset")}
          </Button>
        )}
      </Group>
      <Collapse expanded={open}>
        <Paper withBorder p="md">
          <Stack gap="lg">
            <Modes wish={wish} onWish={onWish} />
            <Details wish={wish} onWish={onWish} />
          </Stack>
        </Paper>
      </Collapse>
    </Stack>
  );
}

function Details({ wish, onWish }: Props) {
  const { t } = useTranslation("read");
  return (
    <>
      <Radio.Group
        label={t("resolution")}
        description={t("resolutionHint")}
        value={wish.resolution}
        onChange={(resolution) => onWish({ ...wish, resolution: resolution as Wish["resolution"] })}
      >
        <Group mt="xs" gap="md">
          {RESOLUTIONS.map((value) => (
            <Radio key={value} value={value} label={t(`resolutions.${value}`)} />
          ))}
        </Group>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t("pages")}
          description={t("pagesHint")}
          value={wish.pages}
          error={wrong(wish) === "pages" && t("wrong.pages")}
          inputMode="numeric"
          onChange={(event) => onWish({ ...wish, pages: event.currentTarget.value })}
        />
        <PasswordInput
          label={t("password")}
          description={t("passwordHint")}
          value={wish.password}
          autoComplete="off"
          onChange={(event) => onWish({ ...wish, password: event.currentTarget.value })}
        />
      </SimpleGrid>
    </>
  );
}
