import { type KeyboardEvent, useState } from "react";
import classes from "./boxed.module.css";

export interface Box {
  id: string;
  label: string;
  /** Corners, in pixels of the picture. */
  points?: readonly (readonly number[])[];
  /** x1, y1, x2, y2, in pixels of the picture. */
  rect?: readonly number[];
}

interface Props {
  url: string;
  /** Of the picture that the boxes are measured in. */
  width: number;
  height: number;
  boxes: readonly Box[];
  /** What the picture shows, for who cannot see it. */
  alt?: string;
  /** One box, or several that belong together. */
  lit?: string | readonly string[] | null;
  onLight: (id: string | null) => void;
  onChoose?: (id: string) => void;
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** A picture with boxes over it that grow with it; one stop of the tab key, the arrow keys go from box to box. */
export function Boxed({ url, width, height, boxes, alt = "", lit, onLight, onChoose }: Props) {
  const [visited, setVisited] = useState(boxes[0]?.id);
  const stop = boxes.some(({ id }) => id === visited) ? visited : boxes[0]?.id;
  return (
    <div className={classes.frame} style={{ aspectRatio: `${width} / ${height}` }}>
      <img src={url} alt={alt} className={classes.picture} draggable={false} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be drawn over a picture */}
      <svg
        className={classes.boxes}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="group"
        aria-label={alt}
        onKeyDown={walk}
      >
        {boxes.map((box) => (
          // biome-ignore lint/a11y/useSemanticElements: shapes of a drawing
          <polygon
            key={box.id}
            points={outline(box)}
            className={classes.box}
            data-box={box.id}
            data-lit={box.id === lit || (Array.isArray(lit) && lit.includes(box.id)) || undefined}
            role="button"
            aria-label={box.label}
            tabIndex={box.id === stop ? 0 : -1}
            onPointerEnter={() => onLight(box.id)}
            onPointerLeave={() => onLight(null)}
            onFocus={() => {
              setVisited(box.id);
              onLight(box.id);
            }}
            onBlur={() => onLight(null)}
            onClick={() => onChoose?.(box.id)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              onChoose?.(box.id);
            }}
          />
        ))}
      </svg>
    </div>
  );
}

function outline({ points, rect }: Box): string {
  if (points) return points.map(([x, y]) => `${x},${y}`).join(" ");
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rect ?? [];
  return `${x1},${y1} ${x2},${y1} ${x2},${y2} ${x1},${y2}`;
}

function walk(event: KeyboardEvent<SVGSVGElement>): void {
  const step = STEPS[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll<SVGElement>("[data-box]")];
  const at = all.indexOf(event.target as SVGElement);
  all[(at + step + all.length) % all.length]?.focus();
  event.preventDefault();
}
