import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, Fault } from "../../api/client";
import type { History, Queues, Readiness } from "../../api/schema";
import { HOUR_S, type Moment, momentOf, series } from "./series";

const OFTEN_MS = 2000;
const SELDOM_MS = 10_000;
const NO_HISTORY: History = { step_s: SELDOM_MS / 1000, points: [] };

/** Whether all is well. An answer of 503 says what is not, and is no failure of asking. */
export function useReadiness() {
  return useQuery({ queryKey: ["readiness"], queryFn: ({ signal }) => readiness(signal), refetchInterval: 5000 });
}

async function readiness(signal: AbortSignal): Promise<Readiness> {
  const answer = await fetch("/readyz", { signal }).catch((error) => {
    if (signal.aborted) throw error;
    throw new Fault(0, "unreachable", String(error));
  });
  if (answer.ok || answer.headers.get("content-type")?.startsWith("application/json")) return answer.json();
  throw new Fault(answer.status, "", `${answer.status} ${answer.statusText}`);
}

export function useQueues() {
  return useQuery({
    queryKey: ["queues"],
    queryFn: async ({ signal }) => read((await api.GET("/api/queues", { signal })).data),
    refetchInterval: OFTEN_MS,
  });
}

export function useDevices() {
  return useQuery({
    queryKey: ["devices"],
    queryFn: async ({ signal }) => read((await api.GET("/api/devices", { signal })).data),
    refetchInterval: SELDOM_MS,
  });
}

export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: async ({ signal }) => read((await api.GET("/api/models", { signal })).data),
    refetchInterval: SELDOM_MS,
  });
}

/** The version that the service says it is. */
export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<string> => {
      const answer = await fetch("/api/openapi.json", { signal });
      return (await answer.json()).info.version;
    },
  });
}

/** The last hour, and on from there as it is seen. */
export function useMoments(): { moments: Moment[] | null; error: unknown } {
  const history = useQuery({
    queryKey: ["history"],
    queryFn: async ({ signal }) => read((await api.GET("/api/history", { signal })).data),
    refetchInterval: SELDOM_MS,
  });
  const queues = useQueues();
  const seen = useSeen(queues.data, queues.dataUpdatedAt);
  const moments = history.isPending ? null : series(history.data ?? NO_HISTORY, seen);
  return { moments, error: history.error };
}

function useSeen(queues: Queues | undefined, updatedAt: number): Moment[] {
  const [seen, setSeen] = useState<Moment[]>([]);
  useEffect(() => {
    if (!queues) return;
    const at = updatedAt / 1000;
    setSeen((before) => [
      ...before.filter((moment) => moment.at > at - HOUR_S && moment.at < at),
      momentOf(queues, at),
    ]);
  }, [queues, updatedAt]);
  return seen;
}

function read<T>(data: T | undefined): T {
  if (data === undefined) throw new Fault(0, "empty", "The answer was empty.");
  return data;
}
