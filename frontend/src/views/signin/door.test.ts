import { expect, test } from "vitest";
import { need } from "./door";

/** A service that answers `/api/users/me` and `/api/queues` with these. */
const service = (me: number, queues: number) => async (path: string) => (path === "/api/users/me" ? me : queues);

test("an open service needs nothing", async () => {
  expect(await need(null, service(200, 200))).toBe("nothing");
});

test("a service with accounts asks for one, even where its network is trusted", async () => {
  expect(await need(null, service(401, 401))).toBe("account");
  expect(await need(null, service(401, 200))).toBe("account");
});

test("an API key opens a service with accounts, though it is nobody's account", async () => {
  expect(await need("key", service(401, 200))).toBe("nothing");
});

test("a service without accounts asks for its key", async () => {
  expect(await need(null, service(200, 401))).toBe("key");
});

test("an old token is worth nothing", async () => {
  expect(await need("old", service(401, 401))).toBe("account");
});

test("a service in trouble is not locked", async () => {
  expect(await need(null, service(503, 429))).toBe("nothing");
});
