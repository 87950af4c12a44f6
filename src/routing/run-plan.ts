/**
 * Drives a plan to one answer: attempts in order, fallback, backoff, and an end that always says what happened.
 * The chat object and the HTTP door run the same code. Effects go through deps; no state outlives the call.
 * Rules RT18 to RT29.
 */
import type { Clock } from "../base/clock.ts";
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
import type { ModelCall, ModelEvent, Provider } from "../providers/provider.ts";
import type { BackoffPolicy } from "./backoff.ts";
import type { Deadlines } from "./deadlines.ts";
import { ADVICE_OF_FAILURE, VERDICT_OF_FAILURE } from "./health-verdict.ts";
import { decideNextAction, type CandidateProgress, type RetryLimits } from "./next-action.ts";
import type { Plan, Target } from "./plan.ts";
import { runAttempt } from "./run-attempt.ts";

export interface RunPlanDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly findProvider: (id: ProviderId) => Provider | null;
  readonly readCircuit: (id: ProviderId) => CircuitSnapshot | null;
  /** Takes note of a finished call; returns at once. */
  readonly reportOutcome: (id: ProviderId, outcome: CallOutcome) => void;
  /** Micro-dollars, or null when the price is unknown. */
  readonly priceUsage: (target: Target, usage: TokenUsage) => number | null;
  readonly limits: RetryLimits;
  readonly backoff: BackoffPolicy;
  readonly deadlines: Deadlines;
}

