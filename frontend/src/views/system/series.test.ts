import { expect, test } from "vitest";
import type { History } from "../../api/schema";
import { type Moment, momentOf, series, told } from "./series";

const point = (at: number, depth: Record<string, number> = {}): History["points"][number] => ({
  at,
  depth,
  waiting_s: {},
  per_s: 1,
  latency_s: null,
});
const seen = (at: number, depth: number): Moment => ({ at, depth, waiting: 0, rate: 0, latency: null });

test("queues are summed, and one that does not wait counts nothing", () => {
  const [first, second] = series({ step_s: 10, points: [point(0), point(10, { a: 2, b: 3 })] }, []);
  expect([first?.depth, second?.depth, second?.waiting]).toEqual([0, 5, 0]);
});

test("what was seen continues the history and never repeats it", () => {
  const moments = series({ step_s: 10, points: [point(0), point(10)] }, [seen(8, 9), seen(10, 9), seen(12, 7)]);
  expect(moments.map(({ at }) => at)).toEqual([0, 10, 12]);
});

test("a time without samples is a gap", () => {
  const moments = series({ step_s: 10, points: [point(0), point(100)] }, []);
  expect(moments.map(({ at, depth }) => [at, depth])).toEqual([
    [0, 0],
    [10, null],
    [100, 0],
  ]);
});

test("without history there is what was seen, or nothing", () => {
  expect(series({ step_s: 10, points: [] }, [seen(5, 1)])).toHaveLength(1);
  expect(told(series({ step_s: 10, points: [] }, []), "depth")).toBeNull();
});

test("the first of equal heights is told, and an unknown value is not the newest", () => {
  const moments = [seen(1, 4), seen(2, 4), { ...seen(3, 0), depth: null }];
  expect(told(moments, "depth")).toEqual({ newest: { at: 2, value: 4 }, highest: { at: 1, value: 4 } });
});

test("an age that is not known is none", () => {
  const queue = { queue: "a", depth: 1, messages: 1, waiting_s: null, done_total: 0, rate_per_s: 4 };
  const moment = momentOf({ items: [queue, { ...queue, queue: "b", waiting_s: 3 }] }, 7);
  expect(moment).toEqual({ at: 7, depth: 2, waiting: 3, rate: null, latency: null });
});
