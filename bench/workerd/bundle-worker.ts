/** Bundles a Worker as a deploy would: wrangler's own esbuild, its configuration and its flags, into a folder. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { runCommand } from "../../scripts/bootstrap/run-command.mjs";
import { toLocalWranglerEnvironment, toWranglerScript } from "../../scripts/wrangler-command.ts";

export interface BundledModule {
  readonly type: "ESModule" | "Text";
  readonly path: string;
  readonly contents: string;
}

const MODULE_TYPES: Readonly<Record<string, BundledModule["type"]>> = { ".js": "ESModule", ".sql": "Text" };

/** The entry comes first. `entry` is relative to the repository's folder. */
export async function bundleWorker(root: string, entry: string, folder: string): Promise<BundledModule[]> {
  // Wrangler refuses to bundle without the folder of the pages, which no bench serves.
  await mkdir(join(root, "dist", "web"), { recursive: true });
  await runCommand(
    process.execPath,
    [toWranglerScript(root), "deploy", entry, "--dry-run", `--outdir=${folder}`],
    { cwd: root, env: toLocalWranglerEnvironment(process.env, folder) },
  );
  const names = await readdir(folder);
  const modules = await Promise.all(
    names.flatMap((name) => {
      const type = MODULE_TYPES[extname(name)];
      return type === undefined ? [] : [readModule(join(folder, name), name, type)];
    }),
  );
  const main = modules.filter(({ type }) => type === "ESModule");
  if (main.length !== 1) throw new Error(`the bundle has ${main.length} scripts, one was expected`);
  return modules.toSorted((left, right) => left.type.localeCompare(right.type));
}

async function readModule(file: string, name: string, type: BundledModule["type"]): Promise<BundledModule> {
  return { type, path: name, contents: await readFile(file, "utf8") };
}
