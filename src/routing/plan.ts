/**
 * Turns what a caller asked for into an ordered list of candidates, with a reason for every place. Pure: the same
 * facts give the same order. Rules RT5 to RT14.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import type { ProviderId } from "../base/id.ts";
import type { CircuitSnapshot } from "../protocol/circuit.ts";
import type { Intent, SelectionCandidate, SelectionMode } from "../protocol/selection.ts";

export interface Target {
  readonly provider: ProviderId;
  readonly model: string;
}

/** One thing a caller asked for, looked up in the catalog. */
export type RequestedModel =
  | { readonly type: "class"; readonly name: string; readonly targets: readonly Target[] }
  | { readonly type: "pinned"; readonly target: Target };

export interface PlanFacts {
  /** In the caller's order; one entry for `model`, several for `models`. */
  readonly requested: readonly RequestedModel[];
  /** True when the caller named no model at all. */
  readonly unspecified: boolean;
  /** Providers that have a key or an address here. */
  readonly configured: ReadonlySet<ProviderId>;
  /** What this isolate knows of a provider's circuit; null when it knows nothing (then it counts as closed). */
  readonly readCircuit: (provider: ProviderId) => CircuitSnapshot | null;
  readonly nowMs: number;
  readonly intent: Intent;
  /** The provider that served this chat last; its prompt cache is warm. */
  readonly lastProvider: ProviderId | null;
}

export interface Plan {
  readonly mode: SelectionMode;
  readonly intent: Intent;
  /** Targets to try, best first. */
  readonly order: readonly Target[];
  /** Every candidate looked at, those left out included; what the selection record keeps. */
  readonly candidates: readonly SelectionCandidate[];
  /** Targets passed over because their circuit does not let them through, for the log. */
  readonly skipped: readonly (Target & { readonly reason: string })[];
}

export interface PlanFailure {
  readonly type: "nothing-configured" | "nothing-available";
  readonly message: string;
  /** When the first candidate may be asked again, milliseconds from now; null when unknown. */
  readonly retryAfterMs: number | null;
  /** What the record keeps all the same. */
  readonly mode: SelectionMode;
  readonly candidates: readonly SelectionCandidate[];
  readonly skipped: readonly (Target & { readonly reason: string })[];
}

interface Standing {
  readonly target: Target;
  /** Lower comes first. */
  readonly rank: number;
  readonly reason: string;
  readonly circuit: SelectionCandidate["circuit"];
  /** Null when it may be tried; otherwise how long it may not, if that is known. */
  readonly blocked: { readonly retryAfterMs: number | null } | null;
}

// The class's own order moves in steps of 1; a warm prompt cache is worth one place, a fresh failure costs all of them.
const AFFINITY_BONUS = 1.5;
const SUSPECT_PENALTY = 1_000;

/** Orders the candidates. A failure is a value: it says what was looked at and when to come back. */
export function decidePlan(facts: PlanFacts): Result<Plan, PlanFailure> {
  const mode = toMode(facts);
  const targets = listTargets(facts.requested);
  const known = targets.filter((target) => facts.configured.has(target.provider));
  const unknown = targets.filter((target) => !facts.configured.has(target.provider));
  const standings = known.map((target, index) => toStanding(target, index, facts));
  const open = standings
    .filter((standing) => standing.blocked === null)
    .sort((left, right) => left.rank - right.rank);
  const blocked = standings.filter((standing) => standing.blocked !== null);
  const candidates: SelectionCandidate[] = [
    ...open.map((standing, index) => toCandidate(standing, index + 1)),
    ...blocked.map((standing) => toCandidate(standing, null)),
    ...unknown.map((target) => ({
      ...target,
      place: null,
      reason: `${target.provider} has no key and no address here.`,
      circuit: "CLOSED" as const,
    })),
  ];
  const skipped = blocked.map((standing) => ({ ...standing.target, reason: standing.reason }));
  if (open.length > 0) {
    return succeed({
      mode,
      intent: facts.intent,
      order: open.map((standing) => standing.target),
      candidates,
      skipped,
    });
  }
  return fail(toFailure(mode, standings, candidates, skipped));
}

function toMode(facts: PlanFacts): SelectionMode {
  if (facts.unspecified) return "auto";
  if (facts.requested.length > 1) return "list";
  return facts.requested[0]?.type === "pinned" ? "pinned" : "class";
}

