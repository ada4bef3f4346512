/** Numbers as the chosen language writes them. */
export interface Figures {
  count: (value: number) => string;
  rate: (value: number | null) => string;
  /** A span of time in the unit that fits it. */
  span: (seconds: number | null) => string;
  /** Time of day of seconds since 1970. */
  clock: (at: number) => string;
}

const NONE = "–";

export function figures(language: string): Figures {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const unit = (name: string, digits: number) =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits });
  const units = {
    ms: unit("millisecond", 0),
    s: unit("second", 1),
    min: unit("minute", 0),
    h: unit("hour", 1),
    d: unit("day", 1),
  };
  return {
    count: (value) => whole.format(value),
    rate: (value) => (value === null ? NONE : value >= 10 ? whole.format(value) : fine.format(value)),
    span: (seconds) => {
      if (seconds === null) return NONE;
      if (seconds === 0) return units.s.format(0);
      if (seconds < 0.9995) return units.ms.format(seconds * 1000);
      if (seconds < 59.95) return units.s.format(seconds);
      if (seconds < 3570) return units.min.format(seconds / 60);
      return seconds < 86_400 ? units.h.format(seconds / 3600) : units.d.format(seconds / 86_400);
    },
    clock: (at) => clock.format(at * 1000),
  };
}
