/** A vector of length 1, so that the cosine of two is their dot product; null where there is none. */
export function unit(vector: readonly number[] | undefined): Float32Array | null {
  if (!vector?.length) return null;
  const length = Math.hypot(...vector);
  return length > 0 && Number.isFinite(length) ? Float32Array.from(vector, (x) => x / length) : null;
}

/** The cosine of two vectors made by `unit`; null where they are not of one size. */
export function cosine(a: Float32Array, b: Float32Array): number | null {
  if (a.length !== b.length) return null;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

export interface Near<T> {
  one: T;
  likeness: number;
}

/** Those of `all` whose vectors are nearest to `vector`, the nearest first; without a vector it is no neighbour. */
export function nearest<T>(
  vector: Float32Array,
  all: Iterable<T>,
  vectorOf: (one: T) => Float32Array | null,
  most: number,
  least = 0,
): Near<T>[] {
  const found: Near<T>[] = [];
  for (const one of all) {
    const other = vectorOf(one);
    const likeness = other && cosine(vector, other);
    if (likeness !== null && likeness > least) found.push({ one, likeness });
  }
  return found.sort((a, b) => b.likeness - a.likeness).slice(0, most);
}
