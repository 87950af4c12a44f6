/**
 * All circuits of one provider: its own, and one for each model below it. Decides whose fault a failure was: what
 * reaches the whole provider opens the provider, one sick model only itself. Pure, like the breakers it is made of.
 * Rules CB46 to CB56.
 */
import { z } from "zod";
import { assertNever } from "../base/assert.ts";
import type { CircuitAction } from "../protocol/circuit.ts";
import {
  applyBreakerEvent,
  Breaker,
  startBreaker,
  type BreakerContext,
  type BreakerEffect,
  type BreakerEvent,
  type HealthVerdict,
} from "./breaker.ts";
import { trip } from "./breaker-steps.ts";
import type { CallOutcome } from "./outcome.ts";
import { makeRoomForModel } from "./model-room.ts";
import { isSlow, noteGoodCall, NO_SAMPLES, UsualSamples } from "./usual.ts";

export const ModelState = z.object({ breaker: Breaker, samples: UsualSamples, heardAtMs: z.number() });
export type ModelState = z.infer<typeof ModelState>;

// PERSISTED: the object stores it as JSON and parses it on the way back.
export const ProviderCircuits = z.object({
  /** Counts every change that a snapshot shows; never goes down. */
  version: z.int().nonnegative(),
  /** Counts transitions of all circuits of the provider; numbers the events a console sees. */
  transitions: z.int().nonnegative(),
  provider: Breaker,
  models: z.record(z.string(), ModelState),
});
export type ProviderCircuits = z.infer<typeof ProviderCircuits>;

/** How far a probe found the fault to reach. */
export type FaultReach = "provider" | "model";

