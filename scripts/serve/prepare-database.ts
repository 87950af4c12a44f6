/** The local D1: migrations applied by wrangler, as in deployed environments, and the first account in it. */
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../bootstrap/run-command.mjs";
import { hashFiles } from "../hash-files.ts";
import { toLocalWranglerEnvironment, toWranglerScript } from "../wrangler-command.ts";
import type { Admin } from "./local-seed.ts";
import { readLocalSeed } from "./local-seed.ts";
import { readTextOrNull } from "./private-file.ts";

/** Where wrangler keeps the local D1 below --persist-to. */
const DATABASE_FOLDER = join("v3", "d1");

async function hasDatabase(stateFolder: string): Promise<boolean> {
  return stat(join(stateFolder, DATABASE_FOLDER)).then(
    () => true,
    () => false,
  );
}

/** Resolves to true when migrations were applied, false when the state already has them all. */
export async function applyLocalMigrations(root: string, stateFolder: string): Promise<boolean> {
  const stamp = join(stateFolder, "migrations.sha256");
  const hash = await hashFiles(root, ["drizzle/d1"]);
  // Asking wrangler takes two seconds, comparing hashes none.
  if ((await hasDatabase(stateFolder)) && (await readTextOrNull(stamp)) === hash) return false;
  await rm(stamp, { force: true });
  await runCommand(
    process.execPath,
    [toWranglerScript(root), "d1", "migrations", "apply", "DB", "--local", "--persist-to", stateFolder],
    { cwd: root, env: toLocalWranglerEnvironment(process.env, stateFolder) },
  );
  await writeFile(stamp, hash);
  return true;
}

/**
 * Makes the local admin with an organization and an API key, once for a state, in a process of its own: the library
 * that opens the database talks a lot. Resolves to true when it was made now.
 */
export async function seedLocalState(root: string, stateFolder: string, admin: Admin): Promise<boolean> {
  if ((await readLocalSeed(stateFolder, admin)) !== null) return false;
  await runCommand(process.execPath, [join(root, "scripts", "seed.ts"), stateFolder], {
    cwd: root,
    env: toLocalWranglerEnvironment(process.env, stateFolder),
  });
  return true;
}
