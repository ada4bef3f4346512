import { useSyncExternalStore } from "react";

/** What proves who asks: an API key or a user's token. Both travel as `Authorization: Bearer`. */
export interface Session {
  credential: string | null;
  /** Whether the service has refused us since the credential was set. */
  refused: boolean;
}

const KEPT = "darkroom.credential";
const listeners = new Set<() => void>();
let session: Session = { credential: sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT), refused: false };

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function credential(): string | null {
  return session.credential;
}

/** Keep a credential for this tab, or, where the person asks for it, on this device. */
export function signIn(given: string, remember: boolean): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(KEPT, given);
  change({ credential: given, refused: false });
}

export function signOut(): void {
  forget();
  change({ credential: null, refused: false });
}

function forget(): void {
  localStorage.removeItem(KEPT);
  sessionStorage.removeItem(KEPT);
}

export function refuse(): void {
  if (!session.refused) change({ ...session, refused: true });
}

/** The service serves what we have after all. */
export function accept(): void {
  if (session.refused) change({ ...session, refused: false });
}

/** Resolves when the service no longer refuses us; raises AbortError when `signal` is aborted. */
export function served(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (session.refused && !signal.aborted) return;
      listeners.delete(look);
      signal.removeEventListener("abort", look);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    listeners.add(look);
    signal.addEventListener("abort", look);
    look();
  });
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}
