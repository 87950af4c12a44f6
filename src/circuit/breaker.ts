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
  isAutomatic,
  noteSuccess,
  toBucketsAfter,
  tripIfSlow,
  transition,
  tripFatal,
  unchanged,
  toRowOfFailures,
} from "./breaker-steps.ts";
import { applyPermitRequest, applyProbeEnd, applyTimePass } from "./half-open.ts";
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
  /** When it was last told of a failure; null before the first. */
  failedAtMs: z.number().nullable().default(null),
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
      /** When the first token of a good call came, epoch milliseconds; left out: just now. */
      readonly firstTokenAtMs?: number | undefined;
      readonly requestId: string;
      /** From now, milliseconds; only read for `rate-limited`. */
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  /**
   * A call that was cancelled after waiting for its first token longer than usual: a sample of slowness, and nothing
   * else. It gave no word, so it neither counts as a failure nor takes a suspicion away.
   */
  | { readonly type: "late-call"; readonly slow: boolean }
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
    failedAtMs: null,
    failureCount: 0,
    failedRequestIds: [],
    buckets: [],
    trips: 0,
    coolDownUntilMs: null,
    changedAtMs: nowMs,
    reason: "It has never opened.",
  };
}

/** The one function that changes a breaker. Every branch returns the next value; nothing is changed in place. */
export function applyBreakerEvent(
  breaker: Breaker,
  event: BreakerEvent,
  context: BreakerContext,
): BreakerStep {
  switch (event.type) {
    case "call-end":
      return applyCallEnd(breaker, event, context);
    case "late-call":
      return applyLateCall(breaker, event.slow, context);
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
  if (event.verdict === "success") return noteSuccess(counted, event.firstTokenAtMs ?? null, context);
  if (event.verdict === "fatal" && isAutomatic(breaker)) {
    return tripFatal(counted, event.requestId, event.message, context);
  }
  return failClosed(counted, event.requestId, event.message, context);
}

function applyLateCall(breaker: Breaker, slow: boolean, context: BreakerContext): BreakerStep {
  if (breaker.state.status !== "CLOSED") return unchanged(breaker);
  const counted = { ...breaker, buckets: toBucketsAfter(breaker, { failed: false, slow }, context) };
  return tripIfSlow(counted, context) ?? unchanged(counted);
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
        reason: `A probe went well after ${toRowOfFailures(breaker.failureCount)}.`,
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
