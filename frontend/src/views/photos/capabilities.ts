import { useQuery } from "@tanstack/react-query";

interface Capability {
  state: string;
  reason?: string;
  hint?: string;
}

export const TASKS = ["ocr", "clip", "face"] as const;
export type Task = (typeof TASKS)[number];

/** What the service can look for now. It lists that with a 503 as well, so this is no matter for `ask`. */
export function useCapabilities() {
  const query = useQuery({
    queryKey: ["capabilities"],
    refetchInterval: 10_000,
    queryFn: async ({ signal }): Promise<Record<string, Capability>> =>
      (await (await fetch("/readyz", { signal })).json()).capabilities ?? {},
  });
  return query.data;
}
