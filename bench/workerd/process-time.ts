/** The processor time of the workerd processes that this one has started. Only Linux tells it; elsewhere it is unknown. */
import { readdir, readFile } from "node:fs/promises";

/** The unit in which Linux counts it for every process, whatever the machine. */
const TICK_MS = 10;

interface ProcessStat {
  readonly name: string;
  readonly parentId: number;
  readonly cpuMs: number;
}

/** Null when there is no such process, or no such file system. */
async function readStat(processId: number): Promise<ProcessStat | null> {
  const text = await readFile(`/proc/${processId}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  // The name stands in brackets and may hold anything; the fields after it are numbered from 3 (man 5 proc).
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    parentId: field(4),
    cpuMs: (field(14) + field(15)) * TICK_MS,
  };
}

export async function listWorkerdProcesses(): Promise<ReadonlySet<number>> {
  const names = await readdir("/proc").catch(() => []);
  const processIds = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(processIds.map(readStat));
  return new Set(
    processIds.filter((_, index) => {
      const stat = stats[index];
      return stat?.name === "workerd" && stat.parentId === process.pid;
    }),
  );
}

/** Since its start, user and system together; null where nobody knows. */
export async function readCpuMs(processId: number | null): Promise<number | null> {
  return processId === null ? null : ((await readStat(processId))?.cpuMs ?? null);
}
