import type { Match } from "../../api/schema";

/** The corners of a box, as an SVG names them: it is four points, or x1, y1, x2, y2. */
export function corners(box: NonNullable<Match["box"]>): string {
  const [first] = box;
  if (typeof first !== "number") return box.map((point) => `${point}`).join(" ");
  const [x1, y1, x2, y2] = box as [number, number, number, number];
  return `${x1},${y1} ${x2},${y1} ${x2},${y2} ${x1},${y2}`;
}
