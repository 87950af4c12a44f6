/**
 * The receipt of a turn, from its start to its end, over all its model calls. Pure. Rules SE2, SE60, SE80, RT67, HT375.
 */
import type { Receipt } from "../../protocol/answer.ts";
import { sumKnown } from "../../protocol/sum-known.ts";
import type { AnswerOutcome } from "../../routing/run-answer.ts";
import type { AnswerEnd } from "../../routing/run-plan.ts";
import { toNotice, toReasons } from "../../routing/selection-record.ts";

export interface TurnFacts {
  readonly messageId: string;
  readonly turnId: string;
  readonly selectionId: string;
  readonly requested: readonly string[];
  readonly sandbox: boolean;
  /** When the turn began, epoch milliseconds. */
  readonly startedMs: number;
}

export function toStartReceipt(facts: TurnFacts): Receipt {
  return {
    status: "streaming",
    turnId: facts.turnId,
    selectionId: facts.selectionId,
    requested: [...facts.requested],
    legs: [],
    attempts: 0,
    firstTokenMs: null,
    durationMs: null,
    costMicroUsd: null,
    sandbox: facts.sandbox,
    notice: null,
    reasons: [],
    createdAt: new Date(facts.startedMs).toISOString(),
  };
}

export interface ReceiptFacts {
  /** As it stood when this life of the turn began, without the legs that its first model call went on with, and their calls. */
  readonly before: Receipt;
  /** The model calls of this life. */
  readonly outcomes: readonly AnswerOutcome[];
  /** The end of the last one; null while another step follows. */
  readonly end: AnswerEnd | null;
  readonly durationMs: number;
}

export function toReceipt({ before, outcomes, end, durationMs }: ReceiptFacts): Receipt {
  const ends = outcomes.map((outcome) => outcome.end);
  // Before the first model call has ended nothing was paid.
  const costs = [...(before.legs.length === 0 ? [] : [before]), ...ends].map(
    ({ costMicroUsd }) => costMicroUsd,
  );
  const reasons = outcomes.flatMap(({ record, end: each }) => toReasons(record.candidates, each.attempts));
  return {
    ...before,
    status: end?.status ?? "streaming",
    legs: [...before.legs, ...ends.flatMap(({ legs }) => legs)],
    attempts:
      Math.max(before.legs.length, before.attempts) +
      ends.reduce((sum, { attempts }) => sum + attempts.length, 0),
    firstTokenMs:
      before.firstTokenMs ?? ends.find(({ firstTokenMs }) => firstTokenMs !== null)?.firstTokenMs ?? null,
    durationMs: end === null ? null : durationMs,
    ...(end === null ? {} : { finishReason: end.finishReason, ...toFailure(end) }),
    costMicroUsd: sumKnown([0, ...costs]),
    notice: end === null ? null : toNotice(end),
    reasons: [...new Set(reasons)],
  };
}

/** Its kind alone: the message of a failure is for the log. */
function toFailure({ failure }: AnswerEnd): Pick<Receipt, "failure"> {
  if (failure === null) return {};
  const { kind, retryAfterMs } = failure;
  return { failure: { kind, retryAfterMs: retryAfterMs === null ? null : Math.max(0, retryAfterMs) } };
}
