import type { Album, Photo } from "./album";

export const SHOWN = ["all", "text", "faces", "failed"] as const;
export type Shown = (typeof SHOWN)[number];

const FITS: Record<Shown, (photo: Photo) => boolean> = {
  all: () => true,
  text: (photo) => photo.lines.length > 0,
  faces: (photo) => photo.faces.length > 0,
  failed: (photo) => photo.stage === "failed",
};

/** Photos of a kind in whose text or name every word is found, whatever its case or width. */
export function choose(photos: readonly Photo[], shown: Shown, words: string): Photo[] {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  return photos.filter((photo) => {
    if (!FITS[shown](photo)) return false;
    if (wanted.length === 0) return true;
    const text = plain(`${photo.name}\n${photo.text}`);
    return wanted.every((word) => text.includes(word));
  });
}

export function tally(photos: readonly Photo[]): Record<Shown, number> {
  const count = (shown: Shown) => photos.reduce((sum, photo) => sum + (FITS[shown](photo) ? 1 : 0), 0);
  return { all: photos.length, text: count("text"), faces: count("faces"), failed: count("failed") };
}

export interface Progress {
  total: number;
  sent: number;
  done: number;
  failed: number;
  cancelled: number;
}

/** How far an album is; photos of a job that was opened again are known to be there before they are seen. */
export function progress({ photos, parts }: Album): Progress {
  const count = { waiting: 0, queued: 0, done: 0, failed: 0, cancelled: 0 };
  for (const photo of photos) count[photo.stage]++;
  const unseen = [...parts.values()].reduce((sum, part) => sum + part.total, 0);
  const named = photos.reduce((sum, photo) => sum + (photo.job ? 1 : 0), 0);
  const total = photos.length + Math.max(0, unseen - named);
  return { total, sent: total - count.waiting, done: count.done, failed: count.failed, cancelled: count.cancelled };
}

function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
