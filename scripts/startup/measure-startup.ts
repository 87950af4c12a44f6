/**
 * What the deployed Worker costs before its first request, by the platform's own tool (`wrangler check startup`): the
 * processor time to load it, and the size of its bundle. Rule CM40.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../bootstrap/run-command.mjs";
import { toLocalWranglerEnvironment, toWranglerScript } from "../wrangler-command.ts";

export interface Startup {
  /** Milliseconds in which the script ran, garbage collection included; waiting is not. */
  readonly cpuMs: number;
  readonly bundleGzipKiB: number;
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

/** The least of so many starts: what else the machine does only makes a start longer. */
export async function measureStartup(root: string, starts: number): Promise<Startup> {
  // Wrangler refuses to bundle without the folder of the pages.
  await mkdir(join(root, "dist", "web"), { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), "breakwater-startup-"));
  try {
    const measured: Startup[] = [];
    for (let start = 0; start < starts; start += 1) {
      const parameters = ["check", "startup", "--outfile", join(folder, "start.cpuprofile")];
      const output = await runCommand(process.execPath, [toWranglerScript(root), ...parameters], {
        cwd: root,
        env: toLocalWranglerEnvironment(process.env, folder),
      });
      const startup = parseStartup(output);
      if (startup === null) throw new Error(`wrangler said something else than expected:\n${output}`);
      measured.push(startup);
    }
    const [first, ...others] = measured;
    if (first === undefined) throw new Error("nothing was started");
    return { ...first, cpuMs: Math.min(first.cpuMs, ...others.map(({ cpuMs }) => cpuMs)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
