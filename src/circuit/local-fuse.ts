/**
 * The local fuse: what an isolate makes of failures it saw itself, before anybody else has heard of them. Pure. Rules
 * CB34, CB35, CB80.
 */
import { DEFAULT_CIRCUIT_POLICY } from "./policy.ts";
import { NOTHING_USUAL, type CircuitSnapshot, type ModelCircuit } from "../protocol/circuit.ts";
import type { CallOutcome } from "./outcome.ts";

/** Failures in a row seen here alone at which this isolate stops asking without waiting for anybody. */
export const FUSE_FAILURES = 3;
/** A blown fuse lets a call try again after this, where the authority has not been heard of since. */
export const FUSE_OPEN_MS = 5_000;

/** The snapshot with what just failed here: suspect, or open when it was one too many. */
export function withLocalTrouble(
  known: CircuitSnapshot,
  model: string | null,
  failures: number,
  outcome: CallOutcome,
  nowMs: number,
): CircuitSnapshot {
  const blown = failures >= FUSE_FAILURES || outcome.verdict === "fatal";
  const trouble = blown
    ? {
        status: "OPEN" as const,
        suspect: false,
        openUntilMs: nowMs + FUSE_OPEN_MS,
        reason: `local fuse after ${failures} failures in a row: ${outcome.message}`,
      }
    : { status: "CLOSED" as const, suspect: true, openUntilMs: null, reason: outcome.message };
  if (model === null) return { ...known, ...trouble, failureCount: known.failureCount + 1 };
  const own = findModel(known, model);
  if (own.status !== "CLOSED" || own.mode === "forced-closed") return known;
  return withModel(known, { ...own, failureCount: own.failureCount + 1, ...trouble });
}

/** The snapshot with a model that just asked us to wait: left alone here, too, until the time it named. Rule CB80. */
export function withLocalPause(
  known: CircuitSnapshot,
  { model, retryAfterMs }: CallOutcome,
  nowMs: number,
): CircuitSnapshot {
  const { defaultCoolDownMs, maxCoolDownMs } = DEFAULT_CIRCUIT_POLICY;
  const untilMs = nowMs + Math.min(retryAfterMs ?? defaultCoolDownMs, maxCoolDownMs);
  const own = findModel(known, model);
  return withModel(known, { ...own, coolDownUntilMs: Math.max(own.coolDownUntilMs ?? 0, untilMs) });
}

function findModel(known: CircuitSnapshot, model: string): ModelCircuit {
  const own = known.models.find((candidate) => candidate.model === model);
  if (own !== undefined) return own;
  return {
    model,
    mode: "auto",
    status: "CLOSED",
    suspect: false,
    openUntilMs: null,
    coolDownUntilMs: null,
    reason: "",
    usual: NOTHING_USUAL,
    failureCount: 0,
  };
}

function withModel(known: CircuitSnapshot, circuit: ModelCircuit): CircuitSnapshot {
  const others = known.models.filter((candidate) => candidate.model !== circuit.model);
  return { ...known, models: [...others, circuit] };
}

/** What the fuse goes by where the authority has never been heard of; any word of the authority replaces it. */
export function toUnheardSnapshot(provider: string, nowMs: number): CircuitSnapshot {
  return {
    provider,
    version: 0,
    status: "CLOSED",
    mode: "auto",
    suspect: false,
    openUntilMs: null,
    coolDownUntilMs: null,
    reason: "The authority has not been heard of.",
    failureCount: 0,
    failureThreshold: FUSE_FAILURES,
    changedAtMs: nowMs,
    models: [],
  };
}
