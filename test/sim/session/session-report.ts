/** What `npm run sim` prints of simulated chats: one block of rows over all seeds, and every breach with its seed. Pure. */
import type { SessionRun } from "./run-session.ts";

/** Sums over all seeds. */
export interface SessionTotals {
  readonly seeds: number;
  readonly turns: number;
  readonly complete: number;
  readonly incomplete: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly calls: number;
  readonly crashes: number;
  readonly evictions: number;
  /** Lives in which a turn went on that a crash had cut off. */
  readonly recoveries: number;
  readonly rewinds: number;
  readonly reconnects: number;
  readonly events: number;
  readonly simulatedMs: number;
}

export interface SessionBreach {
  readonly scenario: "session";
  readonly seed: number;
  readonly message: string;
}

const NOTHING: SessionTotals = {
  seeds: 0,
  turns: 0,
  complete: 0,
  incomplete: 0,
  failed: 0,
  cancelled: 0,
  calls: 0,
  crashes: 0,
  evictions: 0,
  recoveries: 0,
  rewinds: 0,
  reconnects: 0,
  events: 0,
  simulatedMs: 0,
};

export function sumRuns(runs: readonly SessionRun[]): SessionTotals {
  return runs.map(toTotals).reduce(addTotals, NOTHING);
}

export function addTotals(left: SessionTotals, right: SessionTotals): SessionTotals {
  return {
    seeds: left.seeds + right.seeds,
    turns: left.turns + right.turns,
    complete: left.complete + right.complete,
    incomplete: left.incomplete + right.incomplete,
    failed: left.failed + right.failed,
    cancelled: left.cancelled + right.cancelled,
    calls: left.calls + right.calls,
    crashes: left.crashes + right.crashes,
    evictions: left.evictions + right.evictions,
    recoveries: left.recoveries + right.recoveries,
    rewinds: left.rewinds + right.rewinds,
    reconnects: left.reconnects + right.reconnects,
    events: left.events + right.events,
    simulatedMs: left.simulatedMs + right.simulatedMs,
  };
}

function toTotals(run: SessionRun): SessionTotals {
  const { complete = 0, incomplete = 0, failed = 0, cancelled = 0 } = run.turns;
  return {
    seeds: 1,
    turns: Object.values(run.turns).reduce((sum, count) => sum + count, 0),
    complete,
    incomplete,
    failed,
    cancelled,
    calls: run.calls,
    crashes: run.crashes,
    evictions: run.evictions,
    recoveries: run.recoveries,
    rewinds: run.rewinds,
    reconnects: run.reconnects,
    events: run.events,
    simulatedMs: run.simulatedMs,
  };
}

export function toBreaches(runs: readonly SessionRun[]): SessionBreach[] {
  return runs.flatMap(({ seed, breaches }) =>
    breaches.map((message): SessionBreach => ({ scenario: "session", seed, message })),
  );
}

const NAME_WIDTH = 20;
const COLUMN_WIDTH = 12;
const HOUR_MS = 3_600_000;

/** Three rows: what was asked, what went wrong, what it took. */
export function toSessionLines(totals: SessionTotals, tookMs: number, ok: boolean): string[] {
  const seconds = `${(tookMs / 1_000).toFixed(0)} s`;
  return [
    toLine("sessions", [
      ["seeds", totals.seeds],
      ["turns", totals.turns],
      ["complete", totals.complete],
      ["incomplete", totals.incomplete],
      ["failed", totals.failed],
      ["cancelled", totals.cancelled],
    ]),
    toLine("", [
      ["crashes", totals.crashes],
      ["evictions", totals.evictions],
      ["gone on", totals.recoveries],
      ["rewinds", totals.rewinds],
      ["come back", totals.reconnects],
      ["calls", totals.calls],
    ]),
    toLine("", [
      ["events", totals.events],
      ["hours", Math.round(totals.simulatedMs / HOUR_MS)],
      ["took", seconds],
      ["", ok ? "ok" : "FAIL"],
    ]),
  ];
}

function toLine(name: string, cells: readonly (readonly [string, number | string])[]): string {
  return (
    name.padEnd(NAME_WIDTH) +
    cells.map(([title, value]) => `${title} ${value}`.padStart(COLUMN_WIDTH + 8)).join("")
  );
}

/** More of the same say nothing new. */
const BREACHES_SHOWN = 20;

/** What is printed below; empty when all is well. The last line runs the first breach again. */
export function toSessionBreachLines(breaches: readonly SessionBreach[]): string[] {
  const lines = breaches
    .slice(0, BREACHES_SHOWN)
    .map(({ seed, message }) => `FAIL session, seed ${seed}: ${message}`);
  if (breaches.length > BREACHES_SHOWN) lines.push(`… and ${breaches.length - BREACHES_SHOWN} more`);
  const [first] = breaches;
  if (first === undefined) return lines;
  return [...lines, `Again: npm run sim -- --only session --seed ${first.seed} --runs 1`];
}
