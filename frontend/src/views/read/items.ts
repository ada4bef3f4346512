import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { objects } from "../../api/ndjson";
import type { Item } from "../../api/schema";
import type { Reading } from "./frames";

/** What was found on the pages that are finished, by their numbers. */
export interface Items {
  after: number;
  pages: Readonly<Record<number, Item>>;
}

const NONE: Items = { after: 0, pages: {} };
const AT_ONCE = 50;
const PAUSE_MS = 400;

/** Fetches what is not here yet of the pages that have ended, some at a time. */
export function useItems(job: string, reading: Reading): Items["pages"] {
  const client = useQueryClient();
  const key = ["items", job];
  const { data } = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<Items>(key) ?? NONE;
      const answer = await ask(`/api/jobs/${encodeURIComponent(job)}/results?after=${known.after}&limit=${AT_ONCE}`, {
        signal,
      });
      const pages = { ...known.pages };
      let { after } = known;
      if (answer.body) {
        for await (const item of objects<Item>(answer.body)) {
          after = item.seq;
          if (item.page != null) pages[item.page] = item;
        }
      }
      return { after, pages };
    },
    enabled: Object.keys(reading.pages).length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    refetchInterval: ({ state }) => (lacks(state.data ?? NONE, reading) ? PAUSE_MS : false),
  });
  return (data ?? NONE).pages;
}

function lacks(items: Items, reading: Reading): boolean {
  return Object.values(reading.pages).some(
    ({ number, state }) => (state === "done" || state === "failed") && items.pages[number]?.status !== state,
  );
}
