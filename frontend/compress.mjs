// Puts a `.gz` beside each asset of the built page, so that the service need not compress while somebody waits.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const ASSETS = new URL("../api/web/assets/", import.meta.url);
const TEXT = /\.(js|css|svg|json|ttf)$/;

for (const name of readdirSync(ASSETS)) {
  if (!TEXT.test(name)) continue;
  const content = readFileSync(new URL(name, ASSETS));
  const packed = gzipSync(content, { level: 9 });
  if (packed.length < content.length * 0.9) writeFileSync(new URL(`${name}.gz`, ASSETS), packed);
}
