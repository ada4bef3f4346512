import { ask, Fault } from "./client";
import { objects } from "./ndjson";
import { served } from "./session";

export interface Following {
  signal: AbortSignal;
  /** Called when the connection is lost, and when it is there again. */
  onConnection?: (connected: boolean) => void;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
/** The service sends a heartbeat every 10 s. */
const SILENCE_MS = 35_000;

/**
 * Frames of a stream through restarts of the service and broken connections, until its `end`.
 *
 * `address` is asked before each attempt, so that it can name the last frame that was seen.
 * It waits for somebody whose sign-in is over to sign in again.
 * Raises Fault where the service refuses, and AbortError when `signal` is aborted.
 */
export async function* follow<T extends { type: string }>(address: () => string, how: Following): AsyncGenerator<T> {
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    how.signal.throwIfAborted();
    const silence = new AbortController();
    let alarm = 0;
    const alive = () => {
      clearTimeout(alarm);
      alarm = window.setTimeout(() => silence.abort(), SILENCE_MS);
    };
    try {
      alive();
      const answer = await ask(address(), { signal: AbortSignal.any([how.signal, silence.signal]) });
      how.onConnection?.(true);
      if (answer.body) {
        for await (const frame of objects<T>(answer.body, alive)) {
          pause = FIRST_PAUSE_MS;
          yield frame;
          if (frame.type === "end") return;
        }
      }
    } catch (error) {
      how.signal.throwIfAborted();
      if (error instanceof Fault && !error.passing && error.status !== 401) throw error;
    } finally {
      clearTimeout(alarm);
    }
    how.onConnection?.(false);
    await served(how.signal); // who was signed out goes on after signing in
    await nap(pause, how.signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function nap(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
