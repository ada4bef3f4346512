import { expect, test } from "vitest";
import type { DocumentFrame } from "../../api/schema";
import { NOTHING, next, numbers, type Reading } from "./frames";

const start: DocumentFrame = { type: "start", kind: "pdf", pages: 2, task_id: "a" };
const usage = {
  prompt_tokens: 1,
  completion_tokens: 2,
  prompt_chars: 3,
  completion_chars: 4,
  input_bytes: 5,
  pages: 2,
};
const end: DocumentFrame = { type: "end", usage };
const begin = (page: number): DocumentFrame => ({ type: "page_start", page });
const say = (page: number, delta: string): DocumentFrame => ({ type: "page_delta", page, delta });
const finish = (page: number, more: object = {}): DocumentFrame => ({ type: "page_end", page, usage, ...more });
const fail = (page?: number): DocumentFrame => ({
  type: "error",
  code: "broken",
  message: "It broke.",
  ...(page ? { page } : {}),
});

const read = (frames: DocumentFrame[], from: Reading = NOTHING) => frames.reduce(next, from);
const texts = (reading: Reading) => numbers(reading).map((number) => reading.pages[number]?.text);

test("pages that come interleaved keep their own text, in their order", () => {
  const reading = read([start, begin(11), say(11, "el"), begin(2), say(2, "tw"), say(11, "even"), say(2, "o")]);
  expect(numbers(reading)).toEqual([2, 11]);
  expect(texts(reading)).toEqual(["two", "eleven"]);
  expect(reading.pages[2]?.state).toBe("reading");
});

test("a page's end brings its engine and its notes", () => {
  const reading = read([start, begin(1), say(1, "a"), finish(1, { engine: "classic", notes: ["read twice"] }), end]);
  expect(reading.pages[1]).toMatchObject({ state: "done", engine: "classic", notes: ["read twice"], text: "a" });
  expect(reading).toMatchObject({ ended: true, total: 2, usage });
});

test("a connection that begins again neither doubles nor loses text, and shows what was there meanwhile", () => {
  const before = read([start, begin(1), say(1, "one"), finish(1), begin(2), say(2, "two and ")]);
  const again = read([start, begin(1), say(1, "o")], before);
  expect(texts(again)).toEqual(["one", "two and "]);
  expect(again.pages[1]?.state).toBe("done");
  const caughtUp = read(
    [say(1, "ne"), finish(1), begin(2), say(2, "two "), say(2, "and a half"), finish(2), end],
    again,
  );
  expect(texts(caughtUp)).toEqual(["one", "two and a half"]);
});

test("two restarts right after each other are one", () => {
  const before = read([start, begin(1), say(1, "abc")]);
  expect(texts(read([start, begin(1), say(1, "a"), start, begin(1), say(1, "abcd")], before))).toEqual(["abcd"]);
});

test("text that is told otherwise after a restart replaces what was shown, also where it is shorter", () => {
  const before = read([start, begin(1), say(1, "first attempt")]);
  const other = read([start, begin(1), say(1, "fire")], before);
  expect(texts(other)).toEqual(["fire"]);
  expect(texts(read([start, begin(1), say(1, "first"), finish(1)], before))).toEqual(["first"]);
});

test("a failed page says why; tried again, it goes on from where it stood", () => {
  const failed = read([start, begin(1), say(1, "ab"), fail(1), finish(1)]);
  expect(failed.pages[1]).toMatchObject({ state: "failed", error: "It broke.", text: "ab" });
  const again = read([begin(1), say(1, "cd"), finish(1)], failed);
  expect(again.pages[1]).toMatchObject({ state: "done", text: "abcd" });
  expect(again.pages[1]?.error).toBeUndefined();
});

test("a page that fails after a restart has failed, though its end says nothing of it", () => {
  const before = read([start, begin(1), say(1, "ab")]);
  const failed = read([start, begin(1), fail(1), finish(1), end], before);
  expect(failed.pages[1]).toMatchObject({ state: "failed", error: "It broke." });
});

test("an error without a page is the document's", () => {
  expect(read([start, fail(), end])).toMatchObject({ error: "It broke.", ended: true, pages: {} });
});

test("what was being read when the document was cancelled is kept, and reads no more", () => {
  const before = read([start, begin(1), say(1, "half a pa")]);
  const reading = read([start, end], before);
  expect(reading.pages[1]).toMatchObject({ state: "stopped", text: "half a pa" });
});

test("a start forgets an error and an end that are no longer true", () => {
  const reading = read([start, fail(), end, start]);
  expect(reading.error).toBeUndefined();
  expect(reading.ended).toBe(false);
});

test("frames of a newer service are passed over", () => {
  const reading = read([start]);
  expect(next(reading, { type: "queued" } as unknown as DocumentFrame)).toBe(reading);
});
