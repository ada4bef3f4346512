const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export function bytes(value: number, language: string): string {
  const power = Math.min(UNITS.length - 1, value > 0 ? Math.floor(Math.log10(value) / 3) : 0);
  const style = { style: "unit", unit: UNITS[power] ?? "byte", unitDisplay: "short" } as const;
  const scaled = value / 1000 ** power;
  return new Intl.NumberFormat(language, { ...style, maximumFractionDigits: scaled < 10 ? 1 : 0 }).format(scaled);
}

/** Such as `850 ms`, `12.3 s`, `4:05 min`, `1:02:03 h`. */
export function duration(seconds: number, language: string): string {
  if (seconds < 60) {
    const short = seconds < 1;
    const style = { style: "unit", unit: short ? "millisecond" : "second", unitDisplay: "short" } as const;
    const digits = short ? 0 : 1;
    return new Intl.NumberFormat(language, { ...style, maximumFractionDigits: digits }).format(
      short ? seconds * 1000 : Math.min(seconds, 59.9),
    );
  }
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)} h`;
}

/** A time of today as hours and minutes, another as a date too. */
export function moment(at: string, language: string, now = new Date()): string {
  const then = new Date(at);
  const today = then.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(language, {
    ...(today ? {} : { dateStyle: "medium" }),
    timeStyle: "short",
  } as Intl.DateTimeFormatOptions).format(then);
}
