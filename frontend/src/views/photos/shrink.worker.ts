/** Makes small JPEGs of picture files, away from the thread that draws the page. */
const SIDE = 320;

self.onmessage = async ({ data: { id, file } }: MessageEvent<{ id: number; file: File }>) => {
  const blob = await shrink(file).catch(() => null); // not a picture that the browser knows
  self.postMessage({ id, blob });
};

async function shrink(file: File): Promise<Blob> {
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.min(whole.width, whole.height));
  const canvas = new OffscreenCanvas(Math.ceil(whole.width * scale), Math.ceil(whole.height * scale));
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new Error("no canvas");
  drawing.imageSmoothingQuality = "medium";
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}
