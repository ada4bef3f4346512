import type { DocumentFrame, DocumentUsage } from "../../api/schema";

type PageEnd = Extract<DocumentFrame, { type: "page_end" }>;
type Failure = Extract<DocumentFrame, { type: "error" }>;

/** What a document's stream says, and what has come of it so far. */
export interface Page {
  number: number;
  /** What is shown. */
  text: string;
  /** What this connection has said of it; after a reconnect it catches up with `text`. */
  heard: string;
  state: "reading" | "done" | "failed" | "stopped";
  error?: string;
  engine?: string;
  notes: readonly string[];
}

export interface Reading {
  /** How many pages there are; null while they are being counted. */
  total: number | null;
  pages: Readonly<Record<number, Page>>;
  error?: string;
  usage?: DocumentUsage;
  ended: boolean;
}

export const NOTHING: Reading = { total: null, pages: {}, ended: false };

/**
 * The next state. Every connection tells a document from its beginning, so a `start` begins anew: what is shown stays
 * until the same page's text has been told again, and gives way to it where the two differ.
 */
export function next(reading: Reading, frame: DocumentFrame): Reading {
  switch (frame.type) {
    case "start":
      return { total: frame.pages, pages: map(reading.pages, (page) => ({ ...page, heard: "" })), ended: false };
    case "page_start":
      return change(reading, frame.page, (page) => (page.state === "done" ? page : begun(page)));
    case "page_delta":
      return change(reading, frame.page, (page) => told(page, frame.delta));
    case "page_end":
      return change(reading, frame.page, (page) => ended(page, frame));
    case "error":
      return frame.page == null
        ? { ...reading, error: said(frame) }
        : change(reading, frame.page, (page) => ({ ...page, state: "failed", error: said(frame) }));
    case "end":
      return { ...reading, pages: map(reading.pages, stopped), usage: frame.usage, ended: true };
    default:
      return reading; // of a service newer than this page
  }
}

/** The numbers of the pages that have begun, in their order. */
export function numbers(reading: Reading): number[] {
  return Object.keys(reading.pages).map(Number); // integer keys are kept in ascending order
}

function change(reading: Reading, number: number, how: (page: Page) => Page): Reading {
  const page = reading.pages[number] ?? { number, text: "", heard: "", state: "reading", notes: [] };
  return { ...reading, pages: { ...reading.pages, [number]: how(page) } };
}

function map(pages: Reading["pages"], how: (page: Page) => Page): Reading["pages"] {
  return Object.fromEntries(Object.entries(pages).map(([number, page]) => [number, how(page)]));
}

/** Text that came before stays: a page that is tried again is told from where it stood. */
function begun({ error: _, ...page }: Page): Page {
  return { ...page, state: "reading" };
}

function told(page: Page, delta: string): Page {
  const heard = page.heard + delta;
  const behind = heard.length < page.text.length && page.text.startsWith(heard);
  return { ...page, heard, text: behind ? page.text : heard };
}

function ended(page: Page, { engine, notes }: PageEnd): Page {
  const state = page.state === "failed" ? "failed" : "done";
  return { ...page, text: page.heard, state, notes: notes ?? [], ...(engine ? { engine } : {}) };
}

/** A page in work when its document was cancelled: nobody will tell more of it. */
function stopped(page: Page): Page {
  return page.state === "reading" ? { ...page, state: "stopped" } : page;
}

function said({ message, code }: Failure): string {
  return message || code || "?";
}

const PAGE_MARK = "\n\n---\n\n";
const FIGURE = /(!\[[^\]]*\]\()images\/(\d+)\.jpg\)/g;

/** The whole document as the service would give it; a figure's link names its page too. */
export function markdown(reading: Reading): string {
  return Object.values(reading.pages)
    .map(({ number, text }) => text.replace(FIGURE, `$1images/${number}_$2.jpg)`))
    .join(PAGE_MARK);
}
