/** Installs what the benches measure against (bench/package.json) when it is missing or is not what its lock says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isInstallCurrent } from "../../scripts/bootstrap/install.mjs";
import { toProjectEnv } from "../../scripts/bootstrap/project-node.mjs";
import { runCommand } from "../../scripts/bootstrap/run-command.mjs";

type Packages = Parameters<typeof isInstallCurrent>[0];

/** npm wrote it; what is not as expected differs from the other lock and leads to an install. */
const Lock = z.object({
  packages: z.custom<Packages>((value) => typeof value === "object" && value !== null),
});

export async function installPeers(root: string): Promise<void> {
  const folder = join(root, "bench");
  const locked = await readLock(join(folder, "package-lock.json"));
  if (locked === null) throw new Error("bench/package-lock.json is missing or broken: restore it from git");
  const installed = await readLock(join(folder, "node_modules", ".package-lock.json"));
  if (installed !== null && isInstallCurrent(locked, installed)) return;
  // Nothing that is bundled needs an install script.
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // Without a registry the bench goes on without them: one more try is enough to know.
  const parameters = ["ci", "--ignore-scripts", "--fetch-retries=1", ...quiet];
  await runCommand("npm", parameters, { cwd: folder, env: toProjectEnv(root) });
}

/** Null when it is missing or cut off: whatever the reason, the answer is to install. */
async function readLock(path: string): Promise<Packages | null> {
  try {
    return Lock.parse(JSON.parse(await readFile(path, "utf8"))).packages;
  } catch {
    return null;
  }
}
