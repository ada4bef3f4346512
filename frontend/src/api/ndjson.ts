/** Objects of a stream of JSON lines, as they come; a blank line is a heartbeat and is left out. */
export async function* objects<T>(body: ReadableStream<Uint8Array>, onSign?: () => void): AsyncGenerator<T> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let begun = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      onSign?.();
      begun += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = begun.split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
      if (done) return; // a line without its end was cut off
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
