import type { Mishap } from "../../api/jobs";
import type { ItemFrame, JobFrame, OcrLine, Results } from "../../api/schema";
import { nameOf } from "./batches";
import { unit } from "./vectors";

export interface Face {
  box: number[];
  score: number;
  vector: Float32Array | null;
}

/** `waiting` to be sent, `queued` at the service, and what became of it there. */
export type Stage = "waiting" | "queued" | "done" | "failed" | "cancelled";

export interface Photo {
  /** Its place in the album. */
  at: number;
  name: string;
  stage: Stage;
  file: File | null;
  job: string | null;
  item: number | null;
  width: number | null;
  height: number | null;
  lines: OcrLine[];
  text: string;
  faces: Face[];
  vector: Float32Array | null;
  models: Record<string, string>;
  cached: string[];
  error: Mishap | null;
}

export interface Part {
  id: string;
  /** The last frame that was seen. */
  seq: number;
  total: number;
  over: boolean;
}

/** Photos that were sent together, in one job or several. */
export interface Album {
  photos: Photo[];
  parts: Map<string, Part>;
  /** Places of photos by `job/item`, or by `job:name` until the service has named their items. */
  places: Map<string, number>;
}

export type Change =
  | { type: "added"; files: readonly File[] }
  | { type: "opened"; job: string; total: number }
  | { type: "sent"; job: string; photos: readonly number[] }
  | { type: "refused"; photos: readonly number[]; error: Mishap }
  | { type: "stopped" }
  | { type: "left"; job: string }
  | { type: "frame"; job: string; frame: JobFrame };

export const empty: Album = { photos: [], parts: new Map(), places: new Map() };

/** The album after some changes; what was there before is left as it is. */
export function fold(before: Album, changes: readonly Change[]): Album {
  const album: Album = { photos: [...before.photos], parts: new Map(before.parts), places: new Map(before.places) };
  for (const change of changes) apply(album, change);
  return album;
}

function apply(album: Album, change: Change): void {
  switch (change.type) {
    case "added":
      for (const file of change.files) album.photos.push({ ...blank(album), name: file.name, file });
      break;
    case "opened":
      album.parts.set(change.job, { id: change.job, seq: 0, total: change.total, over: false });
      break;
    case "sent":
      album.parts.set(change.job, { id: change.job, seq: 0, total: change.photos.length, over: false });
      for (const at of change.photos) sent(album, at, change.job);
      break;
    case "refused":
      for (const at of change.photos) amend(album, at, { stage: "failed", error: change.error });
      break;
    case "stopped":
      for (const photo of album.photos) if (photo.stage === "waiting") amend(album, photo.at, { stage: "cancelled" });
      break;
    case "left":
      left(album, change.job);
      break;
    case "frame":
      framed(album, change.job, change.frame);
  }
}

function sent(album: Album, at: number, job: string): void {
  const photo = album.photos[at];
  if (!photo) return;
  album.places.set(`${job}:${nameOf(photo)}`, at);
  amend(album, at, { stage: "queued", job });
}

function framed(album: Album, job: string, frame: JobFrame): void {
  const part = album.parts.get(job);
  if (!part || frame.seq <= part.seq) return; // seen before a reconnection
  const total = "counts" in frame ? frame.counts.total : part.total;
  album.parts.set(job, { ...part, seq: frame.seq, total, over: false });
  if (frame.type === "item") looked(album, job, frame);
  if (frame.type === "end") left(album, job);
}

/** Nothing more comes of a job; what it has not looked at, it never will. */
function left(album: Album, job: string): void {
  const part = album.parts.get(job);
  if (part) album.parts.set(job, { ...part, over: true });
  for (const photo of album.photos)
    if (photo.job === job && photo.stage === "queued") amend(album, photo.at, { stage: "cancelled" });
}

function looked(album: Album, job: string, item: ItemFrame): void {
  const key = `${job}/${item.item_id}`;
  const name = `${job}:${item.name}`;
  let at = album.places.get(key) ?? album.places.get(name);
  if (at === undefined) {
    at = album.photos.length;
    album.photos.push({ ...blank(album), name: item.name, job });
  }
  album.places.delete(name);
  album.places.set(key, at);
  amend(album, at, { ...found(item.results ?? {}), ...about(item) });
}

function about(item: ItemFrame): Partial<Photo> {
  const { item_id, width, height, models, cached, error } = item;
  if (item.retried) return { item: item_id, stage: "queued", error: null };
  return { item: item_id, stage: item.status === "done" ? "done" : "failed", width, height, models, cached, error };
}

function found({ ocr, clip, face }: Results): Partial<Photo> {
  return {
    lines: ocr?.lines ?? [],
    text: ocr?.text ?? "",
    vector: unit(clip?.embedding),
    faces: (face ?? []).map(({ box, score, embedding }) => ({ box, score, vector: unit(embedding) })),
  };
}

function amend(album: Album, at: number, what: Partial<Photo>): void {
  const photo = album.photos[at];
  if (photo) album.photos[at] = { ...photo, ...what };
}

function blank(album: Album): Photo {
  return {
    at: album.photos.length,
    name: "",
    stage: "waiting",
    file: null,
    job: null,
    item: null,
    width: null,
    height: null,
    lines: [],
    text: "",
    faces: [],
    vector: null,
    models: {},
    cached: [],
    error: null,
  };
}
