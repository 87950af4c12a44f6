/**
 * All circuits of one provider: its own, and one for each model below it. Decides whose fault a failure was: what
 * reaches the whole provider opens the provider, one sick model only itself. Pure, like the breakers it is made of.
 * Rules CB46 to CB56.
 */
import { z } from "zod";
import { assertNever } from "../base/assert.ts";
import type { CircuitAction } from "../protocol/circuit.ts";
import {
  Breaker,
  startBreaker,
  type BreakerContext,
  type BreakerEffect,
  type BreakerEvent,
  type HealthVerdict,
} from "./breaker.ts";
import { CircuitsWork } from "./circuits-work.ts";
import type { CallOutcome } from "./outcome.ts";
import { isSlow, noteGoodCall, UsualSamples } from "./usual.ts";

export const ModelState = z.object({
  breaker: Breaker,
  samples: UsualSamples,
  heardAtMs: z.number(),
  /** The provider said that it has no such model: what happens to it says nothing about the provider. */
  isMissing: z.boolean().default(false),
});
export type ModelState = z.infer<typeof ModelState>;

// PERSISTED: the object stores it as JSON and parses it on the way back.
export const ProviderCircuits = z.object({
  /** Counts every change that a snapshot shows; never goes down. */
  version: z.int().nonnegative(),
  /** Counts transitions of all circuits of the provider; numbers the events a console sees. */
  transitions: z.int().nonnegative(),
  provider: Breaker,
  models: z.record(z.string(), ModelState),
  /** The last good call or idle check, epoch milliseconds. */
  seenAtMs: z.number().default(0),
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
  return { version: 0, transitions: 0, provider: startBreaker(nowMs), models: {}, seenAtMs: nowMs };
}

/** The one function that changes the circuits. Returns the very same value when nothing changed. */
export function applyCircuitsEvent(
  circuits: ProviderCircuits,
  event: CircuitsEvent,
  context: BreakerContext,
): CircuitsStep {
  const work = new CircuitsWork(circuits, context);
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
    case "probe-end": {
      const { model, ...inner } = event;
      work.step(model, inner);
      break;
    }
    case "control":
      applyControl(work, event);
      break;
    default:
      assertNever(event);
  }
  work.settle();
  return work.finish();
}

function applyOutcome(work: CircuitsWork, outcome: CallOutcome): void {
  if (outcome.verdict === "neutral") return;
  const heard = work.hear(outcome.model);
  // A name that there is no room for says nothing: made-up models must not be able to open their provider.
  if (!heard && outcome.scope === "model") return;
  if (outcome.verdict === "late") return noteLateCall(work, outcome);
  if (outcome.verdict === "success") {
    const model = work.model(outcome.model);
    const isTimed = outcome.isWhole !== true;
    const slow =
      isTimed && model !== undefined && isSlow(model.samples, outcome.latencyMs, work.context.policy);
    const { verdict, requestId, retryAfterMs, message, firstTokenAtMs } = outcome;
    const event = { type: "call-end" as const, verdict, requestId, retryAfterMs, message, firstTokenAtMs };
    work.step(outcome.model, { ...event, slow });
    work.step(null, { ...event, slow: false });
    const now = work.model(outcome.model);
    if (now === undefined) return;
    const call = { firstTokenMs: outcome.latencyMs, tokensPerSecond: outcome.tokensPerSecond };
    const samples = isTimed ? noteGoodCall(now.samples, call, work.context) : now.samples;
    work.putModel(outcome.model, { ...now, samples, isMissing: false });
    return;
  }
  const ofProvider = outcome.scope === "provider";
  if (outcome.verdict === "fatal" && !ofProvider) work.markMissing(outcome.model);
  const { verdict, requestId, retryAfterMs, message } = outcome;
  const event: BreakerEvent = { type: "call-end", verdict, slow: false, requestId, retryAfterMs, message };
  work.step(ofProvider ? null : outcome.model, event);
  if (outcome.verdict === "rate-limited" && !ofProvider) coolProviderDown(work);
}

/** How long it had waited is a sample too: without it only the quick calls would be remembered as usual. */
function noteLateCall(work: CircuitsWork, outcome: CallOutcome): void {
  const model = work.model(outcome.model);
  if (model === undefined) return;
  const slow = isSlow(model.samples, outcome.latencyMs, work.context.policy);
  work.step(outcome.model, { type: "late-call", slow });
  const now = work.model(outcome.model);
  if (now === undefined) return;
  const call = { firstTokenMs: outcome.latencyMs, tokensPerSecond: null };
  work.putModel(outcome.model, { ...now, samples: noteGoodCall(now.samples, call, work.context) });
}

/** A reset of the provider is one of everything below it. A person's word counts also where there is no room for a name. */
function applyControl(work: CircuitsWork, event: Extract<CircuitsEvent, { type: "control" }>): void {
  const { model, ...inner } = event;
  if (model !== null) work.hear(model, true);
  work.step(model, inner);
  if (model !== null || event.action !== "reset") return;
  for (const [name, { breaker }] of work.models()) {
    const isPristine =
      breaker.state.status === "CLOSED" &&
      !breaker.state.suspect &&
      breaker.mode === "auto" &&
      breaker.failureCount === 0 &&
      breaker.coolDownUntilMs === null;
    if (!isPristine) work.step(name, inner);
  }
}

/** A second model that asks for a pause: then it is the account that is limited, until the first of them is free. */
function coolProviderDown(work: CircuitsWork): void {
  const { nowMs } = work.context;
  const pauses = work
    .models()
    .map(([, { breaker }]) => breaker.coolDownUntilMs)
    .filter((untilMs): untilMs is number => untilMs !== null && untilMs > nowMs);
  if (pauses.length < 2) return;
  const untilMs = Math.max(work.provider.coolDownUntilMs ?? 0, Math.min(...pauses));
  if (untilMs !== work.provider.coolDownUntilMs)
    work.put(null, { ...work.provider, coolDownUntilMs: untilMs }, []);
}

function applyConfirm(work: CircuitsWork, event: Extract<CircuitsEvent, { type: "confirm-end" }>): void {
  const { model, reach, verdict, retryAfterMs, message } = event;
  const inner: BreakerEvent = { type: "confirm-end", verdict, retryAfterMs, message };
  if (verdict === "success") {
    if (isSuspect(work.model(model)?.breaker)) work.step(model, inner);
    if (isSuspect(work.provider)) work.step(null, inner);
    return;
  }
  const isFault = verdict === "failure" || verdict === "fatal";
  if (reach === "model") {
    if (verdict === "fatal") work.markMissing(model);
    work.step(model, inner);
    // Another model answered: the provider is well.
    const cleared: BreakerEvent = { ...inner, verdict: "success" };
    if (isFault && isSuspect(work.provider)) work.step(null, cleared);
    return;
  }
  // What users met at the model was the provider's fault: its count takes theirs over.
  const known = work.model(model)?.breaker;
  if (isFault && known !== undefined && known.failureCount > work.provider.failureCount) {
    const { failureCount, failedRequestIds } = known;
    work.put(null, { ...work.provider, failureCount, failedRequestIds }, []);
  }
  work.step(null, inner);
}

/** True for a closed circuit that is waiting for a probe's word. */
export function isSuspect(breaker: Breaker | undefined): boolean {
  return breaker?.state.status === "CLOSED" && breaker.state.suspect;
}
