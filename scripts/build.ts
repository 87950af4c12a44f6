/** `npm run build`: the web pages into dist/web. The Worker itself is bundled by wrangler. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createProgress } from "./bootstrap/progress.mjs";
import { buildWeb } from "./build-web.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await createProgress(process.stdout, Date.now).step("Web pages built", async () =>
  (await buildWeb(root)) ? undefined : "unchanged",
);
