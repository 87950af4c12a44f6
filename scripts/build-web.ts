/** Builds the web pages into dist/web, unless what they are made of is the same as last time. */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./bootstrap/run-command.mjs";
import { toProjectEnv } from "./bootstrap/project-node.mjs";
import { hashFiles } from "./hash-files.ts";
import { readTextOrNull } from "./serve/private-file.ts";

/** Everything a build depends on. The lock file stands for the libraries. */
const INPUTS = ["web", "src/protocol", "vite.config.ts", "tsconfig.web.json", "package-lock.json"];

/** Resolves to true when it built, false when the last build still holds. Rejects with the build's output. */
export async function buildWeb(root: string): Promise<boolean> {
  const page = join(root, "dist", "web", "index.html");
  const stamp = join(root, "dist", "web.sha256");
  const hash = await hashFiles(root, INPUTS);
  const isBuilt = await stat(page).then(
    () => true,
    () => false,
  );
  if (isBuilt && (await readTextOrNull(stamp)) === hash) return false;
  // Gone until the build is whole: one that was killed half way must not count.
  await rm(stamp, { force: true });
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  await runCommand(process.execPath, [vite, "build"], { cwd: root, env: toProjectEnv(root) });
  await mkdir(join(root, "dist"), { recursive: true });
  await writeFile(stamp, hash);
  return true;
}
