/**
 * Drives a plan to one answer: attempts in order, fallback, backoff, and an end that always says what happened.
 * The chat object and the HTTP door run the same code. Effects go through deps; no state outlives the call.
 * Rules RT18 to RT29.
 */
import { assert } from "../base/assert.ts";
import type { ProviderId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { CallOutcome } from "../circuit/outcome.ts";
import {
  UNKNOWN_USAGE,
  type FinishReason,
  type Leg,
  type TerminalState,
  type TokenUsage,
} from "../protocol/answer.ts";
import type { CircuitSnapshot } from "../protocol/circuit.ts";
import type { SelectionAttempt } from "../protocol/selection.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import type { ModelCall } from "../providers/provider.ts";
import { countTokens, logAllFailed, logAttempt, logSkipped } from "./attempt-log.ts";
import type { BackoffPolicy } from "./backoff.ts";
import { driveAttempt, type AttemptEnd, type DriveAttemptDeps, type LegEvent } from "./drive-attempt.ts";
import { VERDICT_OF_FAILURE } from "./health-verdict.ts";
import {
  decideNextAction,
  type CandidateProgress,
  type NextAction,
  type RetryLimits,
} from "./next-action.ts";
import { toCircuitReason, type Plan, type Target } from "./plan.ts";

export interface RunPlanDeps extends DriveAttemptDeps {
  readonly random: Random;
  readonly log: Log;
  readonly readCircuit: (id: ProviderId) => CircuitSnapshot | null;
  /** Takes note of a finished call; returns at once. */
  readonly reportOutcome: (id: ProviderId, outcome: CallOutcome) => void;
  readonly limits: RetryLimits;
  readonly backoff: BackoffPolicy;
}

export interface RunPlanInput {
  readonly plan: Plan;
  /** The call without its model, which each candidate brings. */
  readonly call: Omit<ModelCall, "modelId">;
  readonly requestId: string;
  /** What was asked for, for the log's `model_class`. */
  readonly requested: readonly string[];
  /** When the turn began, epoch milliseconds: every time on record counts from here. */
  readonly startedMs: number;
  /** Aborted when the reader says stop. */
  readonly signal: AbortSignal;
}

/** How the answer ended, and everything the receipt and the record need. */
export interface AnswerEnd {
  readonly type: "answer-end";
  readonly status: TerminalState;
  readonly finishReason: FinishReason | null;
  /** The failure that ended it; null for `complete` and `cancelled`. */
  readonly failure: ProviderFailure | null;
  readonly attempts: readonly SelectionAttempt[];
  readonly legs: readonly Leg[];
  readonly firstTokenMs: number | null;
  readonly durationMs: number;
  readonly usage: TokenUsage;
  readonly costMicroUsd: number | null;
}

export type AnswerEvent = LegEvent | AnswerEnd;

interface Progress extends CandidateProgress {
  readonly target: Target;
  /** Why its circuit lets no call through; null while it does. */
  readonly blockedBecause: string | null;
  /** Its circuit opened before it was ever called, and the log has a line about that. */
  readonly passedOver: boolean;
}

/** Yields batches of events; the last event of the last batch is `answer-end`, exactly one. Never throws. */
export async function* runPlan(
  deps: RunPlanDeps,
  input: RunPlanInput,
): AsyncGenerator<readonly AnswerEvent[], void, undefined> {
  const attempts: SelectionAttempt[] = [];
  let progress = input.plan.order.map(toProgress);
  let unlogged: AttemptEnd | null = null;
  let lastFailure: ProviderFailure | null = null;
  let round = 0;
  for (const target of input.plan.skipped) logSkipped(deps.log, input.requestId, target, target.reason);
  for (;;) {
    progress = progress.map((entry) => refreshAvailability(entry, deps));
    const action = decideNext(deps, input, progress, round, attempts.length);
    // Only now is it known whether a failed attempt is followed by another.
    if (unlogged !== null) logAttempt(deps.log, input.requestId, unlogged, action.type !== "give-up");
    unlogged = null;
    progress = notePassedOver(deps, input, progress, action);
    if (action.type === "give-up") break;
    if (action.type === "wait") {
      round = action.round;
      await deps.clock.sleep(action.durationMs, input.signal);
      continue;
    }
    const entry = progress[action.index];
    assert(entry !== undefined, "an attempt is made of a candidate");
    const { call, startedMs: turnStartedMs, signal } = input;
    const attempt = attempts.length + 1;
    const end = yield* driveAttempt(deps, { target: entry.target, attempt, call, turnStartedMs, signal });
    attempts.push(end.record);
    reportAttempt(deps, input, end);
    if (end.failure === null || end.hadContent || end.failure.kind === "cancelled") {
      logAttempt(deps.log, input.requestId, end, false);
      yield [toAnswerEnd(deps, input, end, attempts)];
      return;
    }
    progress = progress.with(action.index, noteFailure(entry, round, end.failure, deps.clock.nowMs()));
    lastFailure = end.failure;
    unlogged = end;
  }
  yield [toExhausted(deps, input, attempts, progress, lastFailure)];
}

function toProgress(target: Target): Progress {
  return {
    target,
    triedInRound: -1,
    lastFailure: null,
    notBeforeMs: 0,
    available: true,
    blockedBecause: null,
    passedOver: false,
  };
}

function decideNext(
  deps: RunPlanDeps,
  input: RunPlanInput,
  candidates: readonly Progress[],
  round: number,
  attemptsMade: number,
): NextAction {
  if (input.signal.aborted) return { type: "give-up" };
  const { limits, backoff, random } = deps;
  return decideNextAction({
    candidates,
    round,
    attemptsMade,
    nowMs: deps.clock.nowMs(),
    limits,
    backoff,
    random,
  });
}

/** A circuit that opened since the plan was made is not tried any more in this turn, also when it closes again. */
function refreshAvailability(entry: Progress, deps: RunPlanDeps): Progress {
  if (!entry.available) return entry;
  const snapshot = deps.readCircuit(entry.target.provider);
  if (snapshot === null || snapshot.status === "CLOSED") return entry;
  return { ...entry, available: false, blockedBecause: toCircuitReason(snapshot) };
}

/** Tells of candidates that the turn goes past without ever having called them, since their circuit opened meanwhile. */
function notePassedOver(
  deps: RunPlanDeps,
  input: RunPlanInput,
  progress: readonly Progress[],
  action: NextAction,
): Progress[] {
  const reached = action.type === "attempt" ? action.index : progress.length;
  return progress.map((entry, index) => {
    const passes = index < reached && entry.triedInRound < 0 && entry.blockedBecause !== null;
    if (!passes || entry.passedOver) return entry;
    logSkipped(deps.log, input.requestId, entry.target, entry.blockedBecause);
    return { ...entry, passedOver: true };
  });
}

function noteFailure(entry: Progress, round: number, failure: ProviderFailure, nowMs: number): Progress {
  return {
    ...entry,
    triedInRound: round,
    lastFailure: failure,
    notBeforeMs: failure.retryAfterMs === null ? 0 : nowMs + failure.retryAfterMs,
  };
}

function reportAttempt(deps: RunPlanDeps, input: RunPlanInput, end: AttemptEnd): void {
  const { record, failure } = end;
  deps.reportOutcome(end.target.provider, {
    verdict: failure === null ? "success" : VERDICT_OF_FAILURE[failure.kind],
    requestId: input.requestId,
    model: record.model,
    atMs: deps.clock.nowMs(),
    latencyMs: failure === null ? (record.firstTokenMs ?? record.durationMs) : record.durationMs,
    retryAfterMs: failure?.retryAfterMs ?? null,
    message: record.error ?? "",
  });
}

function toAnswerEnd(
  deps: RunPlanDeps,
  input: RunPlanInput,
  end: AttemptEnd,
  attempts: readonly SelectionAttempt[],
): AnswerEnd {
  const { record, failure } = end;
  const status: TerminalState =
    failure === null ? "complete" : failure.kind === "cancelled" ? "cancelled" : "incomplete";
  const leg: Leg = {
    provider: record.provider,
    model: record.model,
    usage: record.usage,
    costMicroUsd: record.costMicroUsd,
  };
  return {
    type: "answer-end",
    status,
    finishReason: end.finishReason,
    failure: status === "incomplete" ? failure : null,
    attempts,
    legs: end.hadContent || failure === null ? [leg] : [],
    firstTokenMs: record.firstTokenMs === null ? null : record.startedAtMs + record.firstTokenMs,
    durationMs: deps.clock.nowMs() - input.startedMs,
    usage: record.usage,
    costMicroUsd: record.costMicroUsd,
  };
}

/** Nobody answered: every candidate failed before its first word, or the reader said stop before one came. */
function toExhausted(
  deps: RunPlanDeps,
  input: RunPlanInput,
  attempts: readonly SelectionAttempt[],
  progress: readonly Progress[],
  lastFailure: ProviderFailure | null,
): AnswerEnd {
  const cancelled = input.signal.aborted;
  if (!cancelled) {
    const { requestId, requested, plan } = input;
    const untried = progress
      .filter((entry) => entry.triedInRound < 0)
      .map((entry) => ({ ...entry.target, reason: entry.blockedBecause ?? "the turn was over before" }));
    const leftOut = plan.candidates.filter((candidate) => candidate.place === null);
    logAllFailed(deps.log, { requestId, requested, attempts, notTried: [...untried, ...leftOut] });
  }
  return {
    type: "answer-end",
    status: cancelled ? "cancelled" : "failed",
    finishReason: null,
    failure: cancelled ? null : lastFailure,
    attempts,
    legs: [],
    firstTokenMs: null,
    durationMs: deps.clock.nowMs() - input.startedMs,
    usage: UNKNOWN_USAGE,
    costMicroUsd: sumCosts(attempts),
  };
}

/**
 * What failed attempts cost is known to be nothing, unless a provider reported tokens for them: then it is their
 * price, and unknown where that is.
 */
function sumCosts(attempts: readonly SelectionAttempt[]): number | null {
  let sum = 0;
  for (const { costMicroUsd, usage } of attempts) {
    if (costMicroUsd === null && countTokens(usage) !== null) return null;
    sum += costMicroUsd ?? 0;
  }
  return sum;
}
