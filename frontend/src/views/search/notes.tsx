import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SearchPage } from "../../api/schema";

/** What is to be known of an answer: which model stands in, what could not be asked. */
export function Notes({ answer: { models, notes } }: { answer: SearchPage }) {
  const { t } = useTranslation("search");
  const standsIn = models.image === "concepts";
  if (!standsIn && notes.length === 0) return null;
  return (
    <Stack gap={2} role="note">
      {standsIn && (
        <Text size="sm" c="dimmed">
          {t("concepts")}
        </Text>
      )}
      {notes.map((note) => (
        <Text key={note} size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {note}
        </Text>
      ))}
    </Stack>
  );
}
