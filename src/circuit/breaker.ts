/**
 * The circuit breaker of one provider: a pure state machine. It does not know time, chance, storage or the
 * network; the object around it (durable-objects/provider-health.ts) does. Rules CB1 to CB19.
 */
import { z } from "zod";
import { assertNever } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import {
  CircuitMode,
  type CircuitAction,
  type CircuitSnapshot,
  type CircuitStatus,
} from "../protocol/circuit.ts";
import type { CircuitPolicy } from "./policy.ts";

const Permit = z.object({ id: z.string(), expiresAtMs: z.number() });

// PERSISTED: the object stores it as JSON and parses it on the way back.
export const BreakerState = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("CLOSED"),
    /** True from a failure until a good call or a good probe: ranking puts the provider behind the others meanwhile. */
    suspect: z.boolean(),
  }),
  z.object({ status: z.literal("OPEN"), openUntilMs: z.number() }),
  z.object({ status: z.literal("HALF_OPEN"), permit: Permit.nullable() }),
]);
export type BreakerState = z.infer<typeof BreakerState>;

export const Breaker = z.object({
  state: BreakerState,
  mode: CircuitMode,
  /** Counts every change that a snapshot shows; never goes down. */
  version: z.int().nonnegative(),
  /** Counts transitions; numbers the events a console sees. */
  transitions: z.int().nonnegative(),
  /** Failures in a row, of calls and of probes. */
  failureCount: z.int().nonnegative(),
  /** The user requests among those failures, newest last. */
  failedRequestIds: z.array(z.string()).max(10),
  /** Trips since the last good call of a user: each doubles the open time. */
  trips: z.int().nonnegative(),
  coolDownUntilMs: z.number().nullable(),
  changedAtMs: z.number(),
  reason: z.string(),
});
export type Breaker = z.infer<typeof Breaker>;

/**
 * What a call says about the provider's health. `neutral`: nothing (our own bad request, a cancelled call).
 * `fatal`: no probe will mend it (a wrong key, an unpaid bill). `rate-limited`: it is well, and asks us to wait.
 */
export type HealthVerdict = "success" | "failure" | "fatal" | "rate-limited" | "neutral";

