/**
 * The project's own Node (package `node`, 24) runs every script; the Node that someone has at hand may be 20 and then
 * only starts it. Plain JavaScript on built-ins: this file is what the old Node runs.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first version that runs TypeScript files as they are and that wrangler, Vite and the AI SDK accept. */
const NEEDED_MAJOR = 24;

export function isProjectNode() {
  return Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR;
}

/**
 * The environment in which node_modules/.bin comes first, so that `node` is ours for everything started below.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function toProjectEnv(root) {
  return {
    ...process.env,
    PATH: [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter),
  };
}

/**
 * Runs a script of ours on the project's Node and resolves to its exit code. SIGINT and SIGTERM are passed on; the
 * channel between the two tells the script when this process is gone for another reason.
 * @param {string} root @param {string} script @param {readonly string[]} parameters
 * @returns {Promise<number>}
 */
export function runOnProjectNode(root, script, parameters) {
  const node = join(root, "node_modules", ".bin", "node");
  if (!existsSync(node)) {
    throw new Error(
      "node_modules/.bin/node is missing: the install script of the package `node` did not run. Try `npm ci`.",
    );
  }
  return new Promise((resolve, reject) => {
    const child = spawn(node, [script, ...parameters], {
      cwd: root,
      env: toProjectEnv(root),
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
      process.on(signal, () => child.kill("SIGTERM"));
    }
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 1 : 128 + 15)));
  });
}