function listTargets(requested: readonly RequestedModel[]): Target[] {
  const seen = new Set<string>();
  const targets: Target[] = [];
  for (const entry of requested) {
    for (const target of entry.type === "class" ? entry.targets : [entry.target]) {
      const key = `${target.provider}/${target.model}`;
      if (seen.has(key)) continue;
      seen.add(key);
      targets.push(target);
    }
  }
  return targets;
}

function toStanding(target: Target, index: number, facts: PlanFacts): Standing {
  const snapshot = facts.readCircuit(target.provider);
  const circuit = snapshot?.status ?? "CLOSED";
  const place = `number ${index + 1} of what was asked for`;
  const blocked = snapshot === null ? null : findBlock(snapshot, facts.nowMs);
  if (blocked !== null) return { target, rank: index, reason: blocked.reason, circuit, blocked };
  if (snapshot?.suspect === true) {
    const reason = `${place}, behind the others after a failure`;
    return { target, rank: index + SUSPECT_PENALTY, reason, circuit, blocked };
  }
  const classOnly = facts.requested.length === 1 && facts.requested[0]?.type === "class";
  if (classOnly && target.provider === facts.lastProvider) {
    const reason = `${place}, moved up: it served this chat last and has its prompt cached`;
    return { target, rank: index - AFFINITY_BONUS, reason, circuit, blocked };
  }
  return { target, rank: index, reason: place, circuit, blocked };
}

function findBlock(
  snapshot: CircuitSnapshot,
  nowMs: number,
): { readonly reason: string; readonly retryAfterMs: number | null } | null {
  if (snapshot.status !== "CLOSED") {
    // Nobody knows when a person will let go of it.
    const known = snapshot.mode === "auto" ? snapshot.openUntilMs : null;
    return {
      reason: toCircuitReason(snapshot),
      retryAfterMs: known === null ? null : Math.max(0, known - nowMs),
    };
  }
  if (snapshot.mode !== "forced-closed" && snapshot.coolDownUntilMs !== null) {
    const retryAfterMs = snapshot.coolDownUntilMs - nowMs;
    if (retryAfterMs > 0) {
      return {
        reason: `cooling down for ${Math.ceil(retryAfterMs / 1_000)} s as the provider asked`,
        retryAfterMs,
      };
    }
  }
  return null;
}

/**
 * Why a circuit lets no call through, in words of ours: the snapshot's own reason may quote a provider or name the
 * operator who wrote it, and a candidate's reason reaches readers (rule RT33).
 */
export function toCircuitReason(snapshot: CircuitSnapshot): string {
  if (snapshot.mode !== "auto") return `circuit ${snapshot.status}, held by an operator`;
  if (snapshot.status === "HALF_OPEN") return "circuit HALF_OPEN until a probe has succeeded";
  const count = snapshot.failureCount;
  return `circuit ${snapshot.status} after ${count} ${count === 1 ? "failure" : "failures in a row"}`;
}

function toCandidate(standing: Standing, place: number | null): SelectionCandidate {
  return { ...standing.target, place, reason: standing.reason, circuit: standing.circuit };
}

function toFailure(
  mode: SelectionMode,
  standings: readonly Standing[],
  candidates: readonly SelectionCandidate[],
  skipped: PlanFailure["skipped"],
): PlanFailure {
  const waits = standings
    .map((standing) => standing.blocked?.retryAfterMs)
    .filter((waitMs): waitMs is number => typeof waitMs === "number");
  if (standings.length === 0) {
    const providers = [...new Set(candidates.map((candidate) => candidate.provider))].join(", ");
    return {
      type: "nothing-configured",
      message: `No provider for this model is set up here (${providers || "none known"}).`,
      retryAfterMs: null,
      mode,
      candidates,
      skipped,
    };
  }
  return {
    type: "nothing-available",
    message: `Every provider for this model is unavailable at the moment. ${toWaitAdvice(waits)}`,
    retryAfterMs: waits.length > 0 ? Math.min(...waits) : null,
    mode,
    candidates,
    skipped,
  };
}

function toWaitAdvice(waitsMs: readonly number[]): string {
  if (waitsMs.length === 0) return "Try again shortly, or choose another model.";
  const seconds = Math.max(1, Math.ceil(Math.min(...waitsMs) / 1_000));
  return `Try again in about ${seconds} s, or choose another model.`;
}
