import { api, ask } from "./client";
import { got } from "./jobs";
import type { KnownPhoto, SearchPage } from "./schema";

/** The client knows boxes as lists only. */
const photo = ({ data }: { data?: unknown }): KnownPhoto => got(data) as KnownPhoto;

/** Photos and pages that fit, best first; without words the newest. */
export async function search(asked: URLSearchParams, signal: AbortSignal): Promise<SearchPage> {
  return (await ask(`/api/search?${asked}`, { signal })).json();
}

export async function getPhoto(sha256: string, signal: AbortSignal): Promise<KnownPhoto> {
  return photo(await api.GET("/api/photos/{sha256}", { params: { path: { sha256 } }, signal }));
}

/** A photo no wider or higher than `size` pixels. */
export const pictureOf = (sha256: string, size: number): string => `/api/photos/${sha256}/picture?size=${size}`;

/** Look at a photo again, with another model where one is named. */
export async function reprocess(sha256: string, tasks: readonly string[], model: string): Promise<KnownPhoto> {
  const query = { tasks: tasks.join(","), ...(model ? { model } : {}) };
  const params = { path: { sha256 }, query };
  return photo(await api.POST("/api/photos/{sha256}/reprocess", { params }));
}

export async function correct(sha256: string, text: string): Promise<KnownPhoto> {
  return photo(await api.PUT("/api/photos/{sha256}/text", { params: { path: { sha256 } }, body: { text } }));
}

export async function uncorrect(sha256: string): Promise<KnownPhoto> {
  return photo(await api.DELETE("/api/photos/{sha256}/text", { params: { path: { sha256 } } }));
}

/** Show an earlier finding again. */
export async function restore(sha256: string, history: number): Promise<KnownPhoto> {
  return photo(await api.POST("/api/photos/{sha256}/restore", { params: { path: { sha256 } }, body: { history } }));
}
