/**
 * `npm start`: the part that any Node from 20 on can run. It reads the options, refuses a taken port before doing
 * work, installs what is missing and hands over to serve.ts on the project's own Node.
 */
import { fileURLToPath } from "node:url";
import { installWhenStale } from "./bootstrap/install.mjs";
import { createProgress } from "./bootstrap/progress.mjs";
import { isProjectNode, runOnProjectNode } from "./bootstrap/project-node.mjs";
import { explainTakenPort, parseStartOptions, START_USAGE } from "./bootstrap/start-options.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @returns {Promise<number>} The exit code. */
async function main() {
  const parameters = process.argv.slice(2);
  const options = parseStartOptions(parameters);
  if (!options.ok) {
    console.error(`${options.error}\n\n${START_USAGE}`);
    return 1;
  }
  if (options.value === "help") {
    console.log(START_USAGE);
    return 0;
  }
  const taken = await explainTakenPort(options.value.port);
  if (taken !== null) {
    console.error(taken);
    return 1;
  }
  const progress = createProgress(process.stdout, Date.now);
  const installed = await installWhenStale(root, progress);
  // A new install may have replaced the very Node that runs this.
  if (installed || !isProjectNode())
    return runOnProjectNode(root, fileURLToPath(import.meta.url), parameters);
  const { serve } = await import("./serve.ts");
  return serve(root, options.value, progress);
}

const code = await main().catch((/** @type {unknown} */ error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
// Not by waiting for an empty event loop: a stopped start may have a command under way, which ends with us.
process.exit(code);
