import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getPhoto } from "../../../api/found";
import type { KnownPhoto } from "../../../api/schema";

/** A known photo with all that was found in it. */
export function usePhoto(sha: string) {
  return useQuery({ queryKey: ["photo", sha], queryFn: ({ signal }) => getPhoto(sha, signal) });
}

/** Change a known photo; it is shown as it is then, and what was found is asked for again. */
export function useChange(sha: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (act: () => Promise<KnownPhoto>) => act(),
    onSuccess: (photo) => {
      queries.setQueryData(["photo", sha], photo);
      void queries.invalidateQueries({ queryKey: ["search"] });
    },
  });
}
