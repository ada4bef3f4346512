import createClient from "openapi-fetch";
import type { paths } from "./schema";
import { credential, refuse } from "./session";

/** An answer that is an error, or none at all (`status` 0). */
export class Fault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint?: string,
    /** Seconds after which the service wants to be asked again. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = "Fault";
  }

  /** Whether asking again later may help. */
  get passing(): boolean {
    return this.status === 0 || [429, 502, 503, 504].includes(this.status);
  }
}

/** `fetch` with our credential; raises Fault for whatever is no success. */
export async function ask(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const given = credential();
  const ours = !request.headers.has("authorization");
  if (given && ours) request.headers.set("authorization", `Bearer ${given}`);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Fault(0, "unreachable", String(error instanceof Error ? error.message : error));
  }
  if (response.ok) return response;
  if (response.status === 401 && ours && given === credential()) refuse();
  throw await fault(response);
}

/** The service's typed API: `const { data } = await api.GET("/api/jobs/{job_id}", ...)`; a failure is thrown as Fault. */
export const api = createClient<paths>({ baseUrl: "/", fetch: ask });

async function fault(response: Response): Promise<Fault> {
  const later = Number(response.headers.get("retry-after")) || undefined;
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text);
    const said = body.error ?? body;
    const message = said.message ?? (typeof body.detail === "string" ? body.detail : undefined);
    return new Fault(response.status, said.code ?? "", message ?? response.statusText, said.hint ?? undefined, later);
  } catch {
    return new Fault(response.status, "", `${response.status} ${response.statusText}`, undefined, later);
  }
}
