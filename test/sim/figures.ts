/** What is counted of a simulated world: the figures of one row of the table. Pure. */
import { quantile } from "../../src/circuit/quantile.ts";
import type { SelectionAttempt } from "../../src/protocol/selection.ts";
import type { Span } from "./behaviour.ts";
import type { NotedTransition } from "./sim-authority.ts";
import type { BookedCall } from "./sim-provider.ts";
import type { ServedRequest, WorldResult } from "./sim-world.ts";

/** What is wrong in a scenario, for how long, and for whom. */
export interface Sickness {
  readonly provider: string;
  /** Null: the whole provider. */
  readonly model: string | null;
  /** Null: everywhere. */
  readonly regions: readonly string[] | null;
  /** In order; before the first and after the last it is well. */
  readonly spans: readonly Span[];
}

export interface Figures {
  readonly requests: number;
  readonly failed: number;
  readonly incomplete: number;
  /** Users' calls to what is sick, from its first sick moment to its last; null where nothing is. */
  readonly sickCalls: number | null;
  /** First word as readers saw it, of requests after the warm-up. */
  readonly firstTokensMs: readonly number[];
  readonly calls: number;
  readonly hedges: number;
  readonly retries: number;
  readonly probes: number;
  /** From the first sick moment to the first circuit that opened; null where none did. */
  readonly openedAfterMs: number | null;
  /** From the last sick moment until all circuits of what was sick were closed again; null where none had opened. */
  readonly recoveredAfterMs: number | null;
}

export function toFigures(result: WorldResult, sickness: Sickness | null, warmUpMs: number): Figures {
  const attempts = result.requests.flatMap(({ record }) => record.attempts);
  const countStatus = (status: string): number =>
    result.requests.filter(({ record }) => record.status === status).length;
  return {
    requests: result.requests.length,
    failed: countStatus("failed"),
    incomplete: countStatus("incomplete"),
    sickCalls: sickness === null ? null : listSickCalls(result, sickness).length,
    firstTokensMs: listFirstTokensMs(result.requests, warmUpMs),
    calls: attempts.length,
    hedges: attempts.filter(({ hedge }) => hedge).length,
    retries: sum(result.requests.map(({ record }) => listRetries(record.attempts).length)),
    probes: result.probes.length,
    openedAfterMs: sickness === null ? null : findOpenedAfterMs(result, sickness),
    recoveredAfterMs: sickness === null ? null : findRecoveredAfterMs(result, sickness),
  };
}

export function listFirstTokensMs(requests: readonly ServedRequest[], fromMs: number): number[] {
  return requests.flatMap(({ atMs, seenFirstTokenMs }) =>
    atMs < fromMs || seenFirstTokenMs === null ? [] : [seenFirstTokenMs],
  );
}

/** Calls of one target beyond its first within a turn; one in words after a refused prefill is part of that first. */
export function listRetries(attempts: readonly SelectionAttempt[]): SelectionAttempt[] {
  const last = new Map<string, SelectionAttempt>();
  return attempts.filter((attempt) => {
    const name = `${attempt.provider}/${attempt.model}`;
    const before = last.get(name);
    last.set(name, attempt);
    return before !== undefined && before.error?.startsWith("bad-request:") !== true;
  });
}

export function listSickCalls(
  result: WorldResult,
  { provider, model, regions, spans }: Sickness,
): BookedCall[] {
  return result.books.filter(
    (call) =>
      call.purpose === "call" &&
      call.provider === provider &&
      (model === null || call.model === model) &&
      (regions === null || regions.includes(call.region)) &&
      spans.some(({ fromMs, untilMs }) => call.startedAtMs >= fromMs && call.startedAtMs < untilMs),
  );
}

/** The transitions of what was sick, in order. */
export function listSickTransitions(result: WorldResult, { provider, regions }: Sickness): NotedTransition[] {
  return result.transitions.filter(({ object }) => {
    const [name, region = null] = object.split("@");
    return (
      name === provider && (regions === null ? region === null : region !== null && regions.includes(region))
    );
  });
}

function findOpenedAfterMs(result: WorldResult, sickness: Sickness): number | null {
  const fromMs = sickness.spans[0]?.fromMs ?? 0;
  const opened = listSickTransitions(result, sickness).find(
    ({ atMs, transition }) => atMs >= fromMs && transition.to === "OPEN",
  );
  return opened === undefined ? null : opened.atMs - fromMs;
}

function findRecoveredAfterMs(result: WorldResult, sickness: Sickness): number | null {
  const untilMs = sickness.spans.at(-1)?.untilMs ?? 0;
  const last = new Map<string, NotedTransition>();
  for (const noted of listSickTransitions(result, sickness)) {
    last.set(`${noted.object} ${noted.transition.model ?? ""}`, noted);
  }
  const ends = [...last.values()];
  if (ends.length === 0 || ends.some(({ transition }) => transition.to !== "CLOSED")) return null;
  return Math.max(0, Math.max(...ends.map(({ atMs }) => atMs)) - untilMs);
}

export function quantileOf(values: readonly number[], share: number): number {
  return quantile(values, share) ?? 0;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
