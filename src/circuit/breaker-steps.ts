/** The small steps that breaker.ts is made of: each turns a breaker into the next one and says what follows. Pure. */
import type { Breaker, BreakerContext, BreakerEffect, BreakerState, BreakerStep } from "./breaker.ts";
import type { CircuitPolicy } from "./policy.ts";
import { countCall, readTotals, type CallBucket } from "./window.ts";

const MAX_FAILED_REQUEST_IDS = 10;

/** True when the breaker's own rules may open and close it. */
export function isAutomatic({ mode }: Breaker): boolean {
  return mode === "auto" || mode === "draining";
}

export const unchanged = (breaker: Breaker): BreakerStep => ({ breaker, effects: [] });

/** A change without a transition. */
export function amend(
  breaker: Breaker,
  change: Partial<Breaker>,
  effects: readonly BreakerEffect[] = [],
): BreakerStep {
  return { breaker: { ...breaker, ...change }, effects };
}

export function transition(
  breaker: Breaker,
  to: BreakerState,
  change: Partial<Breaker> & { readonly reason: string },
  actor: string | null,
  context: BreakerContext,
): BreakerStep {
  const next: Breaker = { ...breaker, ...change, state: to, changedAtMs: context.nowMs };
  const effects: BreakerEffect[] = [
    {
      type: "transition",
      from: breaker.state.status,
      to: to.status,
      reason: next.reason,
      failureCount: next.failureCount,
      requestIds: next.failedRequestIds,
      actor,
    },
  ];
  if (to.status === "OPEN") effects.push({ type: "wake", atMs: to.openUntilMs });
  if (to.status === "HALF_OPEN") effects.push({ type: "wake", atMs: context.nowMs });
  return { breaker: next, effects };
}

/** Opens it, for twice as long as the last time. What was counted before says nothing about after. */
export function trip(breaker: Breaker, reason: string, context: BreakerContext): BreakerStep {
  const openUntilMs = context.nowMs + withJitter(openTimeMs(breaker.trips, context.policy), context);
  const change = { trips: breaker.trips + 1, buckets: [], reason };
  return transition(breaker, { status: "OPEN", openUntilMs }, change, null, context);
}

export function tripFatal(
  breaker: Breaker,
  requestId: string | null,
  message: string,
  context: BreakerContext,
): BreakerStep {
  const counted = countFailure(breaker, requestId, context);
  const reason = `Opened at once, waiting will not mend it: ${message}`;
  const openUntilMs = context.nowMs + withJitter(context.policy.fatalOpenMs, context);
  const change = { trips: breaker.trips + 1, buckets: [], reason };
  const step = transition(counted, { status: "OPEN", openUntilMs }, change, null, context);
  return { ...step, effects: [...step.effects, { type: "alert", reason }] };
}

/** Stays away until the time the provider named; never shortens a pause that stands. */
export function coolDown(
  breaker: Breaker,
  retryAfterMs: number | null,
  context: BreakerContext,
): BreakerStep {
  const { defaultCoolDownMs, maxCoolDownMs } = context.policy;
  const pauseMs = Math.min(retryAfterMs ?? defaultCoolDownMs, maxCoolDownMs);
  const coolDownUntilMs = Math.max(breaker.coolDownUntilMs ?? 0, context.nowMs + pauseMs);
  return amend(breaker, { coolDownUntilMs });
}

export function toRowOfFailures(count: number): string {
  return count === 1 ? "1 failure" : `${count} failures in a row`;
}

/** A failure while closed: opens it when it was one too many, otherwise makes it suspect. */
export function failClosed(
  breaker: Breaker,
  requestId: string | null,
  message: string,
  context: BreakerContext,
): BreakerStep {
  const counted = countFailure(breaker, requestId, context);
  const reason = `${toRowOfFailures(counted.failureCount)}, the last: ${message}`;
  if (isAutomatic(breaker)) {
    if (counted.failureCount >= context.policy.failureThreshold) return trip(counted, reason, context);
    const { calls, failures } = readTotals(counted.buckets, context.nowMs, context.policy);
    if (calls >= context.policy.minimumCalls && failures >= calls * context.policy.failureRate) {
      return trip(counted, `${failures} of the last ${calls} calls failed, the last: ${message}`, context);
    }
  }
  return amend(counted, { state: { status: "CLOSED", suspect: true }, reason }, [{ type: "confirm" }]);
}

/** Opens it when most calls have become slow; null otherwise. */
export function tripIfSlow(breaker: Breaker, context: BreakerContext): BreakerStep | null {
  const { calls, slow } = readTotals(breaker.buckets, context.nowMs, context.policy);
  if (!isAutomatic(breaker) || calls < context.policy.minimumCalls) return null;
  if (slow < calls * context.policy.slowRate) return null;
  return trip(breaker, `${slow} of the last ${calls} calls were far slower than usual`, context);
}

/** A good call while closed; its own bucket is counted already. */
export function noteSuccess(
  breaker: Breaker,
  firstTokenAtMs: number | null,
  context: BreakerContext,
): BreakerStep {
  const tripped = tripIfSlow(breaker, context);
  if (tripped !== null) return tripped;
  // A call that began before a 429 may end well after it: the pause that the provider asked for still stands.
  const standing = breaker.coolDownUntilMs !== null && breaker.coolDownUntilMs > context.nowMs;
  const wasSuspect = breaker.state.status === "CLOSED" && breaker.state.suspect;
  const suspect = wasSuspect && beganBeforeFailure(breaker, firstTokenAtMs, context);
  const isQuiet =
    breaker.failureCount === 0 &&
    breaker.trips === 0 &&
    breaker.state.status === "CLOSED" &&
    wasSuspect === suspect &&
    (standing || breaker.coolDownUntilMs === null);
  if (isQuiet) return unchanged(breaker);
  return amend(breaker, {
    state: { status: "CLOSED", suspect },
    failureCount: 0,
    failedRequestIds: [],
    trips: 0,
    coolDownUntilMs: standing ? breaker.coolDownUntilMs : null,
    reason: suspect ? breaker.reason : "The last call went well.",
  });
}

/** An answer that was under way before a failure goes on after it: whether a new call gets through it cannot say. */
function beganBeforeFailure(
  { failedAtMs }: Breaker,
  firstTokenAtMs: number | null,
  { nowMs }: BreakerContext,
): boolean {
  if (failedAtMs === null || firstTokenAtMs === null) return false;
  // A failure in the future is a clock that went back: nobody knows which came first.
  return firstTokenAtMs < failedAtMs && failedAtMs <= nowMs;
}

export function toBucketsAfter(
  breaker: Breaker,
  call: { readonly failed: boolean; readonly slow: boolean },
  context: BreakerContext,
): CallBucket[] {
  return countCall(breaker.buckets, call, context.nowMs, context.policy);
}

function countFailure(breaker: Breaker, requestId: string | null, context: BreakerContext): Breaker {
  const failedRequestIds =
    requestId === null
      ? breaker.failedRequestIds
      : [...breaker.failedRequestIds, requestId].slice(-MAX_FAILED_REQUEST_IDS);
  return { ...breaker, failedAtMs: context.nowMs, failureCount: breaker.failureCount + 1, failedRequestIds };
}

/** Doubles with every trip, counted from the trip itself. */
function openTimeMs(trips: number, { openBaseMs, openMaxMs }: CircuitPolicy): number {
  return Math.min(openMaxMs, openBaseMs * 2 ** Math.min(trips, 30));
}

function withJitter(durationMs: number, context: BreakerContext): number {
  return Math.round(durationMs * (1 + context.policy.jitterShare * context.random()));
}
