/**
 * Keeps retries from multiplying an outage: every provider's first tries earn a tenth of a retry, and a retry is
 * made only where one has been earned. The data belongs to the isolate and is shared by its requests. Rules RT75, RT76.
 */
import { earn, spend, startBucket, type TokenBucket, type TokenBucketPolicy } from "./token-bucket.ts";

/** By provider. Plain data, bounded by the number of configured providers. */
export type RetryBudget = Map<string, TokenBucket>;

export const RETRY_BUDGET_POLICY: TokenBucketPolicy = {
  // In an outage calls grow by a tenth, not by the number of rounds.
  earnedThousandths: 100,
  maxThousandths: 10_000,
  // An isolate with little traffic can still carry one request over a hiccup: three retries,
  floorThousandths: 3_000,
  // and then one every 10 s.
  refillMsPerThousandth: 10,
};

/** The first call of a target in a turn: it is free, and earns. */
export function noteFirstTry(budget: RetryBudget, provider: string, nowMs: number): void {
  budget.set(provider, earn(bucketOf(budget, provider, nowMs), RETRY_BUDGET_POLICY, nowMs));
}

/** True when the provider has a retry left; nothing is taken. */
export function hasRetry(budget: RetryBudget, provider: string, nowMs: number): boolean {
  return spend(bucketOf(budget, provider, nowMs), RETRY_BUDGET_POLICY, nowMs) !== null;
}

/** Takes one retry of this provider; false when none is left. */
export function takeRetry(budget: RetryBudget, provider: string, nowMs: number): boolean {
  const spent = spend(bucketOf(budget, provider, nowMs), RETRY_BUDGET_POLICY, nowMs);
  if (spent !== null) budget.set(provider, spent);
  return spent !== null;
}

function bucketOf(budget: RetryBudget, provider: string, nowMs: number): TokenBucket {
  return budget.get(provider) ?? startBucket(RETRY_BUDGET_POLICY, nowMs);
}
