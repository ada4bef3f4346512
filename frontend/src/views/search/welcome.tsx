import { Code, SimpleGrid, Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./search.module.css";

const WAYS = ["plain", "quotes", "ocr", "clip"] as const;

/** Before anything is looked for: how it can be said. */
export function Welcome({ onTry }: { onTry: (words: string) => void }) {
  const { t } = useTranslation("search");
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="sm">
      {WAYS.map((way) => (
        <UnstyledButton key={way} className={classes.hint} onClick={() => onTry(t(`ways.${way}.example`))}>
          <Code fz="sm">{t(`ways.${way}.example`)}</Code>
          <Text size="sm" c="dimmed" mt={6}>
            {t(`ways.${way}.about`)}
          </Text>
        </UnstyledButton>
      ))}
    </SimpleGrid>
  );
}
