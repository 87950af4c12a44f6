/** What `npm run sim` prints: one row for each variant over all seeds, and every breach with its seed. Pure. */
import { quantileOf, sum, type Figures } from "./figures.ts";
import type { VariantRun } from "./run-scenario.ts";

export interface SimRow {
  readonly scenario: string;
  readonly requests: number;
  readonly failed: number;
  readonly incomplete: number;
  /** The most of any seed: the bound holds for each. Null where nothing is sick. */
  readonly sickCalls: number | null;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Hedges, in per cent of the other calls. */
  readonly extraCallsPercent: number;
  /** Calls of one target beyond its first in a turn, in per cent of the requests. */
  readonly retriesPercent: number;
  readonly probes: number;
  /** The median over the seeds; null where no circuit opened. */
  readonly openedAfterMs: number | null;
  readonly recoveredAfterMs: number | null;
  readonly ok: boolean;
}

export interface SimBreach {
  readonly scenario: string;
  readonly seed: number;
  readonly message: string;
}

/** `runs` are the same variant with different seeds. */
export function toRow(name: string, runs: readonly VariantRun[]): SimRow {
  const figures = runs.map((run) => run.figures);
  const firstTokensMs = figures.flatMap((each) => each.firstTokensMs);
  const requests = total(figures, ({ requests: count }) => count);
  const hedges = total(figures, ({ hedges: count }) => count);
  const calls = total(figures, ({ calls: count }) => count);
  const sickCalls = figures.flatMap((each) => each.sickCalls ?? []);
  return {
    scenario: name,
    requests,
    failed: total(figures, ({ failed }) => failed),
    incomplete: total(figures, ({ incomplete }) => incomplete),
    sickCalls: sickCalls.length === 0 ? null : Math.max(...sickCalls),
    p50Ms: Math.round(quantileOf(firstTokensMs, 0.5)),
    p95Ms: Math.round(quantileOf(firstTokensMs, 0.95)),
    p99Ms: Math.round(quantileOf(firstTokensMs, 0.99)),
    extraCallsPercent: toPercent(hedges, calls - hedges),
    retriesPercent: toPercent(
      total(figures, ({ retries }) => retries),
      requests,
    ),
    probes: total(figures, ({ probes }) => probes),
    openedAfterMs: toMedian(figures.map(({ openedAfterMs }) => openedAfterMs)),
    recoveredAfterMs: toMedian(figures.map(({ recoveredAfterMs }) => recoveredAfterMs)),
    ok: runs.every(({ breaches }) => breaches.length === 0),
  };
}

const COLUMNS: readonly (readonly [string, (row: SimRow) => string])[] = [
  ["requests", ({ requests }) => `${requests}`],
  ["failed", ({ failed }) => `${failed}`],
  ["incompl.", ({ incomplete }) => `${incomplete}`],
  ["to sick", ({ sickCalls }) => toText(sickCalls)],
  ["p50 ms", ({ p50Ms }) => `${p50Ms}`],
  ["p95 ms", ({ p95Ms }) => `${p95Ms}`],
  ["p99 ms", ({ p99Ms }) => `${p99Ms}`],
  ["extra %", ({ extraCallsPercent }) => extraCallsPercent.toFixed(1)],
  ["retry %", ({ retriesPercent }) => retriesPercent.toFixed(1)],
  ["probes", ({ probes }) => `${probes}`],
  ["opens ms", ({ openedAfterMs }) => toText(openedAfterMs)],
  ["back ms", ({ recoveredAfterMs }) => toText(recoveredAfterMs)],
  ["", ({ ok }) => (ok ? "ok" : "FAIL")],
];
const NAME_WIDTH = 44;
const COLUMN_WIDTH = 9;

export function toHeading(): string {
  return toLine(
    "scenario",
    COLUMNS.map(([title]) => title),
  );
}

export function toTableLine(row: SimRow): string {
  return toLine(
    row.scenario,
    COLUMNS.map(([, read]) => read(row)),
  );
}

/** More of the same say nothing new. */
const BREACHES_SHOWN = 20;

/** What is printed below the table; empty when all is well. The last line runs the first breach again. */
export function toBreachLines(breaches: readonly SimBreach[]): string[] {
  const lines = breaches
    .slice(0, BREACHES_SHOWN)
    .map(({ scenario, seed, message }) => `FAIL ${scenario}, seed ${seed}: ${message}`);
  if (breaches.length > BREACHES_SHOWN) lines.push(`… and ${breaches.length - BREACHES_SHOWN} more`);
  const first = breaches[0];
  if (first === undefined) return lines;
  return [...lines, `Again: npm run sim -- --seed ${first.seed} --runs 1 --scenario "${first.scenario}"`];
}

function toLine(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join("");
}

function toText(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)}`;
}

function total(figures: readonly Figures[], read: (figures: Figures) => number): number {
  return sum(figures.map(read));
}

function toPercent(part: number, whole: number): number {
  return whole === 0 ? 0 : (part * 100) / whole;
}

function toMedian(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : quantileOf(known, 0.5);
}
