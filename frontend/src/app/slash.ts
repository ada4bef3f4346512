import { useEffect } from "react";

/** Where a stroke is writing, or belongs to what lies over the page. */
const ELSEWHERE = "input, textarea, select, [contenteditable], [role=dialog]";

/** Do something at `/`, wherever that is on a keyboard. */
export function useSlash(act: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target instanceof Element && event.target.closest(ELSEWHERE)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [act]);
}
