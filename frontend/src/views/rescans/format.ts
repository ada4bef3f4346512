/** Numbers and spans of time as people say them. */
export interface Format {
  count: (value: number) => string;
  percent: (part: number, whole: number) => string;
  rate: (perSecond: number) => string;
  /** A span of time in its two largest units. */
  span: (seconds: number) => string;
  moment: (iso: string) => string;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

export function format(language: string): Format {
  const whole = new Intl.NumberFormat(language);
  const fine = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const finest = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const unit = Object.fromEntries(
    UNITS.map(([name]) => [name, new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" })]),
  );
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return {
    count: (value) => whole.format(value),
    // What is not all is never said to be all.
    percent: (part, all) => percent.format(all > 0 ? Math.floor((100 * part) / all) / 100 : 0),
    rate: (value) => (value >= 10 ? whole.format(Math.round(value)) : (value >= 1 ? fine : finest).format(value)),
    span: (seconds) =>
      parts(seconds)
        .map(([name, value]) => unit[name]?.format(value))
        .join(" "),
    moment: (iso) => moment.format(new Date(iso)),
  };
}

/** A span in its largest unit and, where that says more, the next one: 1 h 20 min, but not 3 days 4 min. */
export function parts(seconds: number): [(typeof UNITS)[number][0], number][] {
  const rounded = seconds >= 3600 ? Math.round(seconds / 60) * 60 : Math.round(seconds);
  const at = UNITS.findIndex(([, size]) => rounded >= size);
  const [name, size] = UNITS[at] ?? ["second", 1];
  const first = Math.floor(rounded / size);
  const next = UNITS[at + 1];
  const second = next ? Math.floor((rounded % size) / next[1]) : 0;
  return next && second > 0 && first < 10
    ? [
        [name, first],
        [next[0], second],
      ]
    : [[name, first]];
}
