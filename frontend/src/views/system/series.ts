import type { History, Queues } from "../../api/schema";

export const HOUR_S = 3600;

/** How all queues together stood at one time. */
export interface Moment {
  at: number;
  depth: number | null;
  waiting: number | null;
  rate: number | null;
  latency: number | null;
}

export type Measure = Exclude<keyof Moment, "at">;

const NOTHING = { depth: null, waiting: null, rate: null, latency: null };

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);

/** How the queues stand at this moment. What is finished in a moment takes longer to be seen: the history tells it. */
export function momentOf({ items }: Queues, at: number): Moment {
  const ages = items.map(({ waiting_s }) => waiting_s).filter((age) => age !== null);
  return { at, ...NOTHING, depth: sum(items.map(({ depth }) => depth)), waiting: Math.max(0, ...ages) };
}

/**
 * The service's history with what was seen since its newest point.
 *
 * A time in which nobody looked is a gap, and no line between the points beside it.
 */
export function series(history: History, seen: readonly Moment[]): Moment[] {
  const kept = history.points.map(
    ({ at, depth, waiting_s, per_s, latency_s }): Moment => ({
      at,
      depth: sum(Object.values(depth)),
      waiting: Math.max(0, ...Object.values(waiting_s)),
      rate: per_s,
      latency: latency_s,
    }),
  );
  const newest = kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const all = [...kept, ...seen.filter(({ at }) => at > newest)];
  return all.flatMap((moment, index) => {
    const before = all[index - 1];
    const gap = before !== undefined && moment.at - before.at > 2.5 * history.step_s;
    return gap ? [{ at: before.at + history.step_s, ...NOTHING }, moment] : [moment];
  });
}

/** The newest value of a measure, and its highest with its time; null where there is none. */
export function told(moments: readonly Moment[], measure: Measure) {
  const known = moments.flatMap((moment) => {
    const value = moment[measure];
    return value === null ? [] : [{ at: moment.at, value }];
  });
  const newest = known.at(-1);
  if (!newest) return null;
  const highest = known.reduce((best, one) => (one.value > best.value ? one : best));
  return { newest, highest };
}
