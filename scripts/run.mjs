/**
 * `node scripts/run.mjs FILE.ts [parameters]`: installs what is missing and runs one of our TypeScript files on the
 * project's own Node. Every npm script but `start` goes through here, so each works on a fresh clone.
 */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installWhenStale } from "./bootstrap/install.mjs";
import { createProgress } from "./bootstrap/progress.mjs";
import { isProjectNode, runOnProjectNode } from "./bootstrap/project-node.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [script, ...parameters] = process.argv.slice(2);

async function main() {
  if (script === undefined) throw new Error("Usage: node scripts/run.mjs FILE.ts [parameters]");
  const path = resolve(root, script);
  const installed = await installWhenStale(root, createProgress(process.stdout, Date.now));
  if (installed || !isProjectNode()) {
    process.exitCode = await runOnProjectNode(root, path, parameters);
  } else {
    process.argv.splice(1, 2, path);
    await import(pathToFileURL(path).href);
  }
}

await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
});
