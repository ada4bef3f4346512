import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ask, Fault } from "./client";

/** Fetch a file with our credential and hand it to the browser's downloads. */
export async function download(url: string, name: string): Promise<void> {
  const blob = await (await ask(url)).blob();
  save(blob, name);
}

export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The address of a blob for `src`; it is given back when the component goes or the blob changes. */
export function useObjectUrl(blob: Blob | null | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) return setUrl(undefined);
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

/** A picture of the service, fetched with our credential, as `<img>` sends none. */
export function usePicture(url: string | null) {
  const query = useQuery({
    queryKey: ["picture", url],
    enabled: url !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: (count, error) => count < 1 && error instanceof Fault && error.passing,
    queryFn: async ({ signal }) => (await ask(url ?? "", { signal })).blob(),
  });
  return { url: useObjectUrl(query.data), isError: query.isError, error: query.error, isLoading: query.isLoading };
}