export type CircuitsEvent =
  | { readonly type: "call-end"; readonly outcome: CallOutcome }
  /** A probe on suspicion has ended; `reach` only matters when it failed. */
  | {
      readonly type: "confirm-end";
      readonly model: string;
      readonly reach: FaultReach;
      readonly verdict: HealthVerdict;
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  | { readonly type: "time-pass" }
  /** `model` null means the provider's own circuit, here and below. */
  | { readonly type: "permit-request"; readonly model: string | null; readonly permitId: string }
  | {
      readonly type: "probe-end";
      readonly model: string | null;
      readonly permitId: string;
      readonly verdict: HealthVerdict;
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  | {
      readonly type: "control";
      readonly model: string | null;
      readonly action: CircuitAction;
      readonly actor: string;
      readonly reason: string;
    };

/** A breaker's effect, with the circuit it comes from; transitions are numbered over all circuits of the provider. */
export type CircuitsEffect =
  | (Exclude<BreakerEffect, { type: "transition" }> & { readonly model: string | null })
  | (Extract<BreakerEffect, { type: "transition" }> & {
      readonly model: string | null;
      readonly number: number;
    });

export interface CircuitsStep {
  readonly circuits: ProviderCircuits;
  readonly effects: readonly CircuitsEffect[];
}

export function startCircuits(nowMs: number): ProviderCircuits {
  return { version: 0, transitions: 0, provider: startBreaker(nowMs), models: {} };
}

/** The one function that changes the circuits. Returns the very same value when nothing changed. */
export function applyCircuitsEvent(
  circuits: ProviderCircuits,
  event: CircuitsEvent,
  context: BreakerContext,
): CircuitsStep {
  const work = new Work(circuits, context);
  switch (event.type) {
    case "call-end":
      applyOutcome(work, event.outcome);
      break;
    case "confirm-end":
      applyConfirm(work, event);
      break;
    case "time-pass":
      for (const model of work.circuitNames()) work.step(model, event);
      break;
    case "permit-request":
    case "probe-end":
    case "control": {
      const { model, ...inner } = event;
      if (model !== null && event.type === "control") work.hear(model);
      work.step(model, inner);
      break;
    }
    default:
      assertNever(event);
  }
  work.settle();
  return work.finish();
}

/** Collects the changes of one event; lives no longer than the call. */
class Work {
  readonly context: BreakerContext;
  private readonly before: ProviderCircuits;
  private circuits: ProviderCircuits;
  private readonly effects: CircuitsEffect[] = [];

  constructor(circuits: ProviderCircuits, context: BreakerContext) {
    this.before = circuits;
    this.circuits = circuits;
    this.context = context;
  }

  get provider(): Breaker {
    return this.circuits.provider;
  }

  model(name: string): ModelState | undefined {
    return this.circuits.models[name];
  }

  models(): readonly (readonly [string, ModelState])[] {
    return Object.entries(this.circuits.models);
  }

  circuitNames(): readonly (string | null)[] {
    return [null, ...Object.keys(this.circuits.models)];
  }

  /** Makes sure that a model has a circuit; false when there is no room for one more. */
  hear(name: string): boolean {
    const { nowMs } = this.context;
    const known = this.circuits.models[name];
    if (known !== undefined) {
      this.circuits = { ...this.circuits, models: { ...this.circuits.models, [name]: { ...known, heardAtMs: nowMs } } };
      return true;
    }
    const models = makeRoomForModel(this.circuits.models);
    if (models === null) return false;
    const fresh: ModelState = { breaker: startBreaker(nowMs), samples: NO_SAMPLES, heardAtMs: nowMs };
    this.circuits = { ...this.circuits, models: { ...models, [name]: fresh } };
    return true;
  }

  /** Steps one circuit; null is the provider's own. Unknown models are left alone. */
  step(name: string | null, event: BreakerEvent): void {
    const breaker = name === null ? this.provider : this.model(name)?.breaker;
    if (breaker === undefined) return;
    const step = applyBreakerEvent(breaker, event, this.context);
    this.put(name, step.breaker, step.effects);
  }

  put(name: string | null, breaker: Breaker, effects: readonly BreakerEffect[]): void {
    if (name === null) {
      if (breaker !== this.circuits.provider) this.circuits = { ...this.circuits, provider: breaker };
    } else {
      const known = this.model(name);
      if (known !== undefined && breaker !== known.breaker) this.putModel(name, { ...known, breaker });
    }
    for (const effect of effects) {
      if (effect.type !== "transition") {
        this.effects.push({ ...effect, model: name });
        continue;
      }
      const number = this.circuits.transitions + 1;
      this.circuits = { ...this.circuits, transitions: number };
      this.effects.push({ ...effect, model: name, number });
    }
  }

  putModel(name: string, state: ModelState): void {
    this.circuits = { ...this.circuits, models: { ...this.circuits.models, [name]: state } };
  }

  /** What follows from the circuits together, after each event. */
  settle(): void {
    const { before, provider } = { before: this.before.provider, provider: this.provider };
    if (before.state.status !== "CLOSED" && provider.state.status === "CLOSED") this.clearSuspicions();
    if (provider.state.status === "CLOSED" && provider.mode !== "forced-closed") this.tripOnSickModels();
  }

  finish(): CircuitsStep {
    if (this.circuits === this.before) return { circuits: this.before, effects: this.effects };
    return { circuits: { ...this.circuits, version: this.before.version + 1 }, effects: this.effects };
  }

  /** The provider is back: what its models were suspected of was its own fault. */
  private clearSuspicions(): void {
    for (const [name, state] of this.models()) {
      const { breaker } = state;
      if (breaker.state.status !== "CLOSED" || !breaker.state.suspect) continue;
      this.putModel(name, { ...state, breaker: { ...breaker, state: { status: "CLOSED", suspect: false } } });
    }
  }

  /** Two models open and none that works: that is no coincidence. */
  private tripOnSickModels(): void {
    const heard = this.models().filter(([, { breaker }]) => breaker.mode !== "forced-open");
    const open = heard.filter(([, { breaker }]) => breaker.state.status === "OPEN");
    const works = heard.some(([, { breaker }]) => breaker.buckets.some((bucket) => bucket.calls > bucket.failures));
    if (open.length < 2 || works) return;
    const names = open.map(([name]) => name).join(" and ");
    const step = trip(this.provider, `The circuits of ${names} are open and no other model works.`, this.context);
    this.put(null, step.breaker, step.effects);
  }
}

function applyOutcome(work: Work, outcome: CallOutcome): void {
  if (outcome.verdict === "neutral") return;
  const heard = work.hear(outcome.model);
  const model = work.model(outcome.model);
  if (outcome.verdict === "success") {
    const slow = model !== undefined && isSlow(model.samples, outcome.latencyMs, work.context.policy);
    work.step(outcome.model, { ...outcome, type: "call-end", slow });
    work.step(null, { ...outcome, type: "call-end", slow: false });
    const now = work.model(outcome.model);
    if (now === undefined) return;
    const call = { firstTokenMs: outcome.latencyMs, tokensPerSecond: outcome.tokensPerSecond };
    work.putModel(outcome.model, { ...now, samples: noteGoodCall(now.samples, call) });
    return;
  }
  const ofProvider = outcome.scope === "provider" || !heard;
  work.step(ofProvider ? null : outcome.model, { ...outcome, type: "call-end", slow: false });
  if (outcome.verdict === "rate-limited" && !ofProvider) coolProviderDown(work);
}

/** A second model that asks for a pause: then it is the account that is limited, until the first of them is free. */
function coolProviderDown(work: Work): void {
  const { nowMs } = work.context;
  const pauses = work
    .models()
    .map(([, { breaker }]) => breaker.coolDownUntilMs)
    .filter((untilMs): untilMs is number => untilMs !== null && untilMs > nowMs);
  if (pauses.length < 2) return;
  const untilMs = Math.max(work.provider.coolDownUntilMs ?? 0, Math.min(...pauses));
  if (untilMs !== work.provider.coolDownUntilMs) work.put(null, { ...work.provider, coolDownUntilMs: untilMs }, []);
}

function applyConfirm(work: Work, event: Extract<CircuitsEvent, { type: "confirm-end" }>): void {
  const { model, reach, verdict, retryAfterMs, message } = event;
  const inner: BreakerEvent = { type: "confirm-end", verdict, retryAfterMs, message };
  if (verdict === "success") {
    if (isSuspect(work.model(model)?.breaker)) work.step(model, inner);
    if (isSuspect(work.provider)) work.step(null, inner);
    return;
  }
  if (reach === "model") {
    work.step(model, inner);
    return;
  }
  // What users met at the model was the provider's fault: its count takes theirs over.
  const known = work.model(model)?.breaker;
  if (known !== undefined && known.failureCount > work.provider.failureCount) {
    const { failureCount, failedRequestIds } = known;
    work.put(null, { ...work.provider, failureCount, failedRequestIds }, []);
  }
  work.step(null, inner);
}

/** True for a closed circuit that is waiting for a probe's word. */
export function isSuspect(breaker: Breaker | undefined): boolean {
  return breaker?.state.status === "CLOSED" && breaker.state.suspect;
}
