import "@mantine/charts/styles.css";
import { AreaChart } from "@mantine/charts";
import { Card, Group, SimpleGrid, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Figures, figures } from "./figures";
import { HOUR_S, type Measure, type Moment, told } from "./series";

const COLORS: Record<Measure, string> = { depth: "blue.6", waiting: "orange.6", rate: "teal.6", latency: "grape.6" };
const MEASURES: Measure[] = ["depth", "waiting", "rate", "latency"];
/** A value older than this is told with its time. */
const FRESH_S = 30;
const SHORTEST_S = 600;

/** Four measures over the last hour, each also said in words. */
export default function Charts({ moments }: { moments: Moment[] }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {MEASURES.map((measure) => (
        <Chart key={measure} measure={measure} moments={moments} />
      ))}
    </SimpleGrid>
  );
}

function Chart({ measure, moments }: { measure: Measure; moments: Moment[] }) {
  const { t, i18n } = useTranslation("system");
  const known = figures(i18n.language);
  const show = shown(measure, known, (rate) => t("perSecond", { rate }));
  const story = told(moments, measure);
  const newest = moments.at(-1)?.at ?? 0;
  const fresh = story !== null && newest - story.newest.at < FRESH_S;
  const words = story
    ? t(fresh ? "said" : "saidLast", {
        now: show(story.newest.value),
        when: known.clock(story.newest.at),
        most: show(story.highest.value),
        at: known.clock(story.highest.at),
      })
    : t("nothingYet");
  return (
    <Card withBorder radius="lg" padding="md" component="figure" m={0}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Title order={3} size="sm">
            {t(`chart.${measure}`)}
          </Title>
          <Text size="xs" c="dimmed">
            {t(`chartIs.${measure}`)}
          </Text>
        </div>
        <Text fw={650} size="xl" ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
          {story && fresh ? show(story.newest.value) : "–"}
        </Text>
      </Group>
      <Line
        measure={measure}
        moments={moments}
        show={show}
        tick={measure === "rate" ? known.rate : show}
        clock={known.clock}
        name={t(`chart.${measure}`)}
      />
      <Text component="figcaption" size="xs" c="dimmed">
        {words}
      </Text>
    </Card>
  );
}

interface LineProps {
  measure: Measure;
  moments: Moment[];
  show: (value: number) => string;
  tick: (value: number) => string;
  clock: (at: number) => string;
  name: string;
}

function Line({ measure, moments, show, tick, clock, name }: LineProps) {
  return (
    <AreaChart
      aria-hidden // the words under it say the same
      h={120}
      my="xs"
      data={moments}
      dataKey="at"
      series={[{ name: measure, label: name, color: COLORS[measure] }]}
      curveType="linear"
      connectNulls={false}
      withDots={false}
      withGradient
      strokeWidth={1.5}
      gridAxis="x"
      tickLine="none"
      valueFormatter={show}
      areaChartProps={{ accessibilityLayer: false }}
      areaProps={{ isAnimationActive: false }}
      tooltipAnimationDuration={0}
      xAxisProps={{ ...times(moments), type: "number", tickFormatter: clock, interval: "preserveStartEnd" }}
      yAxisProps={{
        width: 56,
        tickCount: 3,
        domain: [0, "auto"],
        allowDecimals: measure !== "depth",
        tickFormatter: tick,
      }}
      tooltipProps={{ labelFormatter: (at) => (typeof at === "number" ? clock(at) : "") }}
    />
  );
}

/** The span of time that is drawn: the last hour, or as much of it as is known, with a few times to read off. */
function times(moments: Moment[]) {
  const to = moments.at(-1)?.at ?? 0;
  const from = Math.min(to - SHORTEST_S, Math.max(to - HOUR_S, moments[0]?.at ?? to));
  return { domain: [from, to], ticks: [0, 1, 2, 3].map((third) => from + ((to - from) * third) / 3) };
}

function shown(measure: Measure, { count, rate, span }: Figures, perSecond: (rate: string) => string) {
  if (measure === "depth") return count;
  return measure === "rate" ? (value: number) => perSecond(rate(value)) : span;
}
