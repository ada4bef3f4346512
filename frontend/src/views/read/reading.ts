import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { follow } from "../../api/follow";
import type { DocumentFrame } from "../../api/schema";
import { NOTHING, next, type Reading } from "./frames";

/** How often what is shown follows what has come. */
const PACE_MS = 200;

export interface Followed {
  reading: Reading;
  /** All frames of the connection that is current; the list itself grows. */
  frames: DocumentFrame[];
  connected: boolean;
  error: unknown;
}

/** Follows a document from its beginning, through lost connections; begins again with another `run`. */
export function useReading(job: string, run: number): Followed {
  const client = useQueryClient();
  const [shown, setShown] = useState<Followed>({ reading: NOTHING, frames: [], connected: true, error: null });
  const latest = useRef(shown);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins again
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const show = (change: Partial<Followed>) => {
      latest.current = { ...latest.current, ...change };
      timer ||= window.setTimeout(() => {
        timer = 0;
        setShown(latest.current);
      }, PACE_MS);
    };
    const listen = async () => {
      const onConnection = (connected: boolean) => show({ connected });
      const address = () => `/api/documents/${encodeURIComponent(job)}/stream`;
      for await (const frame of follow<DocumentFrame>(address, { signal: stop.signal, onConnection })) {
        if (stop.signal.aborted) return; // what is left of a connection that was given up
        const { reading, frames } = latest.current;
        if (frame.type !== "start") frames.push(frame);
        show({ reading: next(reading, frame), frames: frame.type === "start" ? [frame] : frames });
      }
      await client.invalidateQueries({ queryKey: ["job", job] });
    };
    listen().catch((error) => stop.signal.aborted || show({ error }));
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [job, run, client]);

  return shown;
}
