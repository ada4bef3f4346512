/** Scripts without spaces between words; there a pair of characters is what is looked for. */
const SCRIPTS = ["Han", "Hiragana", "Katakana", "Hangul", "Thai", "Lao", "Myanmar", "Khmer"];
const DENSE = `[${SCRIPTS.map((name) => `\\p{Script=${name}}`).join("")}ー]`;
const TOKEN = new RegExp(`(${DENSE}+)|(?:(?!${DENSE})[\\p{L}\\p{N}\\p{M}])+`, "gu");
const PART = /"([^"]*)"?|(?<!\S)(ocr|clip):|[^\s"]+/giu;
const ACCENTS = /[\u0300-\u036f]/gu;
const QUOTES = /[“”„‟「」『』＂«»]/gu;

export interface Segment {
  text: string;
  marked: boolean;
}

interface Token {
  word: string;
  start: number;
  end: number;
}

/** What in a query is looked for in text, folded; what stands behind `clip:` is not, until `ocr:`. */
export function wordsOf(query: string): Set<string> {
  const words = new Set<string>();
  let only = "";
  for (const [part, , prefix] of query.replace(QUOTES, '"').replace(/：/gu, ":").matchAll(PART)) {
    if (prefix) only = prefix.toLowerCase();
    else if (only !== "clip")
      for (const [run] of folded(part).text.matchAll(TOKEN)) for (const word of wanted(run)) words.add(word);
  }
  return words;
}

/** One character alone is looked for only where nothing stands beside it. */
function wanted(run: string): string[] {
  const words = tokens(run).map(({ word }) => word);
  return words.length > 1 ? words.filter((word) => [...word].length > 1) : words;
}

/** A text in pieces, of which some are words that were looked for, whatever their case, width and accents. */
export function segments(text: string, words: ReadonlySet<string>): Segment[] {
  const { text: plain, places } = folded(text);
  const found: Segment[] = [];
  let done = 0;
  const add = (end: number, marked: boolean) => {
    if (end <= done) return;
    const last = found.at(-1);
    const piece = text.slice(done, end);
    if (last?.marked === marked) last.text += piece;
    else found.push({ text: piece, marked });
    done = end;
  };
  for (const { word, start, end } of tokens(plain)) {
    if (!words.has(word)) continue;
    add(places[start] ?? 0, false);
    add(places[end] ?? text.length, true);
  }
  add(text.length, false);
  return found;
}

/** Words; of a script without spaces every two characters beside each other, and every one. */
function tokens(plain: string): Token[] {
  return [...plain.matchAll(TOKEN)].flatMap((match) => {
    const start = match.index;
    const word = match[0];
    return match[1] ? grams([...word], start) : [{ word, start, end: start + word.length }];
  });
}

function grams(characters: string[], start: number): Token[] {
  let at = start;
  return characters.flatMap((character, index) => {
    const one = { word: character, start: at, end: at + character.length };
    at = one.end;
    const next = characters[index + 1];
    return next === undefined ? [one] : [{ word: character + next, start: one.start, end: at + next.length }, one];
  });
}

/** Without case, width and accents; `places` says where each unit of it stood, with one more for the end. */
function folded(text: string): { text: string; places: number[] } {
  let plain = "";
  let at = 0;
  const places: number[] = [];
  for (const character of text) {
    const lower = character.normalize("NFKC").toUpperCase().toLowerCase(); // ß is ss
    const fold = lower.normalize("NFD").replace(ACCENTS, "").normalize("NFC");
    for (let unit = 0; unit < fold.length; unit++) places.push(at);
    plain += fold;
    at += character.length;
  }
  return { text: plain, places: [...places, at] };
}
