import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Action, change, getFailed, getJob, getJobs, type Kind } from "../../api/jobs";
import type { Item, Job } from "../../api/schema";
import { soon } from "./states";

const PAGE = 20;
const FAILED_PAGE = 200;

/** Jobs of a kind, as they stand from second to second. */
export function useJobs(kind: Kind) {
  return useInfiniteQuery({
    queryKey: ["jobs", kind, "pages"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => getJobs(kind, PAGE, signal, pageParam),
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: ({ state }) => soon(state.data?.pages.flatMap(({ items }) => items) ?? []),
  });
}

export function useJob(id: string) {
  return useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => getJob(id, signal),
    refetchInterval: ({ state }) => soon(state.data ? [state.data] : []),
  });
}

/** Failed items of a job; they are asked for again when their number changes. */
export function useFailed(id: string, failed: number) {
  return useInfiniteQuery({
    queryKey: ["failed", id, failed],
    initialPageParam: 0,
    enabled: failed > 0,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) => getFailed(id, pageParam, FAILED_PAGE, signal),
    getNextPageParam: (page: Item[]) => (page.length === FAILED_PAGE ? page.at(-1)?.seq : undefined),
  });
}

/** Pause, resume, cancel or retry a job; what is shown of it changes at once. */
export function useChange(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (action: Action) => change(id, action),
    onSuccess: (job: Job) => {
      queries.setQueryData(["job", id], job);
      void queries.invalidateQueries({ queryKey: ["jobs", job.kind] });
    },
  });
}
