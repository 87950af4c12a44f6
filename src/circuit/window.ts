/**
 * Calls counted over a sliding window of time, in buckets: old ones fall out whole, so the memory is bounded
 * whatever the traffic. Pure. Rules CB40 to CB42.
 */
import { z } from "zod";

export const CallBucket = z.object({
  /** Epoch milliseconds, a multiple of the policy's `bucketMs`. */
  startMs: z.number(),
  calls: z.int().nonnegative(),
  failures: z.int().nonnegative(),
  slow: z.int().nonnegative(),
});
export type CallBucket = z.infer<typeof CallBucket>;

export interface WindowPolicy {
  readonly windowMs: number;
  readonly bucketMs: number;
}

export interface WindowTotals {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** The buckets with one more call in them, and without those that have left the window. */
export function countCall(
  buckets: readonly CallBucket[],
  call: { readonly failed: boolean; readonly slow: boolean },
  nowMs: number,
  policy: WindowPolicy,
): CallBucket[] {
  const startMs = Math.floor(nowMs / policy.bucketMs) * policy.bucketMs;
  const kept = dropOld(buckets, nowMs, policy);
  const last = kept.at(-1);
  // A clock that jumped back counts into the newest bucket: time in here never runs backwards.
  const current =
    last !== undefined && last.startMs >= startMs ? last : { startMs, calls: 0, failures: 0, slow: 0 };
  const counted: CallBucket = {
    startMs: current.startMs,
    calls: current.calls + 1,
    failures: current.failures + (call.failed ? 1 : 0),
    slow: current.slow + (call.slow ? 1 : 0),
  };
  return current === last ? [...kept.slice(0, -1), counted] : [...kept, counted];
}

export function readTotals(
  buckets: readonly CallBucket[],
  nowMs: number,
  policy: WindowPolicy,
): WindowTotals {
  let calls = 0;
  let failures = 0;
  let slow = 0;
  for (const bucket of dropOld(buckets, nowMs, policy)) {
    calls += bucket.calls;
    failures += bucket.failures;
    slow += bucket.slow;
  }
  return { calls, failures, slow };
}

function dropOld(buckets: readonly CallBucket[], nowMs: number, policy: WindowPolicy): CallBucket[] {
  return buckets.filter((bucket) => bucket.startMs + policy.bucketMs > nowMs - policy.windowMs);
}
