import { beforeEach, expect, it, vi } from "vitest";

class Fault extends Error {
  readonly passing: boolean;
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter?: number,
  ) {
    super(code);
    this.passing = [0, 429, 502, 503, 504].includes(status);
  }
}
const ask = vi.fn();
vi.mock("../../api/client", () => ({ ask, Fault }));
vi.mock("../../api/session", () => ({ served: async () => undefined }));
const { send } = await import("./upload");

const order = { tasks: ["ocr"], album: "album-1", priority: "bulk" } as const;
const lot = (...names: string[]) => names.map((name) => ({ file: new File(["x"], name) }));
const told = { sent: vi.fn(), refused: vi.fn(), waiting: vi.fn() };
const job = (id: string) => ({ json: async () => ({ task_id: id }) });
const sendAll = (photos: { file: File }[], signal = new AbortController().signal) => send(photos, order, told, signal);

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  ask.mockReset();
});

it("waits as long as a full service asks for, and goes on", async () => {
  ask.mockRejectedValueOnce(new Fault(429, "queue_full", 7)).mockResolvedValueOnce(job("a"));
  const sending = sendAll(lot("1.jpg"));
  await vi.advanceTimersByTimeAsync(6900);
  expect(told.waiting).toHaveBeenLastCalledWith(7, true);
  expect(told.sent).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  await sending;
  expect(told.sent).toHaveBeenCalledWith("a", expect.anything());
  expect(told.waiting).toHaveBeenLastCalledWith(null, false);
});

it("sends a lot that is too large in halves, and gives up a file that is too large alone", async () => {
  const tooLarge = new Fault(413, "too_large");
  ask.mockRejectedValueOnce(tooLarge).mockResolvedValueOnce(job("a")).mockRejectedValueOnce(tooLarge);
  const photos = lot("1.jpg", "2.jpg", "3.jpg");
  await sendAll(photos);
  expect(told.sent).toHaveBeenCalledWith("a", photos.slice(0, 2));
  expect(told.refused).toHaveBeenCalledWith(photos.slice(2), expect.objectContaining({ code: "too_large" }));
});

it("gives up at once where asking again would not help", async () => {
  ask.mockRejectedValueOnce(new Fault(400, "unknown_task"));
  await sendAll(lot("1.jpg"));
  expect(told.refused).toHaveBeenCalledOnce();
  expect(told.waiting).not.toHaveBeenCalled();
});

it("ends while it waits when it is stopped", async () => {
  const stop = new AbortController();
  ask.mockRejectedValue(new Fault(0, "unreachable"));
  const sending = sendAll(lot("1.jpg"), stop.signal);
  const ended = expect(sending).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(1000);
  expect(told.waiting).toHaveBeenLastCalledWith(5, false);
  stop.abort();
  await ended;
});
