import { Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { InFolder } from "./folder";
import { MODES, type Mode, type Sought } from "./sought";

const WHEN = ["since", "until"] as const;
/** While a year is typed, it is one of the first centuries. */
const FIRST_DAY = "1800-01-01";

interface Props {
  sought: Sought;
  onSeek: (what: Partial<Sought>) => void;
}

/** How to search, and where: in text or meaning, in which folder, taken when. */
export function Filters({ sought, onSeek }: Props) {
  const { t } = useTranslation("search");
  return (
    <Group gap="sm">
      {sought.q && (
        <SegmentedControl
          aria-label={t("mode")}
          data={MODES.map((value) => ({ value, label: t(`modes.${value}`) }))}
          value={sought.mode}
          onChange={(mode) => onSeek({ mode: mode as Mode })}
        />
      )}
      <InFolder path={sought.library} onPath={(library) => onSeek({ library })} />
      {WHEN.map((which) => (
        <Day
          key={which}
          label={t(`${which}Long`)}
          short={t(which)}
          day={sought[which]}
          onDay={(day) => onSeek({ [which]: day })}
        />
      ))}
    </Group>
  );
}

interface DayProps {
  label: string;
  short: string;
  day: string;
  onDay: (day: string) => void;
}

function Day({ label, short, day, onDay }: DayProps) {
  const [typed, setTyped] = useState(day);
  useEffect(() => setTyped(day), [day]);
  return (
    <TextInput
      type="date"
      flex="1 1 160px"
      maw={190}
      max="9999-12-31"
      aria-label={label}
      value={typed}
      onChange={(event) => {
        const said = event.currentTarget.value;
        setTyped(said);
        if (said === "" ? event.currentTarget.validity.valid : said >= FIRST_DAY) onDay(said);
      }}
      leftSection={
        <Text size="xs" c="dimmed" aria-hidden>
          {short}
        </Text>
      }
      leftSectionWidth={44}
    />
  );
}
