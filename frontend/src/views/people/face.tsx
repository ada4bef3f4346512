import { usePicture } from "../../api/files";
import { pictureOf } from "../../api/found";
import type { Cover } from "../../api/schema";
import { Crop } from "../../parts/crop";

/** Faces are small parts of their photos. */
const SIZE = 1024;

/** A face of a person, out of its photo; nothing where that is gone. */
export function Face({ cover }: { cover: Cover | null }) {
  const { url } = usePicture(cover?.box ? pictureOf(cover.sha256, SIZE) : null);
  return cover?.box && <Crop url={url} box={cover.box} width={cover.width} height={cover.height} />;
}
