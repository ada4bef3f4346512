/** As many as a worker takes at a time: so one lot is looked at after another. */
export const MOST_FILES = 32;
/** The service's limit is 64 MiB with what a form adds to its files. */
export const MOST_BYTES = 63 * 2 ** 20;

const ENDINGS = /\.(jpe?g|jfif|png|webp|gif|bmp|tiff?|hei[cf]|avif|jp2|mpo|ppm|jxl)$/i;

export function isPicture(file: { name: string; type: string }): boolean {
  return file.type.startsWith("image/") ? !file.type.includes("svg") : ENDINGS.test(file.name);
}

/** The name under which a file is sent, and comes back: one that a form does not change. */
export function nameOf(file: { name: string }): string {
  return file.name.replace(/["\\/\r\n]/g, "_") || "upload";
}

/**
 * Files in lots that the service takes in one request, in their order.
 *
 * No lot has two files of one name, as an answer is known by its name. A file that is too large alone is a lot.
 */
export function batches<T extends { name: string; size: number }>(files: readonly T[]): T[][] {
  const lots: T[][] = [];
  let lot: T[] = [];
  let bytes = 0;
  let names = new Set<string>();
  for (const file of files) {
    const name = nameOf(file);
    const full = lot.length >= MOST_FILES || bytes + file.size > MOST_BYTES || names.has(name);
    if (full && lot.length > 0) {
      lots.push(lot);
      [lot, bytes, names] = [[], 0, new Set()];
    }
    lot.push(file);
    bytes += file.size;
    names.add(name);
  }
  return lot.length > 0 ? [...lots, lot] : lots;
}
