import { api } from "./client";
import { got } from "./jobs";
import type { Job, Person, PersonPage } from "./schema";

/** The client knows boxes as lists only. */
const person = ({ data }: { data?: unknown }): Person => got(data) as Person;

/** People from a cursor on, those with the most faces first. */
export async function getPeople(limit: number, cursor: string, signal: AbortSignal): Promise<PersonPage> {
  const query = { limit, ...(cursor ? { cursor } : {}) };
  return got((await api.GET("/api/people", { params: { query }, signal })).data) as PersonPage;
}

/** Somebody, and faces from a cursor on. */
export async function getPerson(id: string, signal: AbortSignal, cursor = ""): Promise<Person> {
  const query = cursor ? { cursor: Number(cursor) } : {};
  return person(await api.GET("/api/people/{person_id}", { params: { path: { person_id: id }, query }, signal }));
}

/** Put faces that look alike together. */
export async function cluster(): Promise<Job> {
  return got((await api.POST("/api/people/cluster", {})).data);
}

export async function rename(id: string, name: string | null): Promise<Person> {
  return person(await api.PATCH("/api/people/{person_id}", { params: { path: { person_id: id } }, body: { name } }));
}

/** Others become the same person as this one. */
export async function merge(id: string, people: string[]): Promise<Person> {
  const params = { path: { person_id: id } };
  return person(await api.POST("/api/people/{person_id}/merge", { params, body: { people } }));
}

/** Faces of a person become a person of their own. */
export async function split(id: string, faces: number[]): Promise<Person> {
  const params = { path: { person_id: id } };
  return person(await api.POST("/api/people/{person_id}/split", { params, body: { faces } }));
}
