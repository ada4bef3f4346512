interface Props {
  url: string | undefined;
  /** x1, y1, x2, y2, in pixels of the picture. */
  box: readonly number[];
  /** Of the picture that the box is measured in. */
  width: number | null;
  height: number | null;
}

/** A face cut out of its picture, with some room around it; it fills the square that it lies in. */
export function Crop({ url, box, width, height }: Props) {
  if (!url || !width || !height) return null;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
  const part = 1 / (1.3 * Math.max(x2 - x1, y2 - y1, 1));
  const percent = (share: number) => `${100 * share}%`;
  const style = {
    position: "absolute",
    maxWidth: "none",
    objectFit: "fill",
    width: percent(width * part),
    height: percent(height * part),
    left: percent(0.5 - ((x1 + x2) / 2) * part),
    top: percent(0.5 - ((y1 + y2) / 2) * part),
  } as const;
  return <img src={url} alt="" style={style} draggable={false} />;
}
