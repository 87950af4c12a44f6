/** The files of the repository as git sees them: tracked, or new and not ignored. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** Paths relative to the repository; deleted files are left out. */
export async function listTrackedFiles(): Promise<readonly string[]> {
  const run = promisify(execFile);
  const listed = await run("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: ROOT });
  const deleted = await run("git", ["ls-files", "-d", "-z"], { cwd: ROOT });
  const gone = new Set(deleted.stdout.split("\0"));
  return listed.stdout.split("\0").filter((path) => path !== "" && !gone.has(path));
}

export async function readTracked(path: string): Promise<string> {
  return readFile(join(ROOT, path), "utf8");
}
