import { useSyncExternalStore } from "react";
import { Session, type Snapshot } from "./session";

let current = new Session();
const listeners = new Set<() => void>();

function put(session: Session): Session {
  current.leave();
  current = session;
  for (const listener of listeners) listener();
  return session;
}

/** A new album, with nothing in it. */
export const begin = (): Session => put(new Session());

/** The album of a job: the one at hand, or else it is opened. */
export function show(job: string): void {
  if (!current.has(job)) void put(new Session()).open(job);
}

export function useSession(): [Session, Snapshot] {
  const session = useSyncExternalStore(subscribe, () => current);
  const snapshot = useSyncExternalStore(session.subscribe, () => session.snapshot);
  return [session, snapshot];
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
