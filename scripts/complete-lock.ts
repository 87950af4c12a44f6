/**
 * `node scripts/complete-lock.ts`: puts back into package-lock.json the entries of optional packages for other
 * platforms. npm leaves them out when it cannot see them (a registry mirror without them, an npm that looks only at
 * what is installed), and `npm ci` then refuses the whole file. Run it after adding or upgrading packages; a test
 * says when it is needed. Such an entry has no checksum: npm takes the version from the registry and checks that.
 */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const LockedPackage = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
export const Lock = z.object({ packages: z.record(z.string(), LockedPackage) });
type Packages = z.infer<typeof Lock>["packages"];

const SYSTEMS: Readonly<Record<string, string>> = {
  darwin: "darwin",
  win32: "win32",
  windows: "win32",
  linux: "linux",
  android: "android",
  freebsd: "freebsd",
  openharmony: "openharmony",
};
const PROCESSORS: Readonly<Record<string, string>> = {
  x64: "x64",
  "64": "x64",
  arm64: "arm64",
  arm: "arm",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  wasm32: "wasm32",
};
const LIBRARIES: Readonly<Record<string, string>> = { gnu: "glibc", musl: "musl" };

/** What npm would have written about a binary's platform, read from the words of its name. */
export function toPlatform(name: string): { os?: [string]; cpu?: [string]; libc?: [string] } {
  const words = name.split(/[/-]/);
  const find = (table: Readonly<Record<string, string>>) => words.map((word) => table[word]).find(Boolean);
  const [os, cpu, libc] = [find(SYSTEMS), find(PROCESSORS), find(LIBRARIES)];
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined || os !== "linux" ? {} : { libc: [libc] }),
  };
}

/** True when `name` is found from the package at `path` as Node would find it: inside it, or beside one above it. */
function isLocked(packages: Packages, path: string, name: string): boolean {
  const folders = path.split("/node_modules/");
  return (
    folders.some((_, index) => {
      const above = folders.slice(0, folders.length - index).join("/node_modules/");
      return packages[`${above}/node_modules/${name}`] !== undefined;
    }) || packages[`node_modules/${name}`] !== undefined
  );
}

/** The entries that are missing, by their place in the lock. Ranges are left out: only npm can settle those. */
export function findMissingEntries(packages: Packages): Packages {
  const missing: Packages = {};
  for (const [path, item] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(item.optionalDependencies ?? {})) {
      if (!/^\d/.test(version) || isLocked(packages, path, name)) continue;
      const dev = item.dev === true ? { dev: true } : {};
      missing[`node_modules/${name}`] = { version, ...dev, optional: true, ...toPlatform(name) };
    }
  }
  return missing;
}

async function completeLock(path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const missing = findMissingEntries(Lock.parse(JSON.parse(text)).packages);
  // Written from the text as npm left it: the parsed copy has its keys in another order.
  const lock = z.custom<{ packages: object }>().parse(JSON.parse(text));
  const entries = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
    a.localeCompare(b, "en"),
  );
  await writeFile(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  console.log(`${Object.keys(missing).length} entries were missing and are there now.`);
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && resolve(process.argv[1]) === self) {
  await completeLock(join(dirname(dirname(self)), "package-lock.json"));
}
