import { Alert, Badge, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import {
  IconCircleCheck,
  IconCircleX,
  IconCpu,
  IconDatabase,
  IconFileText,
  IconMoodSmile,
  IconPhotoSearch,
  IconPuzzle,
  IconStack2,
  IconTextScan2,
  IconTool,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Capability, Readiness } from "../../api/schema";
import { Mend } from "./mend";
import { verdict } from "./verdict";

const VERDICTS = {
  well: { color: "teal", Icon: IconCircleCheck },
  partly: { color: "yellow", Icon: IconTool },
  down: { color: "red", Icon: IconCircleX },
} as const;

const COLORS = { ok: "teal", ready: "teal", loading: "yellow", missing: "red", down: "red" } as const;

const ICONS: Record<string, TablerIcon> = {
  broker: IconStack2,
  store: IconDatabase,
  workers: IconCpu,
  ocr: IconTextScan2,
  clip: IconPhotoSearch,
  face: IconMoodSmile,
  document: IconFileText,
};

/** Whether all is well, in one sentence. */
export function Verdict({ readiness }: { readiness: Readiness }) {
  const { t, i18n } = useTranslation("system");
  const { verdict: is, names } = verdict(readiness);
  const { color, Icon } = VERDICTS[is];
  const said = names.map((name) => t([`capability.${name}`, name]));
  return (
    <Alert color={color} icon={<Icon />} title={t(is)} role="status" radius="lg">
      {t(`${is}Why`, { names: new Intl.ListFormat(i18n.language).format(said) })}
    </Alert>
  );
}

/** Each part and each capability: how it is and, where it is not well, why and what mends it. */
export function Health({ readiness }: { readiness: Readiness }) {
  const { t } = useTranslation("system");
  const { broker, store, workers } = readiness.parts;
  return (
    <>
      <section aria-labelledby="parts">
        <Title order={2} size="h4" mb="sm" id="parts">
          {t("parts")}
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <State name="broker" title={t("broker")} about={t("brokerIs")} {...broker} />
          <State name="store" title={t("store")} about={t("storeIs")} {...store} />
          <State
            name="workers"
            title={t("workers")}
            about={t("workersAre", { count: workers.count ?? 0 })}
            {...workers}
          />
        </SimpleGrid>
      </section>
      <section aria-labelledby="capabilities">
        <Title order={2} size="h4" mb="sm" id="capabilities">
          {t("capabilities")}
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
          {Object.entries(readiness.capabilities).map(([name, capability]) => (
            <State
              key={name}
              name={name}
              title={t([`capability.${name}`, name])}
              about={<Model {...capability} />}
              state={capability.state}
              reason={capability.reason}
              hint={capability.hint}
            />
          ))}
        </SimpleGrid>
      </section>
    </>
  );
}

interface StateProps {
  name: string;
  title: string;
  about: React.ReactNode;
  state: keyof typeof COLORS;
  reason?: string | null | undefined;
  hint?: string | null | undefined;
}

function State({ name, title, about, state, reason, hint }: StateProps) {
  const { t } = useTranslation("system");
  const Icon = ICONS[name] ?? IconPuzzle;
  return (
    <Card withBorder radius="lg" padding="md">
      <Group gap="xs" wrap="nowrap" mb={6}>
        <Icon size={20} stroke={1.6} aria-hidden />
        <Text fw={600} size="sm" flex={1} lh={1.3}>
          {title}
        </Text>
        <Badge color={COLORS[state]} variant="light" flex="none">
          {t(`state.${state}`)}
        </Badge>
      </Group>
      <Stack gap="xs">
        <Text size="sm" c="dimmed" component="div">
          {about}
        </Text>
        {reason && <Text size="sm">{reason.charAt(0).toUpperCase() + reason.slice(1)}</Text>}
        {hint && <Mend command={hint} />}
      </Stack>
    </Card>
  );
}

/** The model that answers, and the one that it stands in for. */
function Model({ model, asked, engine }: Capability) {
  const { t } = useTranslation("system");
  const named = model ?? asked ?? engine;
  return (
    <>
      {named && <span style={{ overflowWrap: "anywhere" }}>{named}</span>}
      {model && asked && asked !== model && (
        <Text size="xs" style={{ overflowWrap: "anywhere" }}>
          {t("standsIn", { asked })}
        </Text>
      )}
    </>
  );
}
