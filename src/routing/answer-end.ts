/** How an answer ended, and everything the receipt and the record need of it. Pure. Rules RT12, RT23, RT24, RT31, RT32, RT67. */
import type { FinishReason, Leg, TerminalState, TokenUsage } from "../protocol/answer.ts";
import type { SelectionAttempt } from "../protocol/selection.ts";
import { sumKnown, sumUsage } from "../protocol/sum-known.ts";
import type { ProviderFailure, ProviderFailureKind } from "../providers/failure.ts";

export interface AnswerEnd {
  readonly type: "answer-end";
  readonly status: TerminalState;
  readonly finishReason: FinishReason | null;
  /** What the wire of a native call ended with, or the whole answer; left out where the last leg was asked in our words. */
  readonly native?: readonly Record<string, unknown>[];
  /** The failure that ended it; null for `complete` and `cancelled`. */
  readonly failure: ProviderFailure | null;
  readonly attempts: readonly SelectionAttempt[];
  readonly legs: readonly Leg[];
  readonly firstTokenMs: number | null;
  readonly durationMs: number;
  readonly usage: TokenUsage;
  /** Everything that was paid for the answer, shown or not. */
  readonly costMicroUsd: number | null;
}

export interface AnswerEndFacts extends Pick<
  AnswerEnd,
  "status" | "finishReason" | "native" | "failure" | "attempts" | "legs" | "firstTokenMs" | "durationMs"
> {
  /** What the calls cost that gave no leg. */
  readonly lossesMicroUsd: readonly (number | null)[];
}

/** Tokens are those of the legs, which is what the caller got; the cost is that of every call. Rule RT67. */
export function toAnswerEnd({ lossesMicroUsd, ...facts }: AnswerEndFacts): AnswerEnd {
  const { legs } = facts;
  return {
    type: "answer-end",
    ...facts,
    usage: sumUsage(legs.map((leg) => leg.usage)),
    costMicroUsd: sumKnown([0, ...legs.map((leg) => leg.costMicroUsd), ...lossesMicroUsd]),
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

/** Of an answer that has no room for another step. */
export const NO_ROOM: ProviderFailure = toUnaskedFailure(
  "too-long",
  "This answer is as long as one answer may be. Ask for the rest.",
  null,
);

/** Of an answer that cannot be asked for: a model that is not told its question's files would answer another one. */
export const FILES_AWAY: ProviderFailure = toUnaskedFailure(
  "files-away",
  "No answer came. Files of this chat could not be read just now. Try again in a moment.",
  null,
);
