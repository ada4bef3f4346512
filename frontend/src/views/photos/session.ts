import { follow } from "../../api/follow";
import { change, getJob, getJobs } from "../../api/jobs";
import type { Job, JobFrame } from "../../api/schema";
import { type Album, type Change, empty, fold } from "./album";
import { batches } from "./batches";
import { send } from "./upload";

/** A browser keeps six connections to one host; uploads and pictures need some of them. */
const FOLLOWED = 3;
/** A job from which nothing comes for so long makes room for one that waits to be followed. */
const QUIET_MS = 1000;
const TOGETHER_MS = 120;
/** Somebody waits for so few photos; more share their turns with rescans. */
const FEW = 50;
const OURS = "album-";
const MOST_PARTS = 500;

export interface Snapshot {
  album: Album;
  /** The job whose address shows this album. */
  job: string | null;
  sending: boolean;
  /** When sending goes on, in ms since 1970; null while nothing has to wait. */
  until: number | null;
  full: boolean;
  connected: boolean;
  error: unknown;
}

/** One album on its way: it goes on while other views are shown, until it is done or another one takes its place. */
export class Session {
  snapshot: Snapshot = {
    album: empty,
    job: null,
    sending: false,
    until: null,
    full: false,
    connected: true,
    error: null,
  };
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #queue: string[] = [];
  readonly #seen = new Map<string, number>();
  readonly #name = `${OURS}${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  /** Jobs whose stream is cut off now. */
  readonly #lost = new Set<string>();
  #changes: Change[] = [];
  #timer = 0;
  #followers = 0;
  #sending: Promise<void> = Promise.resolve();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Send more pictures, behind those that are being sent. */
  add(files: readonly File[], tasks: readonly string[]): void {
    const from = this.snapshot.album.photos.length;
    this.#set({ album: fold(this.snapshot.album, [...this.#taken(), { type: "added", files }]) });
    const photos = files.map((file, index) => ({ file, name: file.name, size: file.size, at: from + index }));
    this.#sending = this.#sending.then(() => this.#sendAll(photos, tasks));
  }

  /** Show a job that was sent before, with those that were sent together with it. */
  async open(id: string): Promise<void> {
    this.#set({ job: id });
    try {
      for (const job of await siblings(await getJob(id, this.#stop.signal), this.#stop.signal)) {
        this.#change({ type: "opened", job: job.task_id, total: job.counts.total });
        this.#watch(job.task_id);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  has(job: string): boolean {
    return this.snapshot.job === job || this.snapshot.album.parts.has(job);
  }

  /** Send no more, and cancel what is not looked at yet. */
  async cancel(): Promise<void> {
    this.#stop.abort();
    this.#change({ type: "stopped" });
    const parts = [...this.snapshot.album.parts.values()].filter((part) => !part.over);
    await Promise.allSettled(parts.map(({ id }) => change(id, "cancel")));
    for (const { id } of parts) this.#change({ type: "left", job: id });
  }

  /** Look no more; what the service has goes on there. */
  leave(): void {
    this.#stop.abort();
  }

  async #sendAll(photos: { file: File; name: string; size: number; at: number }[], tasks: readonly string[]) {
    const told = {
      sent: (job: string, lot: readonly { at: number }[]) => {
        this.#change({ type: "sent", job, photos: lot.map(({ at }) => at) });
        if (!this.snapshot.job) this.#set({ job });
        this.#watch(job);
      },
      refused: (lot: readonly { at: number }[], error: { code: string; message: string }) =>
        this.#change({ type: "refused", photos: lot.map(({ at }) => at), error }),
      waiting: (seconds: number | null, full: boolean) =>
        this.#set({ until: seconds === null ? null : Date.now() + seconds * 1000, full }),
    };
    const order = { tasks, album: this.#name, priority: photos.length > FEW ? "bulk" : "interactive" } as const;
    this.#set({ sending: true });
    try {
      for (const lot of batches(photos)) await send(lot, order, told, this.#stop.signal);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#set({ sending: false, until: null });
    }
  }

  #watch(job: string): void {
    this.#queue.push(job);
    if (this.#followers < FOLLOWED) void this.#followNext();
  }

  async #followNext(): Promise<void> {
    this.#followers++;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) await this.#follow(job);
    this.#followers--;
  }

  async #follow(job: string): Promise<void> {
    const turn = new AbortController();
    let heard = Date.now();
    const clock = setInterval(() => {
      if (Date.now() - heard > QUIET_MS && this.#queue.length > 0) turn.abort();
    }, QUIET_MS);
    const seen = () => this.#seen.get(job) ?? 0;
    const signal = AbortSignal.any([this.#stop.signal, turn.signal]);
    const how = { signal, onConnection: (there: boolean) => this.#connected(job, there) };
    try {
      do {
        for await (const frame of follow<JobFrame>(() => `/api/jobs/${job}/events?after=${seen()}`, how)) {
          heard = Date.now();
          this.#seen.set(job, frame.seq);
          this.#change({ type: "frame", job, frame });
        }
      } while ((await getJob(job, signal)).seq > seen()); // that was the end of a run that was tried again
    } catch (error) {
      if (turn.signal.aborted) this.#queue.push(job);
      else this.#failed(error);
    } finally {
      clearInterval(clock);
      this.#connected(job, true);
    }
  }

  #connected(job: string, there: boolean): void {
    if (there) this.#lost.delete(job);
    else this.#lost.add(job);
    const connected = this.#lost.size === 0;
    if (connected !== this.snapshot.connected) this.#set({ connected });
  }

  #failed(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#set({ error });
  }

  /** Changes are made together, a few times a second, however fast they come. */
  #change(change: Change): void {
    this.#changes.push(change);
    this.#timer ||= window.setTimeout(
      () => this.#set({ album: fold(this.snapshot.album, this.#taken()) }),
      TOGETHER_MS,
    );
  }

  #taken(): Change[] {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  #set(what: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...what };
    for (const listener of this.#listeners) listener();
  }
}

/** The jobs of one album, in the order in which they were sent. */
async function siblings(job: Job, signal: AbortSignal): Promise<Job[]> {
  if (!job.custom_id?.startsWith(OURS)) return [job];
  const { items } = await getJobs("photos", MOST_PARTS, signal);
  const found = items.filter(({ custom_id }) => custom_id === job.custom_id);
  return found.length > 0 ? found.reverse() : [job];
}
