// Decompress WOFF2 files: node decompress.mjs <target folder> <file.woff2>... writes <name>.ttf for each.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import woff2 from "wawoff2";

const [target, ...files] = process.argv.slice(2);
for (const file of files) {
  writeFileSync(join(target, `${basename(file, ".woff2")}.ttf`), await woff2.decompress(readFileSync(file)));
}
