import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PersonEntry } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { Face } from "./face";
import { merging, namesOf } from "./join";
import classes from "./people.module.css";
import { useMerge } from "./watch";

interface Props {
  people: readonly PersonEntry[];
  opened: boolean;
  onClose: () => void;
  onDone: () => void;
}

/** Several that are one person: asks first, and under which name. */
export function Merge({ people, opened, onClose, onDone }: Props) {
  const { t } = useTranslation("people");
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      centered
      title={<Text fw={600}>{t("mergeTitle", { count: people.length })}</Text>}
      closeButtonProps={{ "aria-label": t("cancel") }}
    >
      <Form people={people} onClose={onClose} onDone={onDone} />
    </Modal>
  );
}

function Form({ people, onClose, onDone }: Omit<Props, "opened">) {
  const { t } = useTranslation("people");
  const names = namesOf(people);
  const [name, setName] = useState(names[0] ?? "");
  const merge = useMerge();
  const run = () => merge.mutate(merging(people, name), { onSuccess: onDone });
  return (
    <Stack gap="md">
      <Group gap="xs">
        {people.slice(0, 12).map((person) => (
          <span key={person.id} className={classes.circle} style={{ width: 56 }}>
            <Face cover={person.cover} />
          </span>
        ))}
      </Group>
      {names.length > 1 && (
        <Radio.Group label={t("underName")} value={name} onChange={setName}>
          <Stack gap="xs" mt="xs">
            {names.map((each) => (
              <Radio key={each} value={each} label={each} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      <Text size="sm" c="dimmed">
        {t("mergeAbout")}
      </Text>
      {merge.error && <Trouble error={merge.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
        <Button loading={merge.isPending} onClick={run}>
          {t("merge")}
        </Button>
      </Group>
    </Stack>
  );
}
