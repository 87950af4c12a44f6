/** How long to wait before trying again: exponential, with full jitter from a given random. Rules RT15 to RT17. */
import type { Random } from "../base/random.ts";

export interface BackoffPolicy {
  /** The ceiling of the first wait, milliseconds; it doubles with each round. */
  readonly baseMs: number;
  /** No ceiling is higher than this, milliseconds. */
  readonly maxMs: number;
}

/** A reader is waiting: a quarter of a second is not felt, and four seconds is as long as anyone stays for. */
export const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 250, maxMs: 4_000 };

/**
 * A wait drawn evenly from 0 to the ceiling (full jitter: callers that failed together do not come back together).
 * `round` counts from 0. With `retryAfterMs` the wait is never shorter than what the provider asked for.
 */
export function backoffMs(
  round: number,
  retryAfterMs: number | null,
  policy: BackoffPolicy,
  random: Random,
): number {
  const ceilingMs = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(round, 30));
  return Math.max(Math.round(random() * ceilingMs), retryAfterMs ?? 0);
}
