/**
 * The limit of a start, held on machines of any speed: 100 ms of CPU where the reference Worker starts in
 * `REFERENCE_MS`, as much more elsewhere as that one takes. Rules CM40, CM41.
 */
import type { Startup, StartupMeter } from "./measure-startup.ts";

/** The platform gives a Worker a second on machines of its own; a cold start that is felt is lost long before. */
const MAX_CPU_MS = 100;
/** The platform's limit for the smallest plan is 3 MB. */
const MAX_GZIP_KIB = 1_024;
/** What the reference Worker took, at its least, where our own took 66 ms: the machine the limit was set on. */
const REFERENCE_MS = 74;
/** Whatever else a machine does makes a start longer, never shorter: the least of several is what it costs. */
const MIN_ROUNDS = 2;
const MAX_ROUNDS = 6;

/** The least of the starts, and whether it may be so. */
export interface StartupVerdict extends Startup {
  readonly holds: boolean;
  /** The least start of the reference Worker, in milliseconds of CPU. */
  readonly referenceMs: number;
  /** What the start may cost on this machine: never less than 100 ms. */
  readonly maxCpuMs: number;
  readonly maxGzipKiB: number;
}

/**
 * Starts both in turns, twice at least, and stops as soon as the limits hold: a machine's bad minute costs time, not the
 * verdict.
 */
export async function judgeStartup(meter: StartupMeter): Promise<StartupVerdict> {
  let cpuMs = Number.POSITIVE_INFINITY;
  let referenceMs = Number.POSITIVE_INFINITY;
  for (let round = 1; ; round += 1) {
    const startup = await meter.startProduct();
    cpuMs = Math.min(cpuMs, startup.cpuMs);
    referenceMs = Math.min(referenceMs, (await meter.startReference()).cpuMs);
    const verdict = toVerdict({ ...startup, cpuMs }, referenceMs);
    if (round === MAX_ROUNDS || (verdict.holds && round >= MIN_ROUNDS)) return verdict;
    // A bundle has the same size at each start.
    if (startup.bundleGzipKiB >= MAX_GZIP_KIB) return verdict;
  }
}

function toVerdict(startup: Startup, referenceMs: number): StartupVerdict {
  const maxCpuMs = Math.round(MAX_CPU_MS * Math.max(1, referenceMs / REFERENCE_MS));
  const holds = startup.cpuMs < maxCpuMs && startup.bundleGzipKiB < MAX_GZIP_KIB;
  return { ...startup, holds, referenceMs, maxCpuMs, maxGzipKiB: MAX_GZIP_KIB };
}
