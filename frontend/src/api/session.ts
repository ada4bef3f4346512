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
  signOut();
  (remember ? localStorage : sessionStorage).setItem(KEPT, given);
  change({ credential: given, refused: false });
}

export function signOut(): void {
  localStorage.removeItem(KEPT);
  sessionStorage.removeItem(KEPT);
  change({ credential: null, refused: false });
}

export function refuse(): void {
  if (!session.refused) change({ ...session, refused: true });
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
