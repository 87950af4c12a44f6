/**
 * Installs the locked dependencies when they are missing or are not the locked ones. npm's own record of what it
 * installed (node_modules/.package-lock.json, written last) is compared with package-lock.json, so there is no stamp
 * of ours to go stale, and a developer's own `npm install` counts.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.mjs";

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }} LockedPackage */

/**
 * True when everything locked is installed in its locked version. Optional packages (other platforms' binaries) may
 * be absent, never different.
 * @param {Readonly<Record<string, LockedPackage>>} locked
 * @param {Readonly<Record<string, LockedPackage>>} installed
 */
export function isInstallCurrent(locked, installed) {
  for (const [path, item] of Object.entries(locked)) {
    if (path === "" || item.link === true) continue;
    const found = installed[path];
    if (found === undefined && !(item.optional || item.devOptional || item.peer)) return false;
    if (found !== undefined && found.version !== item.version) return false;
  }
  return true;
}

/** @param {string} path @returns {Promise<Record<string, LockedPackage> | null>} */
async function readLock(path) {
  try {
    /** @type {unknown} */
    const lock = JSON.parse(await readFile(path, "utf8"));
    if (typeof lock !== "object" || lock === null || !("packages" in lock)) return null;
    // npm wrote it; what is not as expected differs from the other lock and leads to an install.
    return /** @type {Record<string, LockedPackage>} */ (lock.packages);
  } catch {
    // Missing or cut off: whatever the reason, the answer is to install.
    return null;
  }
}

/**
 * @param {string} root The repository.
 * @param {import("./progress.mjs").Progress} progress
 * @returns {Promise<boolean>} True when something was installed.
 */
export async function installWhenStale(root, progress) {
  const locked = await readLock(join(root, "package-lock.json"));
  if (locked === null) throw new Error("package-lock.json is missing or broken: restore it from git");
  const installed = await readLock(join(root, "node_modules", ".package-lock.json"));
  if (installed !== null && isInstallCurrent(locked, installed)) return false;
  progress.line("  Installing the locked dependencies; the first time takes a minute or two.");
  await progress.step("Dependencies installed", async () => {
    // Under Node 20 npm warns that some packages want a newer Node; they get it (the package `node` brings 24), so
    // only errors are of interest.
    await runCommand("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
  });
  return true;
}
