import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Job } from "../../api/schema";

export type Action = "pause" | "resume" | "cancel" | "retry";

const LOOK_MS = 1500;

export function active(job: Job | undefined): boolean {
  return job !== undefined && ["queued", "running", "paused"].includes(job.state);
}

/** A document's job, looked at again while it goes on. */
export function useJob(id: string) {
  return useQuery({
    queryKey: ["job", id],
    queryFn: async ({ signal }): Promise<Job> => {
      const { data } = await api.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } }, signal });
      return data as Job;
    },
    refetchInterval: ({ state: { data, error } }) => (error || active(data) ? LOOK_MS : false),
  });
}

export function useAction(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (action: Action): Promise<Job> => {
      const params = { path: { job_id: id, action } };
      return (await api.POST("/api/jobs/{job_id}/{action}", { params })).data as Job;
    },
    onSuccess: (job) => {
      client.setQueryData(["job", id], job);
      void client.invalidateQueries({ queryKey: ["documents"] });
    },
  });
}
