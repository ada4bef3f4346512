import { Button, Checkbox, Collapse, SegmentedControl, Stack, Switch, TagsInput, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Wish } from "./wish";

const PATTERNS = ["*.jpg", "*.png", "*.heic", "*.tif", "2024/*"];

/** What most people leave as it is. */
export function Options({ wish, onChange }: { wish: Wish; onChange: (what: Partial<Wish>) => void }) {
  const { t } = useTranslation("rescans");
  const [open, { toggle }] = useDisclosure();
  const Chevron = open ? IconChevronUp : IconChevronDown;
  return (
    <Stack gap="xs" align="flex-start">
      <Switch
        label={t("form.recursive")}
        checked={wish.recursive}
        onChange={(event) => onChange({ recursive: event.currentTarget.checked })}
      />
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        onClick={toggle}
        aria-expanded={open}
        rightSection={<Chevron size={16} aria-hidden />}
      >
        {t("form.options")}
      </Button>
      <Collapse expanded={open} w="100%">
        <Stack gap="sm">
          <TagsInput
            label={t("form.include")}
            placeholder={t("form.patterns")}
            data={PATTERNS}
            value={wish.include}
            onChange={(include) => onChange({ include })}
          />
          <TagsInput
            label={t("form.exclude")}
            placeholder={t("form.patterns")}
            value={wish.exclude}
            onChange={(exclude) => onChange({ exclude })}
          />
          <Checkbox
            label={t("form.force")}
            checked={wish.force}
            onChange={(event) => onChange({ force: event.currentTarget.checked })}
          />
          <div>
            <Text size="sm" fw={500} id="priority" mb={4}>
              {t("form.priority")}
            </Text>
            <SegmentedControl
              aria-labelledby="priority"
              data={(["bulk", "interactive"] as const).map((value) => ({ value, label: t(`form.${value}`) }))}
              value={wish.priority}
              onChange={(value) => onChange({ priority: value as Wish["priority"] })}
            />
          </div>
        </Stack>
      </Collapse>
    </Stack>
  );
}
