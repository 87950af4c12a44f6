/** Bundles a Worker as a deploy would: wrangler's own esbuild, its configuration and its flags, into a folder. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { runCommand } from "../../scripts/bootstrap/run-command.mjs";
import { toLocalWranglerEnvironment, toWranglerScript } from "../../scripts/wrangler-command.ts";
import { readCompatibility } from "./compatibility.ts";

export interface BundledModule {
  readonly type: "ESModule" | "Text";
  readonly path: string;
  readonly contents: string;
}

const MODULE_TYPES: Readonly<Record<string, BundledModule["type"]>> = { ".js": "ESModule", ".sql": "Text" };

/** The product, or an entry around it: with the bindings of wrangler.jsonc. `entry` is relative to the repository. */
export async function bundleWorker(root: string, entry: string, folder: string): Promise<BundledModule[]> {
  // Wrangler refuses to bundle without the folder of the pages, which no bench serves.
  await mkdir(join(root, "dist", "web"), { recursive: true });
  await bundle(root, [entry], folder);
  return readModules(folder);
}

/** A Worker that has nothing of the product but its compatibility. `entry` is relative to the repository. */
export async function bundlePeer(root: string, entry: string, folder: string): Promise<BundledModule[]> {
  const { compatibilityDate, compatibilityFlags } = readCompatibility(root);
  const config = join(folder, "wrangler.json");
  const settings = {
    name: "peer",
    main: join(root, entry),
    compatibility_date: compatibilityDate,
    compatibility_flags: compatibilityFlags,
  };
  await writeFile(config, JSON.stringify(settings));
  // Without one of its own, wrangler would take the product's, which it finds above the entry.
  await bundle(root, [`--config=${config}`], folder);
  return readModules(folder);
}

async function bundle(root: string, parameters: readonly string[], folder: string): Promise<void> {
  await runCommand(
    process.execPath,
    [toWranglerScript(root), "deploy", ...parameters, "--dry-run", `--outdir=${folder}`],
    { cwd: root, env: toLocalWranglerEnvironment(process.env, folder) },
  );
}

/** The script comes first. */
async function readModules(folder: string): Promise<BundledModule[]> {
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
