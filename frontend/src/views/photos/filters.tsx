import { CloseButton, Group, SegmentedControl, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { SHOWN, type Shown } from "./choose";
import classes from "./photos.module.css";

interface Props {
  shown: Shown;
  onShown: (shown: Shown) => void;
  words: string;
  onWords: (words: string) => void;
  counts: Record<Shown, number>;
}

/** Which photos of an album are shown. */
export function Filters({ shown, onShown, words, onWords, counts }: Props) {
  const { t, i18n } = useTranslation("photos");
  const number = new Intl.NumberFormat(i18n.language);
  const choices = SHOWN.map((value) => ({ value, label: `${t(value)} ${number.format(counts[value])}` }));
  return (
    <Group className={classes.bar} gap="sm" justify="space-between">
      <SegmentedControl
        aria-label={t("show")}
        data={choices}
        value={shown}
        onChange={(value) => onShown(value as Shown)}
        className={classes.choices ?? ""}
      />
      <TextInput
        flex="1 1 220px"
        maw={380}
        value={words}
        onChange={(event) => onWords(event.currentTarget.value)}
        placeholder={t("search")}
        aria-label={t("search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={words && <CloseButton size="sm" aria-label={t("clear")} onClick={() => onWords("")} />}
      />
    </Group>
  );
}
