import type { PersonEntry } from "../../api/schema";

/** Different names of people, in their order. */
export function namesOf(people: readonly PersonEntry[]): string[] {
  return [...new Set(people.flatMap(({ name }) => name ?? []))];
}

/** Whom the others become: somebody of the name that is wanted, of these the one with the most faces. */
export function merging(people: readonly PersonEntry[], name: string): { into: string; others: string[] } {
  const named = people.filter((person) => (person.name ?? "") === name);
  const [first] = [...(named.length > 0 ? named : people)].sort((a, b) => b.faces - a.faces);
  if (!first) throw new Error("Nobody is chosen.");
  return { into: first.id, others: people.flatMap(({ id }) => (id === first.id ? [] : [id])) };
}
