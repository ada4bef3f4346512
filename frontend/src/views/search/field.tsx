import { Button, CloseButton, Group, Kbd, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type RefObject, useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { useSlash } from "../../app/slash";

interface Props {
  field: RefObject<HTMLInputElement | null>;
  words: string;
  onWords: (words: string) => void;
  onSearch: (words: string) => void;
}

/** Where words are given; `/` leads here from everywhere. */
export function Field({ field, words, onWords, onSearch }: Props) {
  const { t } = useTranslation("search");
  const { state } = useLocation();
  useSlash(
    useCallback(() => {
      field.current?.focus();
      field.current?.select();
    }, [field]),
  );
  const called = state?.called === true;
  useEffect(() => {
    if (called) field.current?.focus();
  }, [called, field]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: older browsers do not know <search>
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(words.trim());
      }}
    >
      <Group gap="xs" wrap="nowrap">
        <TextInput
          ref={field}
          flex={1}
          size="md"
          type="text"
          inputMode="search"
          enterKeyHint="search"
          autoComplete="off"
          maxLength={500}
          value={words}
          onChange={(event) => onWords(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          placeholder={t("placeholder")}
          aria-label={t("field")}
          aria-keyshortcuts="/"
          leftSection={<IconSearch size={18} aria-hidden />}
          rightSection={
            words ? (
              <CloseButton
                aria-label={t("clear")}
                onClick={() => {
                  onWords("");
                  field.current?.focus();
                }}
              />
            ) : (
              <Kbd visibleFrom="sm" aria-hidden>
                /
              </Kbd>
            )
          }
        />
        <Button type="submit" size="md">
          {t("search")}
        </Button>
      </Group>
    </form>
  );
}
