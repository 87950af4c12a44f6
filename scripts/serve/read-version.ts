/** The version a local or deployed Worker reports: package.json's, and the commit when git knows it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "../bootstrap/run-command.mjs";

/** `0.1.0+1a2b3c4`, or `0.1.0` outside a git repository. */
export async function readVersion(root: string): Promise<string> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  try {
    const commit = await runCommand("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
    return `${version}+${commit.trim()}`;
  } catch {
    // No git, no repository, or no commit yet: the version stands alone.
    return version;
  }
}
