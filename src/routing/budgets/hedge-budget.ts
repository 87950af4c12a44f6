/**
 * When a second target may be started beside a slow one, and how often: at most one extra call for twenty. The data
 * belongs to the isolate and is shared by its requests. Rules RT80, RT82.
 */
import type { Usual } from "../../protocol/circuit.ts";
import { earn, spend, startBucket, type TokenBucket, type TokenBucketPolicy } from "./token-bucket.ts";

/** Plain data; null until the first call. */
export interface HedgeBudget {
  bucket: TokenBucket | null;
}

export const HEDGE_BUDGET_POLICY: TokenBucketPolicy = {
  // One in twenty.
  earnedThousandths: 50,
  // When a provider turns slow as a whole, five turns are helped at once; the circuit does the rest.
  maxThousandths: 5_000,
  // Nothing is given in advance and nothing by time: 5 % is a promise to whoever pays.
  floorThousandths: 0,
  refillMsPerThousandth: 1,
};

/** Below so many good calls a p95 means nothing. */
const MIN_SAMPLES = 20;
/** Whoever answers within this is quick, whatever is usual: a second call would gain what nobody feels. */
const MIN_WAIT_MS = 300;

/** A call that is no hedge: it earns. */
export function noteCall(budget: HedgeBudget, nowMs: number): void {
  budget.bucket = earn(budget.bucket ?? startBucket(HEDGE_BUDGET_POLICY, nowMs), HEDGE_BUDGET_POLICY, nowMs);
}

/** Takes one hedge; false when none has been earned. */
export function takeHedge(budget: HedgeBudget, nowMs: number): boolean {
  const spent = budget.bucket === null ? null : spend(budget.bucket, HEDGE_BUDGET_POLICY, nowMs);
  if (spent !== null) budget.bucket = spent;
  return spent !== null;
}

/** How long a call may be without a first token before it is unusually slow; null when too little is known. */
export function toHedgeAfterMs(usual: Usual): number | null {
  if (usual.samples < MIN_SAMPLES || usual.firstTokenP95Ms === null) return null;
  return Math.max(MIN_WAIT_MS, Math.ceil(usual.firstTokenP95Ms));
}
