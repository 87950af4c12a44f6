/** How an answer ended, and everything the receipt and the record need of it. Pure. Rules RT12, RT23, RT24, RT31, RT32. */
import {
  UNKNOWN_USAGE,
  type FinishReason,
  type Leg,
  type TerminalState,
  type TokenUsage,
} from "../protocol/answer.ts";
import type { SelectionAttempt } from "../protocol/selection.ts";
import type { ProviderFailure, ProviderFailureKind } from "../providers/failure.ts";
import { countTokens } from "./attempt-log.ts";
import type { AttemptEnd } from "./drive-attempt.ts";

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

/** An attempt gave words, or the provider said that there are none: its end is the answer's. */
export function toServedEnd(
  end: AttemptEnd,
  attempts: readonly SelectionAttempt[],
  durationMs: number,
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
    durationMs,
    usage: record.usage,
    costMicroUsd: record.costMicroUsd,
  };
}

/** Nobody answered. `failure` is null when the reader said stop before a word came. */
export function toUnservedEnd(
  failure: ProviderFailure | null,
  attempts: readonly SelectionAttempt[],
  durationMs: number,
): AnswerEnd {
  return {
    type: "answer-end",
    status: failure === null ? "cancelled" : "failed",
    finishReason: null,
    failure,
    attempts,
    legs: [],
    firstTokenMs: null,
    durationMs,
    usage: UNKNOWN_USAGE,
    costMicroUsd: sumCosts(attempts),
  };
}

/** A failure that no provider made: nobody could be asked. Its message is a sentence of ours, for the reader. */
export function toUnaskedFailure(
  kind: ProviderFailureKind,
  message: string,
  retryAfterMs: number | null,
): ProviderFailure {
  return { kind, phase: "connect", status: null, retryAfterMs, message };
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
