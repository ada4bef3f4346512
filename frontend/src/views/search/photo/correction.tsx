import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { correct, uncorrect } from "../../../api/found";
import type { KnownPhoto } from "../../../api/schema";
import { takeKeyboard } from "../../../app/focus";
import { Trouble } from "../../../app/trouble";
import { Marked } from "../marked";
import classes from "../search.module.css";
import { useChange } from "./known";

interface CorrectingProps {
  photo: KnownPhoto;
  /** What stands there now. */
  text: string;
  onDone: () => void;
}

/** The text of a photo in a person's hands. */
export function Correcting({ photo: { sha256 }, text, onDone }: CorrectingProps) {
  const { t } = useTranslation("search");
  const [typed, setTyped] = useState(text);
  const change = useChange(sha256);
  const save = () => change.mutate(() => correct(sha256, typed), { onSuccess: onDone });
  return (
    <Stack gap="xs">
      <Textarea
        ref={takeKeyboard}
        data-mantine-stop-propagation // of Escape: the photo stays open
        autosize
        minRows={3}
        maxRows={14}
        aria-label={t("correctText")}
        description={t("correctAbout")}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
          if (event.key === "Escape") onDone();
        }}
      />
      {change.error && <Trouble error={change.error} />}
      <Group gap="xs" justify="flex-end">
        <Button size="xs" variant="default" onClick={onDone}>
          {t("cancel")}
        </Button>
        <Button size="xs" loading={change.isPending} disabled={typed === text} onClick={save}>
          {t("save")}
        </Button>
      </Group>
    </Stack>
  );
}

interface CorrectedProps {
  photo: KnownPhoto;
  correction: { text: string; at: string };
  words: ReadonlySet<string>;
}

/** What a person wrote in place of what was read. */
export function Corrected({ photo: { sha256 }, correction: { text, at }, words }: CorrectedProps) {
  const { t, i18n } = useTranslation("search");
  const change = useChange(sha256);
  const when = new Date(at).toLocaleString(i18n.language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Stack gap="xs">
      <Text size="sm" className={classes.given}>
        <Marked text={text} words={words} />
      </Text>
      {change.error && <Trouble error={change.error} />}
      <Group gap="xs" justify="space-between">
        <Text size="xs" c="dimmed">
          {t("correctedAt", { when })}
        </Text>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          loading={change.isPending}
          onClick={() => change.mutate(() => uncorrect(sha256))}
        >
          {t("uncorrect")}
        </Button>
      </Group>
    </Stack>
  );
}
