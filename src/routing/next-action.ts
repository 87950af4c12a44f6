/**
 * Decides what to do after an attempt: try the next candidate at once, come back to one after a wait, or give up.
 * Pure; run-plan.ts carries it out. Rules RT18 to RT24, RT74, RT76.
 */
import type { Random } from "../base/random.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import { backoffMs, type BackoffPolicy } from "./backoff.ts";
import { ADVICE_OF_FAILURE } from "./health-verdict.ts";

export interface RetryLimits {
  /** Provider calls for one turn, all candidates together. */
  readonly maxAttempts: number;
  /** Rounds over the candidates, the first included. */
  readonly maxRounds: number;
  /** The longest single wait a reader is asked for, milliseconds: a longer Retry-After means giving up. */
  readonly maxWaitMs: number;
  /** Legs of one answer: after so many that broke it ends as it is. */
  readonly maxLegs: number;
  /** What the legs of an answer may have cost before another one goes on with it, micro-dollars. */
  readonly maxLegsMicroUsd: number;
}

export const DEFAULT_RETRY_LIMITS: RetryLimits = {
  maxAttempts: 8,
  maxRounds: 3,
  maxWaitMs: 5_000,
  maxLegs: 5,
  // Each leg pays for the prompt again: two dollars are many pages of the dearest model.
  maxLegsMicroUsd: 2_000_000,
};

/** How a candidate stands within this turn. */
export interface CandidateProgress {
  /** The round in which it was last tried; -1 when it was not. */
  readonly triedInRound: number;
  readonly lastFailure: ProviderFailure | null;
  /** Until when it or its circuit asked to be left alone, epoch milliseconds; 0 when nobody asked. */
  readonly notBeforeMs: number;
  /** Its provider's budget holds a retry. */
  readonly hasRetry: boolean;
  /** Its circuit lets a call through now. */
  readonly available: boolean;
}

export type NextAction =
  | { readonly type: "attempt"; readonly index: number }
  | { readonly type: "wait"; readonly durationMs: number; readonly round: number }
  | { readonly type: "give-up" };

export interface NextActionFacts {
  readonly candidates: readonly CandidateProgress[];
  readonly round: number;
  readonly attemptsMade: number;
  readonly nowMs: number;
  /** When the turn's time is over, epoch milliseconds. */
  readonly turnEndsMs: number;
  readonly limits: RetryLimits;
  readonly backoff: BackoffPolicy;
  readonly random: Random;
}

export function decideNextAction(facts: NextActionFacts): NextAction {
  const { candidates, round, limits } = facts;
  const turnLeftMs = facts.turnEndsMs - facts.nowMs;
  const stopped = candidates.some(
    (candidate) => candidate.lastFailure !== null && ADVICE_OF_FAILURE[candidate.lastFailure.kind] === "stop",
  );
  if (stopped || facts.attemptsMade >= limits.maxAttempts || turnLeftMs <= 0) return { type: "give-up" };
  const index = candidates.findIndex((candidate) => mayTry(candidate, facts));
  if (index >= 0) return { type: "attempt", index };
  if (round + 1 >= limits.maxRounds) return { type: "give-up" };
  const retryable = candidates.filter((candidate) => candidate.available && mayRetry(candidate));
  if (retryable.length === 0) return { type: "give-up" };
  const askedMs = Math.min(...retryable.map((candidate) => Math.max(0, candidate.notBeforeMs - facts.nowMs)));
  const durationMs = backoffMs(round, askedMs, facts.backoff, facts.random);
  if (durationMs > limits.maxWaitMs || durationMs >= turnLeftMs) return { type: "give-up" };
  return { type: "wait", durationMs, round: round + 1 };
}

/** A first try is free; another one takes a failure that may pass, and a retry from the budget. */
function mayRetry({ triedInRound, lastFailure, hasRetry }: CandidateProgress): boolean {
  if (lastFailure !== null && ADVICE_OF_FAILURE[lastFailure.kind] !== "retry") return false;
  return triedInRound < 0 || hasRetry;
}

function mayTry(candidate: CandidateProgress, facts: NextActionFacts): boolean {
  return (
    candidate.available &&
    candidate.triedInRound < facts.round &&
    candidate.notBeforeMs <= facts.nowMs &&
    mayRetry(candidate)
  );
}
