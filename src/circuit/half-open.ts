/**
 * How a circuit that is open comes back: its time ends, permits go out, and what their probes find decides. Part of
 * the state machine in breaker.ts. Pure. Rules CB5 to CB9, CB45.
 */
import { assertNever } from "../base/assert.ts";
import type {
  Breaker,
  BreakerContext,
  BreakerEffect,
  BreakerEvent,
  BreakerState,
  BreakerStep,
} from "./breaker.ts";
import { amend, coolDown, isAutomatic, transition, trip, tripFatal, unchanged } from "./breaker-steps.ts";
import type { CircuitPolicy } from "./policy.ts";

type HalfOpen = Extract<BreakerState, { status: "HALF_OPEN" }>;
type Permit = HalfOpen["permits"][number];

/** A clock that goes back makes a time that was set look long; from twice the longest there is it is no time at all. */
const CLOCK_WENT_BACK = 2;

/** Permits have ids that are not empty. */
const HELD_BY_NOBODY = "";

/** Always names the next time to wake up, so that any call can put back an alarm that was lost. */
export function applyTimePass(breaker: Breaker, context: BreakerContext): BreakerStep {
  if (!isAutomatic(breaker)) return unchanged(breaker);
  const { state } = breaker;
  if (state.status === "CLOSED") return unchanged(breaker);
  if (state.status === "OPEN") {
    if (!isOver(state.openUntilMs, context)) {
      return { breaker, effects: [{ type: "wake", atMs: state.openUntilMs }] };
    }
    const reason = "The open time is over: a probe decides.";
    return transition(breaker, { status: "HALF_OPEN", permits: [], successes: 0 }, { reason }, null, context);
  }
  const live = livePermits(state, context);
  const isFull = live.length >= context.policy.halfOpenPermits;
  const atMs = isFull ? Math.min(...live.map((permit) => permit.expiresAtMs)) : context.nowMs;
  const wake: BreakerEffect = { type: "wake", atMs };
  if (live.length === state.permits.length) return { breaker, effects: [wake] };
  return amend(breaker, { state: { ...state, permits: live } }, [wake]);
}

export function applyPermitRequest(breaker: Breaker, permitId: string, context: BreakerContext): BreakerStep {
  const denied: BreakerStep = { breaker, effects: [{ type: "permit-deny" }] };
  if (!isAutomatic(breaker) || breaker.state.status !== "HALF_OPEN") return denied;
  const live = livePermits(breaker.state, context);
  if (live.length >= context.policy.halfOpenPermits || live.some(({ id }) => id === permitId)) return denied;
  const expiresAtMs = context.nowMs + context.policy.permitTtlMs;
  return amend(breaker, { state: { ...breaker.state, permits: [...live, { id: permitId, expiresAtMs }] } }, [
    { type: "permit-grant", permitId },
    { type: "wake", atMs: expiresAtMs },
  ]);
}

export function applyProbeEnd(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "probe-end" }>,
  context: BreakerContext,
): BreakerStep {
  const { state } = breaker;
  if (state.status !== "HALF_OPEN") return unchanged(breaker);
  const permit = livePermits(state, context).find((candidate) => candidate.id === event.permitId);
  if (permit === undefined) return unchanged(breaker);
  const permits = state.permits.filter((candidate) => candidate !== permit);
  // On trial: one more failure of a real call opens it again, for longer.
  const onTrial = { failureCount: context.policy.failureThreshold - 1, failedRequestIds: [] };
  const closed: BreakerState = { status: "CLOSED", suspect: false };
  switch (event.verdict) {
    // Busy is not broken: the path works. The cool-down keeps traffic away until the time it named.
    case "rate-limited": {
      const cooled = coolDown(breaker, event.retryAfterMs, context).breaker;
      const reason = "A probe was answered with a rate limit.";
      return transition(cooled, closed, { ...onTrial, reason }, null, context);
    }
    case "success": {
      const successes = state.successes + 1;
      if (successes >= context.policy.halfOpenSuccesses) {
        return transition(breaker, closed, { ...onTrial, reason: "A probe went well." }, null, context);
      }
      return amend(breaker, { state: { ...state, permits, successes } }, [
        { type: "wake", atMs: context.nowMs },
      ]);
    }
    case "fatal":
      return tripFatal(breaker, null, event.message, context);
    case "failure":
      return trip(breaker, `The probe failed: ${event.message}`, context);
    // The probe could not be made. A permit that nobody holds stays out for a while, or the next try came at once.
    case "neutral": {
      const expiresAtMs = context.nowMs + Math.min(context.policy.openBaseMs, context.policy.permitTtlMs);
      const waiting = [...permits, { id: HELD_BY_NOBODY, expiresAtMs }];
      return amend(breaker, { state: { ...state, permits: waiting } }, [{ type: "wake", atMs: expiresAtMs }]);
    }
    default:
      return assertNever(event.verdict);
  }
}

function livePermits({ permits }: HalfOpen, { nowMs, policy }: BreakerContext): Permit[] {
  return permits.filter(
    ({ expiresAtMs }) => nowMs < expiresAtMs && expiresAtMs - nowMs <= policy.permitTtlMs * CLOCK_WENT_BACK,
  );
}

function isOver(openUntilMs: number, { nowMs, policy }: BreakerContext): boolean {
  return nowMs >= openUntilMs || openUntilMs - nowMs > longestOpenMs(policy) * CLOCK_WENT_BACK;
}

function longestOpenMs({ openMaxMs, fatalOpenMs, jitterShare }: CircuitPolicy): number {
  return Math.max(openMaxMs, fatalOpenMs) * (1 + jitterShare);
}
