/**
 * One attempt of a turn: calls the target's provider, passes its words on, and comes back with how it went, ready
 * for the record. It neither reports nor logs nor decides what comes next: that is run-plan.ts.
 */
import type { Clock } from "../base/clock.ts";
import type { ProviderId } from "../base/id.ts";
import { UNKNOWN_USAGE, type FinishReason, type TokenUsage } from "../protocol/answer.ts";
import type { SelectionAttempt } from "../protocol/selection.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../providers/provider.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Target } from "./plan.ts";
import { runAttempt } from "./run-attempt.ts";

export interface DriveAttemptDeps {
  readonly clock: Clock;
  readonly findProvider: (id: ProviderId) => Provider | null;
  /** Micro-dollars, or null when the price is unknown. */
  readonly priceUsage: (target: Target, usage: TokenUsage) => number | null;
  readonly deadlines: Deadlines;
}

export interface DriveAttemptInput {
  readonly target: Target;
  /** Which call of the turn this is, from 1. */
  readonly attempt: number;
  /** The call without its model, which the target brings. */
  readonly call: Omit<ModelCall, "modelId">;
  /** When the turn began, epoch milliseconds. */
  readonly turnStartedMs: number;
  readonly signal: AbortSignal;
}

export type ContentEvent = Exclude<ModelEvent, { type: "response-start" | "finish" | "fail" }>;

export type LegEvent =
  /** A target has begun to answer; what follows is its leg. */
  { readonly type: "leg-start"; readonly target: Target; readonly attempt: number } | ContentEvent;

export interface AttemptEnd {
  readonly target: Target;
  readonly failure: ProviderFailure | null;
  readonly finishReason: FinishReason | null;
  readonly hadContent: boolean;
  readonly record: SelectionAttempt;
}

const NOT_SET_UP: ProviderFailure = {
  kind: "unreachable",
  phase: "connect",
  status: null,
  retryAfterMs: null,
  message: "this provider is not set up here",
};

/** Yields the words in the adapter's batches, headed by a `leg-start`; returns how the attempt went. Never throws. */
export async function* driveAttempt(
  deps: DriveAttemptDeps,
  input: DriveAttemptInput,
): AsyncGenerator<readonly LegEvent[], AttemptEnd, undefined> {
  const { target, attempt, turnStartedMs } = input;
  const startedMs = deps.clock.nowMs();
  const provider = deps.findProvider(target.provider);
  const call: ModelCall = { ...input.call, modelId: target.model };
  let firstTokenMs: number | null = null;
  let finishReason: FinishReason | null = null;
  let failure: ProviderFailure | null = null;
  let usage: TokenUsage = UNKNOWN_USAGE;
  if (provider === null) {
    failure = NOT_SET_UP;
  } else {
    for await (const batch of runAttempt(provider, call, deps.deadlines, deps.clock, input.signal)) {
      const content: LegEvent[] = [];
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
