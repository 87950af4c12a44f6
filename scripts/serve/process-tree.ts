/**
 * Ends a process with everything below it. Needed because wrangler, when it is killed, leaves workerd behind with
 * the port in its hands.
 */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
}

/** All processes below `pid`, parents before children. */
export function findDescendants(table: readonly ProcessRow[], pid: number): number[] {
  const found: number[] = [];
  const queue = [pid];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const row of table) {
      if (row.parentPid !== parent || found.includes(row.pid)) continue;
      found.push(row.pid);
      queue.push(row.pid);
    }
  }
  return found;
}

/** The pid and the parent's pid in the text of /proc/PID/stat; the name in brackets may hold spaces and brackets. */
export function parseProcessStat(text: string): ProcessRow | null {
  const match = /^(\d+) \(.*\) \S (\d+) /s.exec(text);
  return match?.[1] && match[2] ? { pid: Number(match[1]), parentPid: Number(match[2]) } : null;
}

/** From /proc where there is one (a small Debian has no `ps`), else from `ps`. */
async function readProcessTable(): Promise<ProcessRow[]> {
  const entries = await readdir("/proc").catch(() => null);
  if (entries === null) {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([pid, parentPid]) => (pid !== undefined && parentPid !== undefined ? [{ pid, parentPid }] : []));
  }
  const rows = await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name))
      // A process may end between the listing and the reading.
      .map(async (name) => parseProcessStat(await readFile(`/proc/${name}/stat`, "utf8").catch(() => ""))),
  );
  return rows.filter((row) => row !== null);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended by itself, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** How long a process may take to end by itself; wrangler needs about half a second. */
const GRACE_MS = 5000;

/**
 * SIGTERM to the process; after it has ended, or after five seconds, SIGKILL to it and to all that were below it.
 * Resolves when nothing of it can be alive.
 */
export async function endProcessTree(pid: number, ended: Promise<unknown>): Promise<void> {
  const below = findDescendants(await readProcessTable(), pid);
  sendSignal(pid, "SIGTERM");
  const { promise: graceOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GRACE_MS);
  await Promise.race([ended, graceOver]);
  clearTimeout(timer);
  const alive = new Set((await readProcessTable()).map((row) => row.pid));
  // The process itself last: it may be the one that runs this.
  for (const each of [...below, pid]) if (alive.has(each)) sendSignal(each, "SIGKILL");
}
