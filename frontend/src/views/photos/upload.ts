import { ask, Fault } from "../../api/client";
import type { Mishap } from "../../api/jobs";
import type { Job } from "../../api/schema";
import { served } from "../../api/session";
import { nameOf } from "./batches";

/** Waits that a full service asks for are never longer, and one that says nothing is asked again so soon. */
const LONGEST_WAIT_S = 60;
const USUAL_WAIT_S = 5;
const TOO_LARGE = 413;
const NO_ROOM = 507;

export interface Order {
  tasks: readonly string[];
  /** What jobs of one album have in common. */
  album: string;
  priority: "interactive" | "bulk";
}

export interface Told<T> {
  sent: (job: string, lot: readonly T[]) => void;
  refused: (lot: readonly T[], error: Mishap) => void;
  /** Seconds until the next try, or null when it goes on; `full` where the service has too much to do. */
  waiting: (seconds: number | null, full: boolean) => void;
}

/** Send a lot as a job, however often the service asks to wait; one that is too large goes in halves. */
export async function send<T extends { file: File }>(
  lot: readonly T[],
  order: Order,
  told: Told<T>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      const job = await post(lot, order, signal);
      told.waiting(null, false);
      return told.sent(job.task_id, lot);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.status === TOO_LARGE && lot.length > 1) {
        const half = Math.ceil(lot.length / 2);
        await send(lot.slice(0, half), order, told, signal);
        return send(lot.slice(half), order, told, signal);
      }
      if (error.status === 401) {
        await served(signal); // goes on after signing in
        continue;
      }
      if (!error.passing && error.status !== NO_ROOM) {
        const { code, message, hint } = error;
        return told.refused(lot, { code, message, hint: hint ?? null });
      }
      const seconds = Math.min(error.retryAfter ?? USUAL_WAIT_S, LONGEST_WAIT_S);
      told.waiting(seconds, error.status === 429 || error.status === NO_ROOM);
      await nap(seconds * 1000, signal);
    }
  }
}

async function post(
  lot: readonly { file: File }[],
  { tasks, album, priority }: Order,
  signal: AbortSignal,
): Promise<Job> {
  const form = new FormData();
  form.set("tasks", tasks.join(","));
  form.set("options", JSON.stringify({ priority, custom_id: album }));
  for (const { file } of lot) form.append("files", file, nameOf(file));
  return (await ask("/api/jobs", { method: "POST", body: form, signal })).json();
}

function nap(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
