import { useSyncExternalStore } from "react";
import { ask, Fault } from "../../api/client";
import type { Job } from "../../api/schema";

export const MODES = ["document", "ocr", "layout", "describe", "figure", "locate"] as const;
export const RESOLUTIONS = ["gundam", "tiny", "small", "base", "large"] as const;

/** How somebody wants a document read. */
export interface Wish {
  mode: (typeof MODES)[number];
  resolution: (typeof RESOLUTIONS)[number];
  /** What is looked for, with `locate`. */
  sought: string;
  pages: string;
  password: string;
}

export const PLAIN: Wish = { mode: "document", resolution: "gundam", sought: "", pages: "", password: "" };

const PAGES = /^\s*\d+\s*(-\s*\d+\s*)?(,\s*\d+\s*(-\s*\d+\s*)?)*$/;

/** What of a wish cannot be meant so. */
export function wrong(wish: Wish): "pages" | "sought" | null {
  if (wish.pages.trim() && !PAGES.test(wish.pages)) return "pages";
  return wish.mode === "locate" && !wish.sought.trim() ? "sought" : null;
}

/** A file on its way to the service. */
export interface Parcel {
  id: number;
  file: File;
  wish: Wish;
  again: boolean;
  state: "waiting" | "sending" | "refused";
  error?: unknown;
}

const PAUSE_MS = 3000;
const listeners = new Set<() => void>();
/** What was sent from here, by its job: so it can be shown, and sent again, without asking for it. */
const sent = new Map<string, Parcel>();
let parcels: readonly Parcel[] = [];
let last = 0;
let way: Promise<unknown> = Promise.resolve();

function change(made: readonly Parcel[]): void {
  parcels = made;
  for (const listener of listeners) listener();
}

function mark(id: number, state: Parcel["state"], error?: unknown): void {
  change(parcels.map((parcel) => (parcel.id === id ? { ...parcel, state, error } : parcel)));
}

/** Files that are not with the service yet. */
export function useParcels(): readonly Parcel[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => parcels,
  );
}

export function parcelOf(job: string): Parcel | undefined {
  return sent.get(job);
}

export function dismiss(id: number): void {
  change(parcels.filter((parcel) => parcel.id !== id));
}

/** Send files one after another, in the background; the jobs of those that were accepted. */
export async function send(files: readonly File[], wish: Wish, again = false): Promise<string[]> {
  const made = files.map((file): Parcel => ({ id: ++last, file, wish, again, state: "waiting" }));
  change([...parcels, ...made]);
  const jobs = made.map((parcel) => {
    const job = way.then(() => deliver(parcel));
    way = job;
    return job;
  });
  return (await Promise.all(jobs)).filter((job) => job !== null);
}

async function deliver(parcel: Parcel): Promise<string | null> {
  mark(parcel.id, "sending");
  for (;;) {
    try {
      const answer = await ask("/api/documents", { method: "POST", body: form(parcel) });
      const { task_id } = (await answer.json()) as Job;
      sent.set(task_id, parcel);
      dismiss(parcel.id);
      return task_id;
    } catch (error) {
      if (!(error instanceof Fault && error.passing)) {
        mark(parcel.id, "refused", error);
        return null;
      }
      mark(parcel.id, "waiting", error); // the queue is full, or the service starts again
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function form({ file, wish, again }: Parcel): FormData {
  const body = new FormData();
  body.set("file", file, file.name);
  body.set("mode", wish.mode);
  body.set("resolution", wish.resolution);
  if (wish.mode === "locate") body.set("prompt", wish.sought);
  if (wish.pages.trim()) body.set("pages", wish.pages.replace(/\s/g, ""));
  if (wish.password) body.set("password", wish.password);
  if (again) body.set("force", "true");
  return body;
}
