import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Fault } from "../../api/client";
import { search } from "../../api/found";
import type { FoundPhoto } from "../../api/schema";
import { question, type Sought } from "./sought";

const PAGE = 60;

/** What was found is known by its bytes, and a page of a document by its number too. */
export const keyOf = ({ sha256, page }: FoundPhoto): string => `${sha256}:${page ?? 0}`;

/** What is found, a page at a time; of the first one the models and notes. */
export function useResults(sought: Sought) {
  const asked = question(sought);
  const query = useInfiniteQuery({
    queryKey: ["search", `${asked}`],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: 30_000,
    retry: (count, error) => count < 2 && error instanceof Fault && error.passing && error.code !== "model_missing",
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams(asked);
      params.set("limit", `${PAGE}`);
      if (pageParam) params.set("cursor", pageParam);
      return search(params, signal);
    },
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const found = useMemo(() => once(query.data?.pages.flatMap(({ items }) => items) ?? []), [query.data]);
  return { query, found, first: query.data?.pages[0] };
}

/** A photo that came with two pages, because others came between, is shown once. */
export function once(found: readonly FoundPhoto[]): FoundPhoto[] {
  const known = new Map<string, FoundPhoto>();
  for (const each of found) if (!known.has(keyOf(each))) known.set(keyOf(each), each);
  return [...known.values()];
}
