/**
 * Ends a process with everything that came from it. Needed because wrangler, when it is killed, leaves workerd
 * behind with the port in its hands, and an orphan no longer shows whose child it was: so what we start carries a
 * mark in its environment, which its children inherit.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

export const MARK_NAME = "BREAKWATER_PROCESS_MARK";

/** A new mark: the value of the environment variable that everything below one process of ours carries. */
export function newProcessMark(): string {
  return randomUUID();
}

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
}

/** Rows of `ps -o pid=,ppid=`. */
export function parseProcessTable(text: string): ProcessRow[] {
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)].map((row) => ({
    pid: Number(row[1]),
    parentPid: Number(row[2]),
  }));
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

/** True when the text of /proc/PID/environ has the mark. */
export function hasMark(environment: string, mark: string): boolean {
  return environment.split("\0").includes(`${MARK_NAME}=${mark}`);
}

/** By their mark where /proc shows it (Linux), else by who is whose child, which misses orphans. */
async function findProcesses(pid: number, mark: string): Promise<number[]> {
  const entries = await readdir("/proc").catch(() => null);
  if (entries === null) {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
    return findDescendants(parseProcessTable(stdout), pid);
  }
  const found = await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      // A process may end meanwhile, and others' environments are closed to us: neither is one of ours.
      .map(async (name) => {
        const environment = await readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
        return hasMark(environment, mark) ? Number(name) : null;
      }),
  );
  return found.filter((each) => each !== null);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended by itself, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

const ALIVE = Symbol("alive");

/** How long a process may take to end by itself; wrangler needs about half a second. */
const GRACE_MS = 5000;

/**
 * SIGTERM to the process, unless `ended` has settled; then, at the latest after five seconds, SIGKILL to whatever of
 * it is left. `mark` is what it was started with.
 */
export async function endProcessTree(pid: number, mark: string, ended: Promise<unknown>): Promise<void> {
  // The first promise wins when both are settled.
  const first = await Promise.race([ended, Promise.resolve(ALIVE)]);
  if (first !== ALIVE) return killOffspring(pid, mark);
  sendSignal(pid, "SIGTERM");
  const { promise: graceOver, resolve } = Promise.withResolvers<"over">();
  const timer = setTimeout(() => resolve("over"), GRACE_MS);
  const second = await Promise.race([ended, graceOver]);
  clearTimeout(timer);
  return second === "over" ? killProcessTree(pid, mark) : killOffspring(pid, mark);
}

/** SIGKILL to everything that came from the process, and to itself last: it may be the one that runs this. */
export async function killProcessTree(pid: number, mark: string): Promise<void> {
  await killOffspring(pid, mark);
  sendSignal(pid, "SIGKILL");
}

async function killOffspring(pid: number, mark: string): Promise<void> {
  for (const each of await findProcesses(pid, mark)) if (each !== pid) sendSignal(each, "SIGKILL");
}
