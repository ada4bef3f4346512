import { useEffect, useState } from "react";
import { useObjectUrl, usePicture } from "../../api/files";
import { previewOf } from "../../api/jobs";
import type { Photo } from "./album";
import { shrink } from "./shrink";

/** The address of a small picture of a photo; `missing` where there is none. */
export function useThumbnail(photo: Photo): { url: string | undefined; missing: boolean } {
  const [small, setSmall] = useState<Blob | null>();
  const { file } = photo;
  useEffect(() => {
    if (file) return shrink(file, setSmall);
    setSmall(null);
  }, [file]);
  const own = useObjectUrl(small);
  const preview = usePicture(small === null ? previewUrl(photo) : null);
  return { url: own ?? preview.url, missing: preview.isError };
}

/** The address of a photo as large as it can be had. */
export function useLarge(photo: Photo): { url: string | undefined; missing: boolean; onError: () => void } {
  const [unreadable, setUnreadable] = useState<File | null>(null);
  const readable = photo.file !== null && photo.file !== unreadable;
  const own = useObjectUrl(readable ? photo.file : null);
  const preview = usePicture(readable ? null : previewUrl(photo));
  return {
    url: readable ? own : preview.url,
    missing: preview.isError,
    onError: () => setUnreadable(photo.file),
  };
}

function previewUrl({ job, item }: Photo): string | null {
  return job !== null && item !== null ? previewOf(job, item) : null;
}
