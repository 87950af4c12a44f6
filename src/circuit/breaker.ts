/**
 * The circuit breaker of one provider or one model: a pure state machine. It does not know time, chance, storage
 * or the network; the object around it (durable-objects/provider-health.ts) does. Rules CB1 to CB14, CB40 to CB45.
 */
import { z } from "zod";
import { assertNever } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import { CircuitMode, type CircuitAction, type CircuitStatus } from "../protocol/circuit.ts";
import {
  amend,
  coolDown,
  failClosed,
  noteSuccess,
  toBucketsAfter,
  transition,
  trip,
  tripFatal,
} from "./breaker-steps.ts";
import type { CircuitPolicy } from "./policy.ts";
import { CallBucket } from "./window.ts";

const Permit = z.object({ id: z.string(), expiresAtMs: z.number() });

// PERSISTED: the object stores it as JSON and parses it on the way back.
export const BreakerState = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("CLOSED"),
    /** True from a failure until a good call or a good probe: ranking puts the provider behind the others meanwhile. */
    suspect: z.boolean(),
  }),
  z.object({ status: z.literal("OPEN"), openUntilMs: z.number() }),
  z.object({
    status: z.literal("HALF_OPEN"),
    /** Probes that are out. */
    permits: z.array(Permit),
    /** Good probes since it became half-open. */
    successes: z.int().nonnegative(),
  }),
]);
export type BreakerState = z.infer<typeof BreakerState>;

export const Breaker = z.object({
  state: BreakerState,
  mode: CircuitMode,
  /** Failures in a row, of calls and of probes. */
  failureCount: z.int().nonnegative(),
  /** The user requests among those failures, newest last. */
  failedRequestIds: z.array(z.string()).max(10),
  /** Calls of the last while, for rates. */
  buckets: z.array(CallBucket),
  /** Trips since the last good call of a user: each doubles the open time. */
  trips: z.int().nonnegative(),
  coolDownUntilMs: z.number().nullable(),
  changedAtMs: z.number(),
  reason: z.string(),
});
export type Breaker = z.infer<typeof Breaker>;

/**
 * What a call says about health. `neutral`: nothing (our own bad request, a cancelled call). `fatal`: no probe will
 * mend it (a wrong key, an unpaid bill). `rate-limited`: it is well, and asks us to wait.
 */
export type HealthVerdict = "success" | "failure" | "fatal" | "rate-limited" | "neutral";

