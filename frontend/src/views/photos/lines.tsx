import { ScrollArea } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { OcrLine } from "../../api/schema";
import classes from "./photos.module.css";

interface Props {
  lines: readonly OcrLine[];
  lit: string | null;
  onLight: (id: string | null) => void;
  /** How a line's text is shown; as it is where nothing is said. */
  shown?: (text: string) => ReactNode;
}

/** Lines of text; each lights up its box, `line-N`. */
export function Lines({ lines, lit, onLight, shown = (text) => text }: Props) {
  const { t } = useTranslation("photos");
  return (
    <ScrollArea.Autosize mah={300} viewportProps={{ tabIndex: 0, role: "region", "aria-label": t("textFound") }}>
      {lines.map((line, index) => {
        const id = `line-${index}`;
        return (
          <span
            key={id}
            className={classes.line}
            data-lit={id === lit || undefined}
            title={t("sure", { percent: Math.round(line.score * 100) })}
            onPointerEnter={() => onLight(id)}
            onPointerLeave={() => onLight(null)}
          >
            {shown(line.text)}
          </span>
        );
      })}
    </ScrollArea.Autosize>
  );
}
