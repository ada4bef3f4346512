import type { TFunction } from "i18next";
import { ask, Fault } from "../../api/client";

/** What somebody entered: an account that is there, a new one, or an API key in `secret`. */
export interface Given {
  way: "user" | "new" | "key";
  user: string;
  secret: string;
}

/** The credential that this gives, tried out; raises Fault where the service does not take it. */
export async function credentialOf({ way, user, secret }: Given): Promise<string> {
  if (way === "key") {
    const key = secret.trim();
    await ask("/api/queues", { headers: { authorization: `Bearer ${key}` } });
    return key;
  }
  if (way === "new") {
    const body = JSON.stringify({ username: user.trim(), password: secret });
    await ask("/api/auth/register", { method: "POST", headers: { "content-type": "application/json" }, body });
  }
  const body = new URLSearchParams({ username: user.trim(), password: secret });
  const answer = await ask("/api/auth/token", { method: "POST", body });
  return (await answer.json()).access_token;
}

/** What to say of a credential that was not taken. */
export function wrong(error: unknown, way: Given["way"], t: TFunction<"signin">): string {
  if (!(error instanceof Fault)) return String(error);
  if (error.status === 401) return way === "key" ? t("wrongKey") : t("wrongPassword");
  if (error.status === 429) return t("tooOften");
  if (error.status === 0) return t("unreachable");
  return error.message;
}
