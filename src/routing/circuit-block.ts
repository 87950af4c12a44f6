/** Whether a target's circuit lets a call through, and what is said when it does not. Pure. Rules RT7, RT22, RT33. */
import type { TargetCircuit } from "../circuit/target-circuit.ts";

export interface CircuitBlock {
  /** In words of ours. */
  readonly reason: string;
  /** From now, milliseconds; null when nobody knows. */
  readonly retryAfterMs: number | null;
}

/** Null when a call may go through. */
export function findCircuitBlock(circuit: TargetCircuit, nowMs: number): CircuitBlock | null {
  if (circuit.status !== "CLOSED") {
    // Nobody knows when a person will let go of it.
    const knownMs = isHeld(circuit) ? null : circuit.openUntilMs;
    return {
      reason: toCircuitReason(circuit),
      retryAfterMs: knownMs === null ? null : Math.max(0, knownMs - nowMs),
    };
  }
  const pauseMs = readCoolDownUntilMs(circuit) - nowMs;
  return pauseMs > 0 ? { reason: toCoolDownReason(pauseMs), retryAfterMs: pauseMs } : null;
}

/** Until when the target asked to be left alone, epoch milliseconds; 0 when it did not or a person overrules it. */
export function readCoolDownUntilMs(circuit: TargetCircuit): number {
  return circuit.mode === "forced-closed" ? 0 : (circuit.coolDownUntilMs ?? 0);
}

export function toCoolDownReason(pauseMs: number): string {
  return `cooling down for ${Math.ceil(pauseMs / 1_000)} s as the provider asked`;
}

/**
 * Why a circuit lets no call through: the snapshot's own reason may quote a provider or name the operator who wrote
 * it, and a candidate's reason reaches readers (rule RT33).
 */
export function toCircuitReason(circuit: TargetCircuit): string {
  if (isHeld(circuit)) return `circuit ${circuit.status}, held by an operator`;
  if (circuit.status === "HALF_OPEN") return "circuit HALF_OPEN until a probe has succeeded";
  const count = circuit.failureCount;
  return `circuit ${circuit.status} after ${count} ${count === 1 ? "failure" : "failures in a row"}`;
}

/** One that is being drained goes on by its own rules. */
function isHeld({ mode }: TargetCircuit): boolean {
  return mode === "forced-open" || mode === "forced-closed";
}
