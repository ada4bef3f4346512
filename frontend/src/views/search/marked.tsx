import { useMemo } from "react";
import { segments } from "./highlight";
import classes from "./search.module.css";

/** A text in which the words that were looked for stand out. */
export function Marked({ text, words }: { text: string; words: ReadonlySet<string> }) {
  const pieces = useMemo(() => segments(text, words), [text, words]);
  let at = 0;
  return pieces.map((piece) => {
    const key = at;
    at += piece.text.length;
    return piece.marked ? (
      <mark key={key} className={classes.word}>
        {piece.text}
      </mark>
    ) : (
      <span key={key}>{piece.text}</span>
    );
  });
}