export type BreakerEvent =
  | {
      readonly type: "call-end";
      readonly verdict: HealthVerdict;
      /** A good call whose first token was far later than usual. */
      readonly slow: boolean;
      readonly requestId: string;
      /** From now, milliseconds; only read for `rate-limited`. */
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  /** A probe of a closed circuit that confirms or clears a suspicion. */
  | {
      readonly type: "confirm-end";
      readonly verdict: HealthVerdict;
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  /** The clock has moved on: an open time may be over, a permit may be void. */
  | { readonly type: "time-pass" }
  | { readonly type: "permit-request"; readonly permitId: string }
  /** The probe that a permit was given for has ended. An unknown or void permit is ignored. */
  | {
      readonly type: "probe-end";
      readonly permitId: string;
      readonly verdict: HealthVerdict;
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  | {
      readonly type: "control";
      readonly action: CircuitAction;
      readonly actor: string;
      readonly reason: string;
    };

export type BreakerEffect =
  | {
      readonly type: "transition";
      readonly from: CircuitStatus;
      readonly to: CircuitStatus;
      readonly reason: string;
      readonly failureCount: number;
      readonly requestIds: readonly string[];
      readonly actor: string | null;
    }
  /** Probe now to confirm a suspicion: users should not have to find out twice. */
  | { readonly type: "confirm" }
  /** Wake up at this time and send `time-pass`, epoch milliseconds. */
  | { readonly type: "wake"; readonly atMs: number }
  /** A person has to look: no probe will mend this. */
  | { readonly type: "alert"; readonly reason: string }
  | { readonly type: "permit-grant"; readonly permitId: string }
  | { readonly type: "permit-deny" };

export interface BreakerStep {
  /** The very same value when nothing changed. */
  readonly breaker: Breaker;
  readonly effects: readonly BreakerEffect[];
}

/** What a step may depend on besides the event: handed in, so that a history can be played again. */
export interface BreakerContext {
  readonly nowMs: number;
  readonly random: Random;
  readonly policy: CircuitPolicy;
}

export function startBreaker(nowMs: number): Breaker {
  return {
    state: { status: "CLOSED", suspect: false },
    mode: "auto",
    failureCount: 0,
    failedRequestIds: [],
    buckets: [],
    trips: 0,
    coolDownUntilMs: null,
    changedAtMs: nowMs,
    reason: "No failure so far.",
  };
}

/** The one function that changes a breaker. Every branch returns the next value; nothing is changed in place. */
export function applyBreakerEvent(breaker: Breaker, event: BreakerEvent, context: BreakerContext): BreakerStep {
  switch (event.type) {
    case "call-end":
      return applyCallEnd(breaker, event, context);
    case "confirm-end":
      return applyConfirmEnd(breaker, event, context);
    case "time-pass":
      return applyTimePass(breaker, context);
    case "permit-request":
      return applyPermitRequest(breaker, event.permitId, context);
    case "probe-end":
      return applyProbeEnd(breaker, event, context);
    case "control":
      return applyControl(breaker, event, context);
    default:
      return assertNever(event);
  }
}

/** True when the breaker's own rules may open and close it. */
export function isAutomatic(breaker: Breaker): boolean {
  return breaker.mode === "auto" || breaker.mode === "draining";
}

const unchanged = (breaker: Breaker): BreakerStep => ({ breaker, effects: [] });

function applyCallEnd(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "call-end" }>,
  context: BreakerContext,
): BreakerStep {
  if (event.verdict === "neutral") return unchanged(breaker);
  if (event.verdict === "rate-limited") return coolDown(breaker, event.retryAfterMs, context);
  // A call that began before the trip may end after it. It says nothing new: only a probe closes a circuit.
  if (breaker.state.status !== "CLOSED") return unchanged(breaker);
  const failed = event.verdict !== "success";
  const counted = { ...breaker, buckets: toBucketsAfter(breaker, { failed, slow: event.slow }, context) };
  if (event.verdict === "success") return noteSuccess(counted, context);
  if (event.verdict === "fatal" && isAutomatic(breaker)) {
    return tripFatal(counted, event.requestId, event.message, context);
  }
  return failClosed(counted, event.requestId, event.message, context);
}

function applyConfirmEnd(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "confirm-end" }>,
  context: BreakerContext,
): BreakerStep {
  if (breaker.state.status !== "CLOSED") return unchanged(breaker);
  switch (event.verdict) {
    case "success":
      // The count stays: a fault that only long answers show must still add up over real calls.
      return amend(breaker, {
        state: { status: "CLOSED", suspect: false },
        reason: `A probe went well after ${breaker.failureCount} failures in a row.`,
      });
    case "failure":
      return failClosed(breaker, null, `probe: ${event.message}`, context);
    case "fatal":
      return isAutomatic(breaker) ? tripFatal(breaker, null, event.message, context) : unchanged(breaker);
    case "rate-limited":
      return coolDown(breaker, event.retryAfterMs, context);
    case "neutral":
      return unchanged(breaker);
    default:
      return assertNever(event.verdict);
  }
}

/** Always names the next time to wake up, so that any call can put back an alarm that was lost. */
function applyTimePass(breaker: Breaker, context: BreakerContext): BreakerStep {
  if (!isAutomatic(breaker)) return unchanged(breaker);
  const { state } = breaker;
  if (state.status === "CLOSED") return unchanged(breaker);
  if (state.status === "OPEN") {
    if (context.nowMs < state.openUntilMs) {
      return { breaker, effects: [{ type: "wake", atMs: state.openUntilMs }] };
    }
    const reason = "The open time is over: a probe decides.";
    return transition(breaker, { status: "HALF_OPEN", permits: [], successes: 0 }, { reason }, null, context);
  }
  const live = state.permits.filter((permit) => context.nowMs < permit.expiresAtMs);
  const isFull = live.length >= context.policy.halfOpenPermits;
  const atMs = isFull ? Math.min(...live.map((permit) => permit.expiresAtMs)) : context.nowMs;
  const wake: BreakerEffect = { type: "wake", atMs };
  if (live.length === state.permits.length) return { breaker, effects: [wake] };
  return amend(breaker, { state: { ...state, permits: live } }, [wake]);
}

function applyPermitRequest(breaker: Breaker, permitId: string, context: BreakerContext): BreakerStep {
  const denied: BreakerStep = { breaker, effects: [{ type: "permit-deny" }] };
  if (!isAutomatic(breaker) || breaker.state.status !== "HALF_OPEN") return denied;
  const live = breaker.state.permits.filter((permit) => context.nowMs < permit.expiresAtMs);
  if (live.length >= context.policy.halfOpenPermits || live.some(({ id }) => id === permitId)) return denied;
  const expiresAtMs = context.nowMs + context.policy.permitTtlMs;
  return amend(breaker, { state: { ...breaker.state, permits: [...live, { id: permitId, expiresAtMs }] } }, [
    { type: "permit-grant", permitId },
    { type: "wake", atMs: expiresAtMs },
  ]);
}

function applyProbeEnd(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "probe-end" }>,
  context: BreakerContext,
): BreakerStep {
  const { state } = breaker;
  if (state.status !== "HALF_OPEN") return unchanged(breaker);
  const permit = state.permits.find((candidate) => candidate.id === event.permitId);
  if (permit === undefined || context.nowMs >= permit.expiresAtMs) return unchanged(breaker);
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
      return amend(breaker, { state: { ...state, permits, successes } }, [{ type: "wake", atMs: context.nowMs }]);
    }
    case "fatal":
      return tripFatal(breaker, null, event.message, context);
    case "failure":
      return trip(breaker, `The probe failed: ${event.message}`, context);
    // The probe could not be made; the permit goes back.
    case "neutral":
      return amend(breaker, { state: { ...state, permits } }, [
        { type: "wake", atMs: context.nowMs + context.policy.openBaseMs },
      ]);
    default:
      return assertNever(event.verdict);
  }
}

function applyControl(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "control" }>,
  context: BreakerContext,
): BreakerStep {
  const { actor } = event;
  const reason = `${actor}: ${event.reason}`;
  const closed: BreakerState = { status: "CLOSED", suspect: false };
  const clean = { failureCount: 0, failedRequestIds: [], buckets: [], trips: 0, coolDownUntilMs: null };
  const resumed: BreakerState =
    breaker.state.status === "OPEN" ? { status: "HALF_OPEN", permits: [], successes: 0 } : breaker.state;
  switch (event.action) {
    case "reset":
      return transition(breaker, closed, { ...clean, mode: "auto", reason }, actor, context);
    case "close":
      return transition(breaker, closed, { ...clean, mode: "forced-closed", reason }, actor, context);
    case "open": {
      const state: BreakerState = { status: "OPEN", openUntilMs: context.nowMs };
      return transition(breaker, state, { mode: "forced-open", reason }, actor, context);
    }
    // A transition also where the state stays: who and why must be on record.
    case "auto":
      return transition(breaker, resumed, { mode: "auto", reason }, actor, context);
    case "drain":
      return transition(breaker, resumed, { mode: "draining", reason }, actor, context);
    default:
      return assertNever(event.action);
  }
}
