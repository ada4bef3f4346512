import { describe, expect, it } from "vitest";
import type { ItemFrame, JobFrame } from "../../api/schema";
import { type Album, empty, fold } from "./album";
import { choose, progress, tally } from "./choose";

const counts = { total: 2, done: 1, failed: 0, cached: 0, cancelled: 1, left: 0 };

function item(seq: number, id: number, name: string, more: Partial<ItemFrame> = {}): JobFrame {
  const plain = { sha256: null, width: 4, height: 3, results: {}, models: {}, cached: [], error: null };
  return { type: "item", task_id: "a", status: "done", seq, item_id: id, name, ...plain, ...more };
}

const text = (words: string): Partial<ItemFrame> => ({
  results: {
    ocr: {
      text: words,
      lines: [
        {
          text: words,
          score: 1,
          box: [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        },
      ],
    },
  },
});

function framed(album: Album, ...frames: JobFrame[]): Album {
  return fold(
    album,
    frames.map((frame) => ({ type: "frame", job: "a", frame })),
  );
}

function sent(...names: string[]): Album {
  return fold(empty, [
    { type: "added", files: names.map((name) => new File(["x"], name)) },
    { type: "sent", job: "a", photos: names.map((_, at) => at) },
  ]);
}

describe("an album", () => {
  it("puts answers to the photos that they are about, in whatever order they come", () => {
    const album = framed(sent("1.jpg", "2.jpg"), item(2, 8, "2.jpg", text("two")), item(3, 7, "1.jpg", text("one")));
    expect(album.photos.map(({ item, text }) => [item, text])).toEqual([
      [7, "one"],
      [8, "two"],
    ]);
    expect(progress(album)).toMatchObject({ total: 2, done: 2 });
  });

  it("counts a frame once that comes again after a reconnection", () => {
    const album = framed(sent("1.jpg"), item(2, 7, "1.jpg"), item(2, 7, "1.jpg", text("again")));
    expect(album.photos[0]?.text).toBe("");
    expect(album.photos).toHaveLength(1);
  });

  it("knows a name that a form would change", () => {
    const album = framed(sent('a"b.jpg'), item(2, 7, "a_b.jpg"));
    expect(album.photos).toHaveLength(1);
    expect(album.photos[0]).toMatchObject({ name: 'a"b.jpg', stage: "done" });
  });

  it("keeps photos of one name apart when a job is opened again", () => {
    const opened = fold(empty, [{ type: "opened", job: "a", total: 3 }]);
    const album = framed(opened, item(2, 7, "x.jpg", text("one")), item(3, 8, "x.jpg", text("two")));
    expect(album.photos.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(progress(album)).toMatchObject({ total: 3, done: 2 });
  });

  it("waits for a failure that was tried again", () => {
    const error = { code: "run_timeout", message: "too long" };
    const past = framed(sent("1.jpg"), item(2, 7, "1.jpg", { status: "failed", error, retried: true }));
    expect(past.photos[0]).toMatchObject({ stage: "queued", error: null });
    expect(framed(past, item(5, 7, "1.jpg")).photos[0]?.stage).toBe("done");
  });

  it("gives up what the end of a job leaves", () => {
    const album = framed(sent("1.jpg", "2.jpg"), item(2, 7, "1.jpg"), {
      type: "end",
      task_id: "a",
      state: "cancelled",
      seq: 3,
      counts,
    });
    expect(album.photos.map(({ stage }) => stage)).toEqual(["done", "cancelled"]);
    expect(album.parts.get("a")?.over).toBe(true);
  });

  it("leaves the album as it was", () => {
    const before = sent("1.jpg");
    framed(before, item(2, 7, "1.jpg"));
    expect(before.photos[0]?.stage).toBe("queued");
  });
});

describe("what is shown", () => {
  const album = framed(
    sent("1.jpg", "2.jpg", "3.jpg"),
    item(2, 7, "1.jpg", text("Große ＡＢＣ Straße")),
    item(3, 8, "2.jpg", { status: "failed", error: { code: "x", message: "y" } }),
    item(4, 9, "3.jpg", { results: { face: [{ box: [0, 0, 1, 1], score: 1, landmarks: [], embedding: [0, 0] }] } }),
  );

  it("is counted by its kind", () => {
    expect(tally(album.photos)).toEqual({ all: 3, text: 1, faces: 1, failed: 1 });
  });

  it("has all words, whatever their case and width", () => {
    expect(choose(album.photos, "all", " straße abc ").map(({ at }) => at)).toEqual([0]);
    expect(choose(album.photos, "all", "abc nothing")).toEqual([]);
    expect(choose(album.photos, "failed", "2.JPG")).toHaveLength(1);
  });
});
