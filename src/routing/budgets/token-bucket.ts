/**
 * A budget that calls earn and extra calls spend. Pure: a bucket in, a bucket out. Counted in thousandths, so that
 * ten tenths are a whole one. Not the rate limit of a person (that is the object's and the door's).
 */

/** Plain data: it may outlive the request that made it. */
export interface TokenBucket {
  readonly thousandths: number;
  /** Up to when time has refilled it, epoch milliseconds. */
  readonly refilledAtMs: number;
}

export interface TokenBucketPolicy {
  /** What one ordinary call earns, thousandths. */
  readonly earnedThousandths: number;
  /** Nobody saves more than this, thousandths: a quiet hour must not pay for a storm. */
  readonly maxThousandths: number;
  /** What a new bucket holds, and what time alone refills it to, thousandths. */
  readonly floorThousandths: number;
  /** How long time needs for one thousandth below the floor, milliseconds. */
  readonly refillMsPerThousandth: number;
}

/** What one extra call costs. */
const WHOLE_THOUSANDTHS = 1_000;

export function startBucket(policy: TokenBucketPolicy, nowMs: number): TokenBucket {
  return { thousandths: policy.floorThousandths, refilledAtMs: nowMs };
}

export function earn(bucket: TokenBucket, policy: TokenBucketPolicy, nowMs: number): TokenBucket {
  const refilled = refill(bucket, policy, nowMs);
  const thousandths = Math.min(policy.maxThousandths, refilled.thousandths + policy.earnedThousandths);
  return { ...refilled, thousandths };
}

/** The bucket after one extra call; null when it does not hold enough for one. */
export function spend(bucket: TokenBucket, policy: TokenBucketPolicy, nowMs: number): TokenBucket | null {
  const refilled = refill(bucket, policy, nowMs);
  if (refilled.thousandths < WHOLE_THOUSANDTHS) return null;
  return { ...refilled, thousandths: refilled.thousandths - WHOLE_THOUSANDTHS };
}

function refill(bucket: TokenBucket, policy: TokenBucketPolicy, nowMs: number): TokenBucket {
  const { floorThousandths, refillMsPerThousandth } = policy;
  if (bucket.thousandths >= floorThousandths) return { ...bucket, refilledAtMs: nowMs };
  const gained = Math.max(0, Math.floor((nowMs - bucket.refilledAtMs) / refillMsPerThousandth));
  const thousandths = bucket.thousandths + gained;
  if (thousandths >= floorThousandths) return { thousandths: floorThousandths, refilledAtMs: nowMs };
  // The part of a thousandth that is under way is kept.
  return { thousandths, refilledAtMs: bucket.refilledAtMs + gained * refillMsPerThousandth };
}
