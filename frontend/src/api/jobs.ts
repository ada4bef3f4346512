import { api, ask } from "./client";
import { objects } from "./ndjson";
import type { Item, Job, JobPage } from "./schema";

export type Kind = Job["kind"];
export type State = Job["state"];
export type Action = "pause" | "resume" | "cancel" | "retry";

/** Why something failed; an answer of the service brings a hint, an item only its code. */
export interface Mishap {
  code: string;
  message: string;
  hint?: string | null;
}

/** Jobs of a kind, newest first, from a cursor on. */
export async function getJobs(kind: Kind, limit: number, signal?: AbortSignal, cursor?: string): Promise<JobPage> {
  const query = { kind, limit, ...(cursor ? { cursor } : {}) };
  return got((await api.GET("/api/jobs", { params: { query }, signal: signal ?? null })).data);
}

export async function getJob(id: string, signal?: AbortSignal): Promise<Job> {
  const params = { path: { job_id: id } };
  return got((await api.GET("/api/jobs/{job_id}", { params, signal: signal ?? null })).data);
}

export async function change(id: string, action: Action): Promise<Job> {
  const params = { path: { job_id: id, action } };
  return got((await api.POST("/api/jobs/{job_id}/{action}", { params })).data);
}

/** Failed items of a job, after a frame's number. */
export async function getFailed(id: string, after: number, limit: number, signal?: AbortSignal): Promise<Item[]> {
  const url = `/api/jobs/${id}/results?status=failed&after=${after}&limit=${limit}`;
  const answer = await ask(url, { signal: signal ?? null });
  const found: Item[] = [];
  if (answer.body) for await (const item of objects<Item>(answer.body)) found.push(item);
  return found;
}

export const previewOf = (job: string, item: number): string => `/api/jobs/${job}/artifacts/preview/${item}.jpg`;

export const pagePicture = (job: string, page: number): string =>
  `/api/jobs/${encodeURIComponent(job)}/artifacts/plain/page-${page}.jpg`;

/** What our client answers; it has raised where the service refused. */
export function got<T>(data: T | undefined): T {
  if (data === undefined) throw new Error("The answer is empty.");
  return data;
}
