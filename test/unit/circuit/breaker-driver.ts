/** Plays events against a breaker and keeps everything it asked for. */
import {
  applyBreakerEvent,
  startBreaker,
  type Breaker,
  type BreakerEffect,
  type BreakerEvent,
  type HealthVerdict,
} from "../../../src/circuit/breaker.ts";
import {
  CircuitPolicy,
  DEFAULT_CIRCUIT_POLICY,
  type CircuitPolicyChange,
} from "../../../src/circuit/policy.ts";
import type { CircuitAction } from "../../../src/protocol/circuit.ts";

export type TransitionEffect = Extract<BreakerEffect, { type: "transition" }>;

export const T0 = 1_000_000;

export class BreakerDriver {
  nowMs = T0;
  /** What the given random answers; 0 takes the jitter away. */
  chance = 0;
  policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY;
  breaker: Breaker = startBreaker(T0);
  readonly effects: BreakerEffect[] = [];

  apply(event: BreakerEvent): readonly BreakerEffect[] {
    const step = applyBreakerEvent(this.breaker, event, {
      nowMs: this.nowMs,
      random: () => this.chance,
      policy: this.policy,
    });
    this.breaker = step.breaker;
    this.effects.push(...step.effects);
    return step.effects;
  }

  get status(): string {
    return this.breaker.state.status;
  }

  /** When the open circuit may be probed, from now; NaN when it is not open. */
  get openForMs(): number {
    return this.breaker.state.status === "OPEN" ? this.breaker.state.openUntilMs - this.nowMs : Number.NaN;
  }

  get transitions(): TransitionEffect[] {
    return this.effects.filter((effect) => effect.type === "transition");
  }

  callEnd(verdict: HealthVerdict, requestId = "req_1", retryAfterMs: number | null = null, slow = false) {
    const message = verdict === "success" ? "" : `scripted ${verdict}`;
    return this.apply({ type: "call-end", verdict, slow, requestId, retryAfterMs, message });
  }

  confirmEnd(verdict: HealthVerdict, retryAfterMs: number | null = null) {
    return this.apply({ type: "confirm-end", verdict, retryAfterMs, message: "scripted probe" });
  }

  probeEnd(verdict: HealthVerdict, permitId: string, retryAfterMs: number | null = null) {
    return this.apply({ type: "probe-end", permitId, verdict, retryAfterMs, message: "scripted probe" });
  }

  /** Changes some numbers of the policy, validated like an admin's. */
  set(change: CircuitPolicyChange): void {
    this.policy = CircuitPolicy.parse({ ...this.policy, ...change });
  }

  /** Good, failed and slow calls, one millisecond apart. */
  play(calls: string): void {
    for (const call of calls) {
      this.nowMs += 1;
      this.callEnd(call === "x" ? "failure" : "success", `req_${this.nowMs}`, null, call === "s");
    }
  }

  requestPermit(permitId: string): boolean {
    const effects = this.apply({ type: "permit-request", permitId });
    return effects.some((effect) => effect.type === "permit-grant" && effect.permitId === permitId);
  }

  control(action: CircuitAction) {
    return this.apply({ type: "control", action, actor: "ada@example.com", reason: "maintenance" });
  }

  pass(durationMs: number) {
    this.nowMs += durationMs;
    return this.apply({ type: "time-pass" });
  }

  /** From closed to open by users' failures. */
  trip(): void {
    while (this.status === "CLOSED") this.callEnd("failure", `req_${this.breaker.failureCount + 1}`);
  }

  /** From open to half-open, by time alone. */
  ripen(): void {
    this.pass(this.openForMs);
  }

  /** One whole round: half-open, a permit, and what the probe found. */
  probe(verdict: HealthVerdict, permitId = "permit_1"): void {
    this.ripen();
    this.requestPermit(permitId);
    this.probeEnd(verdict, permitId);
  }
}
