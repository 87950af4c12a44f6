/** A transition as it is kept, sent to consoles and logged. Pure. Rules CB21, CB22. */
import type { LogEvents } from "../base/log.ts";
import type { CircuitTransition } from "../protocol/circuit.ts";
import type { CircuitsEffect } from "./provider-circuits.ts";

export function toTransition(
  provider: string,
  effect: Extract<CircuitsEffect, { type: "transition" }>,
  nowMs: number,
): CircuitTransition {
  return {
    version: effect.number,
    provider,
    model: effect.model,
    from: effect.from,
    to: effect.to,
    atMs: nowMs,
    reason: effect.reason,
    failureCount: effect.failureCount,
    requestIds: [...effect.requestIds],
    actor: effect.actor,
  };
}

/** The fields of the operators' table; a model's circuit goes by its target's name. */
export function toLogFields(transition: CircuitTransition): LogEvents["circuit_transition"] {
  const { provider, model, from, to, reason, failureCount } = transition;
  return {
    provider: model === null ? provider : `${provider}/${model}`,
    from,
    to,
    reason,
    failure_count: failureCount,
  };
}
