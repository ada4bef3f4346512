import "./text";
import { Stack, Text, Title } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "./field";
import { Filters } from "./filters";
import { useResults } from "./found";
import { wordsOf } from "./highlight";
import { Detail } from "./photo/detail";
import { Results } from "./results";
import { asks, useOpen, useSought } from "./sought";
import { Subject } from "./subject";
import { Welcome } from "./welcome";

export default function Search() {
  const { t } = useTranslation("search");
  const [sought, seek] = useSought();
  const [open, onOpen] = useOpen();
  const results = useResults(sought);
  const [typed, setTyped] = useState(sought.q);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(sought.q), [sought.q]);
  const words = useMemo(() => wordsOf(sought.mode === "image" ? "" : sought.q), [sought]);
  const photos = useMemo(() => results.found.filter(({ page }) => !page), [results.found]);
  const asked = asks(sought);
  const suggest = (example: string) => {
    setTyped(example);
    field.current?.focus();
  };
  return (
    <Stack gap="md">
      <div>
        <Title order={2}>{t("title")}</Title>
        {!asked && <Text c="dimmed">{t("intro")}</Text>}
      </div>
      <Stack gap="sm" maw={980}>
        <Field field={field} words={typed} onWords={setTyped} onSearch={(q) => seek({ q })} />
        <Subject sought={sought} onSeek={seek} />
        <Filters sought={sought} onSeek={seek} />
      </Stack>
      {!asked && <Welcome onTry={suggest} />}
      <Results results={results} words={words} sought={sought} onSeek={seek} onOpen={onOpen} />
      <Detail open={open} found={photos} words={words} onOpen={onOpen} />
    </Stack>
  );
}