export interface RunPlanInput {
  readonly plan: Plan;
  /** The call without its model, which each candidate brings. */
  readonly call: Omit<ModelCall, "modelId">;
  readonly requestId: string;
  /** What was asked for, for the log's `model_class`. */
  readonly requested: readonly string[];
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

export type ContentEvent = Exclude<ModelEvent, { type: "response-start" | "finish" | "fail" }>;

export type AnswerEvent =
  /** A target has begun to answer; what follows is its leg. */
  | { readonly type: "leg-start"; readonly target: Target; readonly attempt: number }
  | ContentEvent
  | AnswerEnd;

interface Progress extends CandidateProgress {
  readonly target: Target;
}

interface AttemptEnd {
  readonly target: Target;
  readonly failure: ProviderFailure | null;
  readonly finishReason: FinishReason | null;
  readonly hadContent: boolean;
  readonly record: SelectionAttempt;
}

/** Yields batches of events; the last event of the last batch is `answer-end`, exactly one. Never throws. */
export async function* runPlan(
  deps: RunPlanDeps,
  input: RunPlanInput,
): AsyncGenerator<readonly AnswerEvent[], void, undefined> {
  const startedMs = deps.clock.nowMs();
  const attempts: SelectionAttempt[] = [];
  let progress: Progress[] = input.plan.order.map((target) => ({
    target,
    triedInRound: -1,
    lastFailure: null,
    notBeforeMs: 0,
    available: true,
  }));
  let round = 0;
  for (const target of input.plan.skipped) {
    deps.log.write("info", "provider_skipped", {
      request_id: input.requestId,
      provider: target.provider,
      model: target.model,
      reason: target.reason,
    });
  }
  for (;;) {
    if (input.signal.aborted) break;
    progress = progress.map((entry) => refreshAvailability(entry, deps));
    const action = decideNextAction({
      candidates: progress,
      round,
      attemptsMade: attempts.length,
      nowMs: deps.clock.nowMs(),
      limits: deps.limits,
      backoff: deps.backoff,
      random: deps.random,
    });
    if (action.type === "give-up") break;
    if (action.type === "wait") {
      round = action.round;
      await deps.clock.sleep(action.durationMs, input.signal);
      continue;
    }
    const entry = progress[action.index];
    if (entry === undefined) break;
    const end = yield* driveAttempt(deps, input, entry.target, attempts.length + 1, startedMs);
    attempts.push(end.record);
    if (end.failure === null || end.hadContent || end.failure.kind === "cancelled") {
      logAttempt(deps, input, end, false);
      yield [toAnswerEnd(end, attempts, startedMs, deps)];
      return;
    }
    progress = progress.with(action.index, noteFailure(entry, round, end.failure, deps.clock.nowMs()));
    logAttempt(deps, input, end, ADVICE_OF_FAILURE[end.failure.kind] !== "stop");
  }
  yield [toExhausted(deps, input, attempts, progress, startedMs)];
}

/** A circuit that opened since the plan was made is not tried any more in this turn. */
function refreshAvailability(entry: Progress, deps: RunPlanDeps): Progress {
  const snapshot = deps.readCircuit(entry.target.provider);
  return { ...entry, available: snapshot === null || snapshot.status === "CLOSED" };
}

function noteFailure(entry: Progress, round: number, failure: ProviderFailure, nowMs: number): Progress {
  return {
    ...entry,
    triedInRound: round,
    lastFailure: failure,
    notBeforeMs: failure.retryAfterMs === null ? 0 : nowMs + failure.retryAfterMs,
  };
}

async function* driveAttempt(
  deps: RunPlanDeps,
  input: RunPlanInput,
  target: Target,
  attempt: number,
  turnStartedMs: number,
): AsyncGenerator<readonly AnswerEvent[], AttemptEnd, undefined> {
  const startedMs = deps.clock.nowMs();
  const provider = deps.findProvider(target.provider);
  const call: ModelCall = { ...input.call, modelId: target.model };
  let firstTokenMs: number | null = null;
  let finishReason: FinishReason | null = null;
  let failure: ProviderFailure | null = null;
  let usage: TokenUsage = UNKNOWN_USAGE;
  if (provider === null) {
    failure = {
      kind: "unreachable",
      phase: "connect",
      status: null,
      retryAfterMs: null,
      message: "this provider is not set up here",
    };
  } else {
    for await (const batch of runAttempt(provider, call, deps.deadlines, deps.clock, input.signal)) {
      const content: AnswerEvent[] = [];
      for (const event of batch) {
        if (event.type === "response-start") continue;
        if (event.type === "finish" || event.type === "fail") {
          usage = event.usage;
          if (event.type === "finish") finishReason = event.finishReason;
          else failure = event.failure;
          continue;
        }
        if (firstTokenMs === null) {
          firstTokenMs = deps.clock.nowMs() - startedMs;
          content.push({ type: "leg-start", target, attempt });
        }
        content.push(event);
      }
      if (content.length > 0) yield content;
    }
  }
  const endedMs = deps.clock.nowMs();
  const cancelled = failure?.kind === "cancelled";
  return {
    target,
    failure,
    finishReason,
    hadContent: firstTokenMs !== null,
    record: {
      ...target,
      startedAtMs: Math.max(0, startedMs - turnStartedMs),
      durationMs: Math.max(0, endedMs - startedMs),
      firstTokenMs,
      outcome: failure === null ? "success" : cancelled ? "cancelled" : "failure",
      error: failure === null ? null : `${failure.kind}: ${failure.message}`,
      usage,
      costMicroUsd: deps.priceUsage(target, usage),
    },
  };
}

function logAttempt(deps: RunPlanDeps, input: RunPlanInput, end: AttemptEnd, willRetry: boolean): void {
  const { record, failure } = end;
  const outcome: CallOutcome = {
    verdict: failure === null ? "success" : VERDICT_OF_FAILURE[failure.kind],
    requestId: input.requestId,
    model: record.model,
    atMs: deps.clock.nowMs(),
    latencyMs: failure === null ? (record.firstTokenMs ?? record.durationMs) : record.durationMs,
    retryAfterMs: failure?.retryAfterMs ?? null,
    message: record.error ?? "",
  };
  deps.reportOutcome(end.target.provider, outcome);
  if (failure === null) {
    deps.log.write("info", "provider_success", {
      request_id: input.requestId,
      provider: record.provider,
      model: record.model,
      latency_ms: record.durationMs,
      tokens: totalTokens(record.usage),
      cost_usd: record.costMicroUsd === null ? null : record.costMicroUsd / 1_000_000,
    });
  } else if (failure.kind !== "cancelled") {
    deps.log.write("warn", "provider_failure", {
      request_id: input.requestId,
      provider: record.provider,
      model: record.model,
      latency_ms: record.durationMs,
      error: record.error ?? "",
      will_retry: willRetry,
    });
  }
}

function totalTokens(usage: TokenUsage): number | null {
  if (usage.inputTokens === null && usage.outputTokens === null) return null;
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
}

function toAnswerEnd(
  end: AttemptEnd,
  attempts: readonly SelectionAttempt[],
  startedMs: number,
  deps: RunPlanDeps,
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
    durationMs: deps.clock.nowMs() - startedMs,
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
  startedMs: number,
): AnswerEnd {
  const cancelled = input.signal.aborted;
  const last = progress.findLast((entry) => entry.lastFailure !== null)?.lastFailure ?? null;
  if (!cancelled) {
    deps.log.write("error", "all_providers_failed", {
      request_id: input.requestId,
      model_class: input.requested.join(","),
      total_candidates: progress.length,
      provider_errors: attempts.map((attempt) => ({
        provider: attempt.provider,
        model: attempt.model,
        error: attempt.error ?? "",
      })),
    });
  }
  return {
    type: "answer-end",
    status: cancelled ? "cancelled" : "failed",
    finishReason: null,
    failure: cancelled ? null : last,
    attempts,
    legs: [],
    firstTokenMs: null,
    durationMs: deps.clock.nowMs() - startedMs,
    usage: UNKNOWN_USAGE,
    costMicroUsd: sumCosts(attempts),
  };
}

/** What failed attempts cost is known to be nothing unless a provider reported tokens for them. */
function sumCosts(attempts: readonly SelectionAttempt[]): number {
  return attempts.reduce((sum, attempt) => sum + (attempt.costMicroUsd ?? 0), 0);
}
