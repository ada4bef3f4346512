import { ActionIcon, Group, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

interface Props<K> {
  name: string;
  /** Its place among `keys`, -1 where it is none of them. */
  at: number;
  /** Those that one goes through. */
  keys: readonly K[];
  onGo: (key: K) => void;
}

/** A photo's name, and the way to those beside it. */
export function Heading<K>({ name, at, keys, onGo }: Props<K>) {
  const { t } = useTranslation("photos");
  const beside = (step: number) => (at < 0 ? undefined : keys[at + step]);
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text fw={600} truncate title={name}>
        {name}
      </Text>
      {at >= 0 && (
        <Group gap={6} wrap="nowrap" mr="xs">
          <Go to={beside(-1)} label={t("previous")} onGo={onGo}>
            <IconChevronLeft size={20} />
          </Go>
          <Text size="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
            {at + 1} / {keys.length}
          </Text>
          <Go to={beside(1)} label={t("next")} onGo={onGo}>
            <IconChevronRight size={20} />
          </Go>
        </Group>
      )}
    </Group>
  );
}

interface GoProps<K> {
  to: K | undefined;
  label: string;
  onGo: (key: K) => void;
  children: React.ReactNode;
}

function Go<K>({ to, label, onGo, children }: GoProps<K>) {
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      disabled={to === undefined}
      onClick={() => to !== undefined && onGo(to)}
    >
      {children}
    </ActionIcon>
  );
}
