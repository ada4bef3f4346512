import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getJobs } from "../../api/jobs";
import { cluster, getPeople, getPerson, merge, rename, split } from "../../api/people";
import { active } from "../rescans/states";

const PAGE = 100;
const SOON_MS = 1000;

/** People, those with the most faces first, a page at a time. */
export function usePeople() {
  return useInfiniteQuery({
    queryKey: ["people"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => getPeople(PAGE, pageParam, signal),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}

/** A person and their faces, a page at a time. */
export function usePerson(id: string) {
  return useInfiniteQuery({
    queryKey: ["person", id, "faces"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => getPerson(id, signal, pageParam),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
}

/** Change something about people; whatever shows them is asked for again. */
function useAct<Asked, Told>(act: (asked: Asked) => Promise<Told>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      for (const key of ["person", "photo", "search"]) void queries.invalidateQueries({ queryKey: [key] });
      await queries.invalidateQueries({ queryKey: ["people"] });
    },
  });
}

export const useRename = (id: string) => useAct((name: string | null) => rename(id, name));
export const useMerge = () => useAct(({ into, others }: { into: string; others: string[] }) => merge(into, others));
export const useSplit = (id: string) => useAct((faces: number[]) => split(id, faces));

/** The newest grouping of faces, and a way to begin another. */
export function useCluster() {
  const queries = useQueryClient();
  const newest = useQuery({
    queryKey: ["jobs", "people"],
    queryFn: async ({ signal }) => (await getJobs("people", 1, signal)).items[0] ?? null,
    refetchInterval: ({ state }) => (state.data && active(state.data) ? SOON_MS : false),
  });
  const begin = useMutation({
    mutationFn: cluster,
    onSuccess: (job) => queries.setQueryData(["jobs", "people"], job),
  });
  return { job: newest.data ?? null, going: !!newest.data && active(newest.data), begin };
}
