import { Group, Radio, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ask } from "../../api/client";
import type { Readiness } from "../../api/schema";
import classes from "./read.module.css";
import { MODES, type Wish } from "./send";

/** What only a language model can do with a page. */
const MODEL_ONLY: readonly string[] = ["describe", "figure", "locate"];

/** The modes, in words; those that nothing here can do say so. */
export function Modes({ wish, onWish }: { wish: Wish; onWish: (wish: Wish) => void }) {
  const { t } = useTranslation("read");
  const classic = useEngine() === "classic";
  return (
    <Stack gap="sm">
      <Radio.Group
        label={t("how")}
        value={wish.mode}
        onChange={(mode) => onWish({ ...wish, mode: mode as Wish["mode"] })}
      >
        <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }} mt="xs" spacing="xs">
          {MODES.map((mode) => {
            const missing = classic && MODEL_ONLY.includes(mode);
            return (
              <Radio.Card key={mode} value={mode} p="sm" className={classes.mode} disabled={missing}>
                <Group wrap="nowrap" align="flex-start" gap="sm">
                  <Radio.Indicator disabled={missing} />
                  <Stack gap={2}>
                    <Text size="sm" fw={600}>
                      {t(`mode.${mode}.name`)}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {missing ? t("modelOnly") : t(`mode.${mode}.text`)}
                    </Text>
                  </Stack>
                </Group>
              </Radio.Card>
            );
          })}
        </SimpleGrid>
      </Radio.Group>
      {wish.mode === "locate" && (
        <TextInput
          label={t("sought")}
          placeholder={t("soughtHint")}
          value={wish.sought}
          required
          onChange={(event) => onWish({ ...wish, sought: event.currentTarget.value })}
        />
      )}
    </Stack>
  );
}

/** What reads documents here; a service that is not ready says so too, with another status. */
function useEngine(): string | undefined {
  const { data } = useQuery({
    queryKey: ["readyz"],
    queryFn: async ({ signal }): Promise<Readiness> => (await ask("/readyz", { signal })).json(),
    staleTime: 30_000,
    retry: false,
  });
  return data?.capabilities.document?.engine ?? undefined;
}
