import { useEffect, useRef, useState } from "react";
import { follow } from "../../api/follow";
import type { ItemFrame, Job, JobFrame, WarningFrame } from "../../api/schema";
import { active } from "./states";

const NEWEST = 24;
const TOGETHER_MS = 1000;
/** So many are new at a time, that each is there long enough to be fetched and seen. */
const AT_A_TIME = 6;

/** The newest finished photos of a job, the newest first, as they come. */
export function useNewest({ task_id: id, seq, state }: Job): ItemFrame[] {
  const [newest, setNewest] = useState<ItemFrame[]>([]);
  const seen = useRef(Math.max(0, seq - 2 * NEWEST));
  const last = useRef(seq);
  last.current = seq;
  const going = active({ state });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that is tried again is followed again
  useEffect(() => {
    const stop = new AbortController();
    let fresh: ItemFrame[] = [];
    const show = () => {
      const shown = fresh.reverse();
      fresh = [];
      if (shown.length > 0)
        setNewest((before) => [...shown.slice(0, before.length > 0 ? AT_A_TIME : NEWEST), ...before].slice(0, NEWEST));
    };
    const timer = setInterval(show, TOGETHER_MS);
    void (async () => {
      do {
        for await (const frame of framesOf(id, () => seen.current, stop.signal)) {
          seen.current = frame.seq;
          if (frame.type === "item" && !frame.retried) fresh = [...fresh, frame].slice(-NEWEST);
        }
      } while (last.current > seen.current); // that was the end of a run that was tried again
    })().catch(() => undefined); // whoever asks for the job is told what is wrong
    return () => {
      clearInterval(timer);
      stop.abort();
      show();
    };
  }, [id, going]);
  return newest;
}

function framesOf(id: string, after: () => number, signal: AbortSignal): AsyncGenerator<JobFrame> {
  return follow<JobFrame>(() => `/api/jobs/${id}/events?after=${after()}`, { signal });
}

/** What could not be listed; that is told while a folder is listed, and so near the beginning of a long stream. */
export async function warnings(job: string, wanted: number, signal: AbortSignal): Promise<WarningFrame[]> {
  const found: WarningFrame[] = [];
  for await (const frame of framesOf(job, () => 0, signal)) {
    if (frame.type === "warning") found.push(frame);
    if (found.length >= wanted) break;
  }
  return found;
}
