/**
 * What a Worker costs before its first request, by the platform's own tool (`wrangler check startup`): the processor
 * time to load it, and the size of its bundle. Rule CM40.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../bootstrap/run-command.mjs";
import { toLocalWranglerEnvironment, toWranglerScript } from "../wrangler-command.ts";
import { toReferenceWorker } from "./reference-worker.ts";

export interface Startup {
  /** Milliseconds in which the script ran, garbage collection included; waiting is not. */
  readonly cpuMs: number;
  readonly bundleGzipKiB: number;
}

export interface StartupMeter {
  /** One start of our Worker. */
  startProduct(): Promise<Startup>;
  /** One start of the reference Worker. */
  startReference(): Promise<Startup>;
}

const ACTIVE = /Active: ([\d.]+) ms/;
const GZIP = /gzip: ([\d.]+) KiB/;

/** Null when the tool says something else than it used to. */
export function parseStartup(output: string): Startup | null {
  const cpuMs = ACTIVE.exec(output)?.[1];
  const gzipKiB = GZIP.exec(output)?.[1];
  return cpuMs === undefined || gzipKiB === undefined
    ? null
    : { cpuMs: Number(cpuMs), bundleGzipKiB: Number(gzipKiB) };
}

/** What is measured lives in a folder that is gone when `use` has ended. */
export async function withStartupMeter<T>(
  root: string,
  use: (meter: StartupMeter) => Promise<T>,
): Promise<T> {
  // Wrangler refuses to bundle without the folder of the pages.
  await mkdir(join(root, "dist", "web"), { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), "breakwater-startup-"));
  const start = async (cwd: string): Promise<Startup> => {
    const parameters = ["check", "startup", "--outfile", join(folder, "start.cpuprofile")];
    const output = await runCommand(process.execPath, [toWranglerScript(root), ...parameters], {
      cwd,
      env: toLocalWranglerEnvironment(process.env, folder),
    });
    const startup = parseStartup(output);
    if (startup === null) throw new Error(`wrangler said something else than expected:\n${output}`);
    return startup;
  };
  try {
    await writeFile(join(folder, "worker.js"), toReferenceWorker());
    await writeFile(
      join(folder, "wrangler.json"),
      JSON.stringify({ name: "reference", main: "worker.js", compatibility_date: "2026-11-01" }),
    );
    return await use({ startProduct: () => start(root), startReference: () => start(folder) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
