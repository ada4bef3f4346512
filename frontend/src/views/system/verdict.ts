import type { Readiness } from "../../api/schema";

export type Verdict = "well" | "partly" | "down";

/** What an operator wants to know first: whether it works, and the names of what does not. */
export function verdict({ parts, capabilities }: Readiness): { verdict: Verdict; names: string[] } {
  const down = Object.entries(parts).flatMap(([name, part]) => (part.state === "ok" ? [] : [name]));
  if (down.length) return { verdict: "down", names: down };
  const names = Object.entries(capabilities).flatMap(([name, { state }]) => (state === "ready" ? [] : [name]));
  return { verdict: names.length ? "partly" : "well", names };
}
