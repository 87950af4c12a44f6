/** What isolates and consoles are told of a provider's circuits. Pure. Rules CB20, CB50. */
import { NOTHING_USUAL, type CircuitSnapshot, type ModelCircuit } from "../protocol/circuit.ts";
import type { Breaker } from "./breaker.ts";
import type { CircuitPolicy } from "./policy.ts";
import type { ModelState, ProviderCircuits } from "./provider-circuits.ts";
import { toUsual } from "./usual.ts";

export function toCircuitSnapshot(
  provider: string,
  circuits: ProviderCircuits,
  policy: CircuitPolicy,
): CircuitSnapshot {
  const { provider: breaker, models } = circuits;
  return {
    provider,
    version: circuits.version,
    mode: breaker.mode,
    ...toPart(breaker),
    failureThreshold: policy.failureThreshold,
    changedAtMs: Math.round(breaker.changedAtMs),
    models: Object.entries(models).map(([model, state]) => toModelCircuit(model, state)),
  };
}

function toModelCircuit(model: string, { breaker, samples }: ModelState): ModelCircuit {
  const usual = samples.firstTokenMs.length === 0 ? NOTHING_USUAL : toUsual(samples);
  return { model, ...toPart(breaker), usual, mode: breaker.mode };
}

function toPart(breaker: Breaker) {
  const { state } = breaker;
  return {
    status: state.status,
    suspect: state.status === "CLOSED" && state.suspect,
    // One that a person holds open has no time at which it would change by itself.
    openUntilMs:
      state.status === "OPEN" && breaker.mode !== "forced-open" ? Math.round(state.openUntilMs) : null,
    coolDownUntilMs: breaker.coolDownUntilMs === null ? null : Math.round(breaker.coolDownUntilMs),
    reason: breaker.reason,
    failureCount: breaker.failureCount,
  };
}
