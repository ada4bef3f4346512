import { useState } from "react";

/** Things that are chosen one by one; null while nothing is being chosen. */
export function useChosen<T, K>(keyOf: (thing: T) => K) {
  const [chosen, setChosen] = useState<ReadonlyMap<K, T> | null>(null);
  return {
    chosen,
    begin: () => setChosen(new Map()),
    end: () => setChosen(null),
    toggle: (thing: T) =>
      setChosen((before) => {
        const after = new Map(before);
        if (!after.delete(keyOf(thing))) after.set(keyOf(thing), thing);
        return after;
      }),
  };
}
