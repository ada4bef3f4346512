import { useCallback, useMemo } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

export const MODES = ["hybrid", "text", "image"] as const;
export type Mode = (typeof MODES)[number];

/** What is looked for, as the address bar keeps it; empty where it is not asked. */
export interface Sought {
  q: string;
  mode: Mode;
  library: string;
  since: string;
  until: string;
  /** The SHA-256 of a photo, others like which are looked for. */
  like: string;
  /** SHA-256:number of a face. */
  face: string;
  person: string;
}

const NOTHING: Sought = { q: "", mode: "hybrid", library: "", since: "", until: "", like: "", face: "", person: "" };
const KEYS = Object.keys(NOTHING) as (keyof Sought)[];
const DAY = /^\d{4}-\d\d-\d\d$/;

export function read(params: URLSearchParams): Sought {
  const said = Object.fromEntries(KEYS.map((key) => [key, params.get(key)?.trim() ?? ""]));
  const mode = MODES.find((each) => each === said.mode) ?? "hybrid";
  const day = (text = "") => (DAY.test(text) ? text : "");
  return { ...NOTHING, ...said, mode, since: day(said.since), until: day(said.until) };
}

/** The shortest parameters of an address that `read` understands. */
export function write(sought: Sought): URLSearchParams {
  const said = KEYS.filter((key) => sought[key] !== NOTHING[key]);
  return new URLSearchParams(said.map((key) => [key, sought[key]]));
}

/** Whether anything is looked for; else the newest photos are shown. */
export const asks = (sought: Sought): boolean => KEYS.some((key) => sought[key] !== NOTHING[key]);

/** What the service is asked. */
export function question(sought: Sought): URLSearchParams {
  const params = write(sought);
  if (sought.face) params.set("mode", "face");
  else if (sought.like) params.set("mode", "image");
  else if (!sought.q) params.delete("mode");
  return params;
}

/** What is looked for after a change: new words are a new question, and so are another photo or face. */
export function changed(before: Sought, what: Partial<Sought>): Sought {
  const asks = (["q", "like", "face"] as const).find((key) => what[key]);
  const fresh = asks ? { q: "", like: "", face: "" } : {};
  return { ...before, ...fresh, ...what };
}

export const linkTo = (what: Partial<Sought>): string => `/search?${write({ ...NOTHING, ...what })}`;

/** What the address bar asks for, and a way to ask for something else; the browser's back button knows each question. */
export function useSought(): [Sought, (what: Partial<Sought>) => void] {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const sought = useMemo(() => read(params), [params]);
  const seek = useCallback(
    (what: Partial<Sought>) => {
      const next = write(changed(sought, what));
      if (`${next}` !== `${write(sought)}`) void navigate(`?${next}`);
    },
    [sought, navigate],
  );
  return [sought, seek];
}

/** The photo that is open, as the address bar keeps it. The back button closes it. */
export function useOpen(): [string | null, (key: string | null) => void] {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { state } = useLocation();
  const open = params.get("photo");
  const opened = state?.opened === true;
  const go = useCallback(
    (key: string | null) => {
      if (key === null && opened) return void navigate(-1);
      const next = new URLSearchParams(params);
      next.delete("photo");
      if (key !== null) next.set("photo", key);
      const replace = open !== null;
      void navigate(`?${next}`, {
        replace,
        state: { opened: key !== null && (opened || !replace) },
        preventScrollReset: true,
      });
    },
    [params, open, opened, navigate],
  );
  return [open, go];
}
