interface Wanted {
  file: File;
  /** Whether anybody still waits for it. */
  wanted: boolean;
  give: (small: Blob | null) => void;
}

const AT_ONCE = 3;
const made = new WeakMap<File, Blob | null>();
const waiting: Wanted[] = [];
const working = new Map<number, Wanted>();
let worker: Worker | undefined;
let last = 0;

/**
 * Ask for a small JPEG of a picture file; null where the browser cannot read it (HEIC, TIFF).
 *
 * It is made once, and not at all when it is given up before its turn comes; the answer gives it up.
 */
export function shrink(file: File, give: (small: Blob | null) => void): () => void {
  const known = made.get(file);
  if (known !== undefined) {
    give(known);
    return () => undefined;
  }
  const one: Wanted = { file, wanted: true, give };
  waiting.push(one);
  next();
  return () => {
    one.wanted = false;
  };
}

function next(): void {
  while (working.size < AT_ONCE) {
    const one = waiting.shift();
    if (!one) return;
    if (!one.wanted) continue;
    worker ??= start();
    working.set(++last, one);
    worker.postMessage({ id: last, file: one.file });
  }
}

function start(): Worker {
  const started = new Worker(new URL("./shrink.worker.ts", import.meta.url), { type: "module" });
  started.onmessage = ({ data: { id, blob } }: MessageEvent<{ id: number; blob: Blob | null }>) => {
    const one = working.get(id);
    working.delete(id);
    if (one) {
      made.set(one.file, blob);
      if (one.wanted) one.give(blob);
    }
    next();
  };
  return started;
}
