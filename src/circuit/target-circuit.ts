/** A target's circuit: its provider's and its model's as one. Pure. Rule CB50. */
import {
  NOTHING_USUAL,
  type CircuitMode,
  type CircuitSnapshot,
  type CircuitStatus,
  type Usual,
} from "../protocol/circuit.ts";

export interface TargetCircuit {
  readonly status: CircuitStatus;
  readonly mode: CircuitMode;
  readonly suspect: boolean;
  /** When an open one may be probed, epoch milliseconds; null when it is not open or held by a person. */
  readonly openUntilMs: number | null;
  readonly coolDownUntilMs: number | null;
  readonly reason: string;
  readonly failureCount: number;
  readonly usual: Usual;
}

/** Null for a provider nobody knows anything of. The provider's trouble stands above the model's. */
export function readTargetCircuit(snapshot: CircuitSnapshot | null, model: string): TargetCircuit | null {
  if (snapshot === null) return null;
  const own = snapshot.models.find((candidate) => candidate.model === model);
  const usual = own?.usual ?? NOTHING_USUAL;
  // A person who holds the provider closed means its models too.
  if (own === undefined || snapshot.status !== "CLOSED" || snapshot.mode === "forced-closed") {
    return { ...toPart(snapshot), mode: snapshot.mode, usual };
  }
  const coolDownUntilMs = latest(snapshot.coolDownUntilMs, own.coolDownUntilMs);
  const leading = own.status !== "CLOSED" || own.suspect ? own : snapshot;
  return {
    ...toPart(leading),
    suspect: snapshot.suspect || own.suspect,
    mode: snapshot.mode === "auto" ? (own.mode ?? "auto") : snapshot.mode,
    coolDownUntilMs,
    usual,
  };
}

type Part = Omit<TargetCircuit, "mode" | "usual">;

function toPart(circuit: Part): Part {
  const { status, suspect, openUntilMs, coolDownUntilMs, reason, failureCount } = circuit;
  return { status, suspect, openUntilMs, coolDownUntilMs, reason, failureCount };
}

function latest(left: number | null, right: number | null): number | null {
  if (left === null) return right;
  return right === null ? left : Math.max(left, right);
}