export type BreakerEvent =
  | {
      readonly type: "call-end";
      readonly verdict: HealthVerdict;
      readonly requestId: string;
      /** From now, milliseconds; only read for `rate-limited`. */
      readonly retryAfterMs: number | null;
      readonly message: string;
    }
  /** A probe of a closed circuit that confirms or clears a suspicion. */
  | {
      readonly type: "confirm-end";
      readonly verdict: HealthVerdict;
      readonly message: string;
      /** From now, milliseconds; only read for `rate-limited`. */
      readonly retryAfterMs?: number | null;
    }
  /** The clock has moved on: an open time may be over, a permit may be void. */
  | { readonly type: "time-pass" }
  | { readonly type: "permit-request"; readonly permitId: string }
  /** The probe that a permit was given for has ended. An unknown or void permit is ignored. */
  | {
      readonly type: "probe-end";
      readonly permitId: string;
      readonly verdict: HealthVerdict;
      readonly message: string;
      /** From now, milliseconds; only read for `rate-limited`. */
      readonly retryAfterMs?: number | null;
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
      readonly number: number;
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
  | { readonly type: "permit-grant"; readonly permitId: string }
  | { readonly type: "permit-deny" };

export interface BreakerStep {
  readonly breaker: Breaker;
  readonly effects: readonly BreakerEffect[];
}

/** What a step may depend on besides the event: handed in, so that a history can be played again. */
export interface BreakerContext {
  readonly nowMs: number;
  readonly random: Random;
  readonly policy: CircuitPolicy;
}

const MAX_FAILED_REQUEST_IDS = 10;

export function startBreaker(nowMs: number): Breaker {
  return {
    state: { status: "CLOSED", suspect: false },
    mode: "auto",
    version: 0,
    transitions: 0,
    failureCount: 0,
    failedRequestIds: [],
    trips: 0,
    coolDownUntilMs: null,
    changedAtMs: nowMs,
    reason: "No failure so far.",
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

/** The small value that isolates and consoles see. */
export function toSnapshot(provider: string, breaker: Breaker, policy: CircuitPolicy): CircuitSnapshot {
  return {
    provider,
    version: breaker.version,
    status: breaker.state.status,
    mode: breaker.mode,
    suspect: breaker.state.status === "CLOSED" && breaker.state.suspect,
    openUntilMs: breaker.state.status === "OPEN" ? Math.round(breaker.state.openUntilMs) : null,
    coolDownUntilMs: breaker.coolDownUntilMs === null ? null : Math.round(breaker.coolDownUntilMs),
    reason: breaker.reason,
    failureCount: breaker.failureCount,
    failureThreshold: policy.failureThreshold,
    changedAtMs: Math.round(breaker.changedAtMs),
  };
}

function unchanged(breaker: Breaker): BreakerStep {
  return { breaker, effects: [] };
}

/** A change without a transition: the snapshot moves on by one version. */
function amend(
  breaker: Breaker,
  change: Partial<Breaker>,
  effects: readonly BreakerEffect[] = [],
): BreakerStep {
  return { breaker: { ...breaker, ...change, version: breaker.version + 1 }, effects };
}

function transition(
  breaker: Breaker,
  to: BreakerState,
  change: Partial<Breaker> & { readonly reason: string },
  actor: string | null,
  context: BreakerContext,
): BreakerStep {
  const next: Breaker = {
    ...breaker,
    ...change,
    state: to,
    version: breaker.version + 1,
    transitions: breaker.transitions + 1,
    changedAtMs: context.nowMs,
  };
  const effects: BreakerEffect[] = [
    {
      type: "transition",
      number: next.transitions,
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

/** Doubles with every trip, counted from the trip itself. */
function openTimeMs(trips: number, { openBaseMs, openMaxMs }: CircuitPolicy): number {
  return Math.min(openMaxMs, openBaseMs * 2 ** Math.min(trips, 30));
}

function withJitter(durationMs: number, context: BreakerContext): number {
  return Math.round(durationMs * (1 + context.policy.jitterShare * context.random()));
}

function trip(breaker: Breaker, reason: string, context: BreakerContext): BreakerStep {
  const openUntilMs = context.nowMs + withJitter(openTimeMs(breaker.trips, context.policy), context);
  return transition(
    breaker,
    { status: "OPEN", openUntilMs },
    { trips: breaker.trips + 1, reason },
    null,
    context,
  );
}

function tripFatal(breaker: Breaker, message: string, context: BreakerContext): BreakerStep {
  return transition(
    breaker,
    { status: "OPEN", openUntilMs: context.nowMs + withJitter(context.policy.fatalOpenMs, context) },
    { trips: breaker.trips + 1, reason: `Opened at once, waiting will not mend it: ${message}` },
    null,
    context,
  );
}

function coolDown(breaker: Breaker, retryAfterMs: number | null, context: BreakerContext): BreakerStep {
  const pauseMs = Math.min(
    retryAfterMs ?? context.policy.defaultCoolDownMs,
    context.policy.maxCoolDownMs,
  );
  const coolDownUntilMs = Math.max(breaker.coolDownUntilMs ?? 0, context.nowMs + pauseMs);
  return amend(breaker, { coolDownUntilMs });
}

function countFailure(breaker: Breaker, requestId: string | null): Breaker {
  const failedRequestIds =
    requestId === null
      ? breaker.failedRequestIds
      : [...breaker.failedRequestIds, requestId].slice(-MAX_FAILED_REQUEST_IDS);
  return { ...breaker, failureCount: breaker.failureCount + 1, failedRequestIds };
}

function failClosed(
  breaker: Breaker,
  requestId: string | null,
  message: string,
  context: BreakerContext,
): BreakerStep {
  const counted = countFailure(breaker, requestId);
  const reason = `${counted.failureCount} failures in a row, the last: ${message}`;
  if (breaker.mode === "auto" && counted.failureCount >= context.policy.failureThreshold) {
    return trip(counted, reason, context);
  }
  return amend(counted, { state: { status: "CLOSED", suspect: true }, reason }, [{ type: "confirm" }]);
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
  if (event.verdict === "success") {
    // A call that began before a 429 may end well after it: the pause that the provider asked for still stands.
    const coolDownUntilMs =
      breaker.coolDownUntilMs !== null && breaker.coolDownUntilMs > context.nowMs
        ? breaker.coolDownUntilMs
        : null;
    const clean =
      breaker.failureCount === 0 &&
      !breaker.state.suspect &&
      breaker.trips === 0 &&
      breaker.coolDownUntilMs === coolDownUntilMs;
    if (clean) return unchanged(breaker);
    return amend(breaker, {
      state: { status: "CLOSED", suspect: false },
      failureCount: 0,
      failedRequestIds: [],
      trips: 0,
      coolDownUntilMs,
      reason: "The last call went well.",
    });
  }
  if (event.verdict === "fatal" && breaker.mode === "auto") {
    return tripFatal(countFailure(breaker, event.requestId), event.message, context);
  }
  return failClosed(breaker, event.requestId, event.message, context);
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
      return breaker.mode === "auto"
        ? tripFatal(countFailure(breaker, null), event.message, context)
        : unchanged(breaker);
    case "rate-limited":
      return coolDown(breaker, event.retryAfterMs ?? null, context);
    case "neutral":
      return unchanged(breaker);
    default:
      return assertNever(event.verdict);
  }
}

/** Always names the next time to wake up, so that any call can put back an alarm that was lost. */
function applyTimePass(breaker: Breaker, context: BreakerContext): BreakerStep {
  if (breaker.mode !== "auto") return unchanged(breaker);
  if (breaker.state.status === "OPEN") {
    if (context.nowMs < breaker.state.openUntilMs) {
      return { breaker, effects: [{ type: "wake", atMs: breaker.state.openUntilMs }] };
    }
    return transition(
      breaker,
      { status: "HALF_OPEN", permit: null },
      { reason: "The open time is over: one probe decides." },
      null,
      context,
    );
  }
  if (breaker.state.status === "HALF_OPEN") {
    const { permit } = breaker.state;
    if (permit === null) return { breaker, effects: [{ type: "wake", atMs: context.nowMs }] };
    if (context.nowMs < permit.expiresAtMs) {
      return { breaker, effects: [{ type: "wake", atMs: permit.expiresAtMs }] };
    }
    return amend(breaker, { state: { status: "HALF_OPEN", permit: null } }, [
      { type: "wake", atMs: context.nowMs },
    ]);
  }
  return unchanged(breaker);
}

function applyPermitRequest(breaker: Breaker, permitId: string, context: BreakerContext): BreakerStep {
  const denied: BreakerStep = { breaker, effects: [{ type: "permit-deny" }] };
  if (breaker.mode !== "auto" || breaker.state.status !== "HALF_OPEN") return denied;
  const { permit } = breaker.state;
  if (permit !== null && context.nowMs < permit.expiresAtMs) return denied;
  const expiresAtMs = context.nowMs + context.policy.permitTtlMs;
  return amend(breaker, { state: { status: "HALF_OPEN", permit: { id: permitId, expiresAtMs } } }, [
    { type: "permit-grant", permitId },
    { type: "wake", atMs: expiresAtMs },
  ]);
}

function applyProbeEnd(
  breaker: Breaker,
  event: Extract<BreakerEvent, { type: "probe-end" }>,
  context: BreakerContext,
): BreakerStep {
  const permit = breaker.state.status === "HALF_OPEN" ? breaker.state.permit : null;
  if (permit?.id !== event.permitId || context.nowMs >= permit.expiresAtMs) return unchanged(breaker);
  // On trial: one more failure of a real call opens it again, for longer.
  const onTrial = { failureCount: context.policy.failureThreshold - 1, failedRequestIds: [] };
  switch (event.verdict) {
    // Busy is not broken: the path works. The cool-down keeps traffic away until the time it named.
    case "rate-limited": {
      const cooled = coolDown(breaker, event.retryAfterMs ?? null, context).breaker;
      return transition(
        cooled,
        { status: "CLOSED", suspect: false },
        { ...onTrial, reason: "A probe was answered with a rate limit." },
        null,
        context,
      );
    }
    case "success":
      return transition(
        breaker,
        { status: "CLOSED", suspect: false },
        { ...onTrial, reason: "A probe went well." },
        null,
        context,
      );
    case "fatal":
      return tripFatal(breaker, event.message, context);
    case "failure":
      return trip(breaker, `The probe failed: ${event.message}`, context);
    // The probe could not be made; the permit goes back.
    case "neutral":
      return amend(breaker, { state: { status: "HALF_OPEN", permit: null } }, [
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
  const closed: BreakerState = { status: "CLOSED", suspect: false };
  const clean = { failureCount: 0, failedRequestIds: [], trips: 0, coolDownUntilMs: null };
  const reason = `${event.actor}: ${event.reason}`;
  switch (event.action) {
    case "reset":
      return transition(breaker, closed, { ...clean, mode: "auto", reason }, event.actor, context);
    case "close":
      return transition(breaker, closed, { ...clean, mode: "forced-closed", reason }, event.actor, context);
    case "open":
      return transition(
        breaker,
        { status: "OPEN", openUntilMs: context.nowMs },
        { mode: "forced-open", reason },
        event.actor,
        context,
      );
    // A transition also where the state stays: who and why must be on record.
    case "auto":
      return transition(
        breaker,
        breaker.state.status === "OPEN" ? { status: "HALF_OPEN", permit: null } : breaker.state,
        { mode: "auto", reason },
        event.actor,
        context,
      );
    default:
      return assertNever(event.action);
  }
}
