import { Text, UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PersonEntry } from "../../api/schema";
import type { Place } from "../../parts/tiles";
import { Face } from "./face";
import { Name } from "./name";
import classes from "./people.module.css";

interface Props extends Place {
  person: PersonEntry;
  /** Whether it is chosen; null where nothing is chosen now. */
  chosen: boolean | null;
  onChoose: (person: PersonEntry) => void;
}

/** A person: a face, a name, and in how many places they were seen. */
export function Tile({ person, chosen, onChoose, index, stop, onStop }: Props) {
  const { t } = useTranslation("people");
  const name = person.name ?? t("unnamed");
  const label = t("personWith", { name, count: person.faces });
  const common = {
    className: classes.circle,
    "data-index": index,
    tabIndex: stop ? 0 : -1,
    onFocus: () => onStop(index),
  };
  return (
    <div className={classes.person}>
      {chosen === null ? (
        <UnstyledButton component={Link} to={`/people/${person.id}`} aria-label={label} {...common}>
          <Face cover={person.cover} />
        </UnstyledButton>
      ) : (
        <UnstyledButton
          aria-label={label}
          aria-pressed={chosen}
          data-chosen={chosen || undefined}
          onClick={() => onChoose(person)}
          {...common}
        >
          <Face cover={person.cover} />
          {chosen && <Tick />}
        </UnstyledButton>
      )}
      <Name id={person.id} name={person.name} tabIndex={stop ? 0 : -1} />
      <Text size="xs" c="dimmed" aria-hidden>
        {t("faces", { count: person.faces })}
      </Text>
    </div>
  );
}

export function Tick() {
  return (
    <span className={classes.tick} aria-hidden>
      <IconCheck size={18} />
    </span>
  );
}
