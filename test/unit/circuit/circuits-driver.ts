/** Plays events against all circuits of one provider and keeps everything they asked for. */
import type { HealthVerdict } from "../../../src/circuit/breaker.ts";
import { toCircuitSnapshot } from "../../../src/circuit/circuits-snapshot.ts";
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import {
  CircuitPolicy,
  DEFAULT_CIRCUIT_POLICY,
  type CircuitPolicyChange,
} from "../../../src/circuit/policy.ts";
import {
  applyCircuitsEvent,
  startCircuits,
  type CircuitsEffect,
  type CircuitsEvent,
  type FaultReach,
  type ProviderCircuits,
} from "../../../src/circuit/provider-circuits.ts";
import type { CircuitAction, CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { outcomeOf } from "./client-world.ts";

export type NumberedTransition = Extract<CircuitsEffect, { type: "transition" }>;

export const T0 = 1_000_000;

export class CircuitsDriver {
  nowMs = T0;
  /** What the given random answers, in order; then 0, which takes the jitter away. */
  chances: number[] = [];
  policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY;
  circuits: ProviderCircuits = startCircuits(T0);
  readonly effects: CircuitsEffect[] = [];

  apply(event: CircuitsEvent): readonly CircuitsEffect[] {
    const step = applyCircuitsEvent(this.circuits, event, {
      nowMs: this.nowMs,
      random: () => this.chances.shift() ?? 0,
      policy: this.policy,
    });
    this.circuits = step.circuits;
    this.effects.push(...step.effects);
    return step.effects;
  }

  get snapshot(): CircuitSnapshot {
    return toCircuitSnapshot("openai", this.circuits, this.policy);
  }

  get transitions(): NumberedTransition[] {
    return this.effects.filter((effect) => effect.type === "transition");
  }

  /** The provider's own state, or that of a model; undefined for one that nobody heard of. */
  status(model: string | null = null): string | undefined {
    const breaker = model === null ? this.circuits.provider : this.circuits.models[model]?.breaker;
    return breaker?.state.status;
  }

  isSuspect(model: string | null = null): boolean {
    const breaker = model === null ? this.circuits.provider : this.circuits.models[model]?.breaker;
    return breaker?.state.status === "CLOSED" && breaker.state.suspect;
  }

  set(change: CircuitPolicyChange): void {
    this.policy = CircuitPolicy.parse({ ...this.policy, ...change });
  }

  call(model: string, verdict: CallOutcome["verdict"], changes: Partial<CallOutcome> = {}): void {
    this.apply({ type: "call-end", outcome: outcomeOf(verdict, { model, ...changes }) });
  }

  calls(
    model: string,
    verdict: CallOutcome["verdict"],
    count: number,
    changes: Partial<CallOutcome> = {},
  ): void {
    for (let index = 0; index < count; index += 1) this.call(model, verdict, changes);
  }

  confirm(model: string, reach: FaultReach, verdict: HealthVerdict): readonly CircuitsEffect[] {
    return this.apply({
      type: "confirm-end",
      model,
      reach,
      verdict,
      retryAfterMs: null,
      message: "scripted",
    });
  }

  pass(durationMs: number): readonly CircuitsEffect[] {
    this.nowMs += durationMs;
    return this.apply({ type: "time-pass" });
  }

  requestPermit(model: string | null, permitId: string): boolean {
    return this.apply({ type: "permit-request", model, permitId }).some((one) => one.type === "permit-grant");
  }

  probeEnd(model: string | null, permitId: string, verdict: HealthVerdict): void {
    this.apply({ type: "probe-end", model, permitId, verdict, retryAfterMs: null, message: "scripted" });
  }

  control(action: CircuitAction, model: string | null = null): void {
    this.apply({ type: "control", model, action, actor: "ada@example.com", reason: "maintenance" });
  }
}
