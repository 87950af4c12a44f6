/**
 * How many model calls an organization may still make, questions to its chats among them: a bucket for each that holds a
 * minute's worth and refills all the time. It belongs to one isolate and asks nobody: a call pays a map lookup for it, and
 * an organization whose calls land in several isolates gets as many minutes' worth. Pure but for its own map. Rules HT156, HT360.
 */
import { spend, startBucket, type TokenBucket, type TokenBucketPolicy } from "./token-bucket.ts";

/** An isolate serves fewer in its life; the one that was seen first is forgotten, and begins anew. */
const MAX_ORGANIZATIONS = 10_000;
const MINUTE_MS = 60_000;
/** What one call takes from a bucket. */
const CALL_THOUSANDTHS = 1_000;

export interface CallAllowance {
  readonly granted: boolean;
  /** Whole calls that are left. */
  readonly remaining: number;
  /** Until one call is possible again; 0 where one is. */
  readonly retryAfterMs: number;
  /** Until the bucket is full. */
  readonly fullInMs: number;
}

export class CallBudget {
  readonly limit: number;
  private readonly policy: TokenBucketPolicy;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(requestsPerMinute: number) {
    const full = requestsPerMinute * CALL_THOUSANDTHS;
    this.limit = requestsPerMinute;
    this.policy = {
      earnedThousandths: 0,
      maxThousandths: full,
      floorThousandths: full,
      refillMsPerThousandth: MINUTE_MS / full,
    };
  }

  /** Takes one call, if there is one. */
  take(organizationId: string, nowMs: number): CallAllowance {
    const known = this.buckets.get(organizationId);
    if (known === undefined) this.makeRoom();
    const bucket = known ?? startBucket(this.policy, nowMs);
    const spent = spend(bucket, this.policy, nowMs);
    if (spent !== null) {
      this.buckets.set(organizationId, spent);
      const retryAfterMs =
        spent.thousandths < CALL_THOUSANDTHS ? this.toWaitMs(spent, CALL_THOUSANDTHS, nowMs) : 0;
      return this.toAllowance(true, spent, retryAfterMs, nowMs);
    }
    return this.toAllowance(false, bucket, this.toWaitMs(bucket, CALL_THOUSANDTHS, nowMs), nowMs);
  }

  private toAllowance(
    granted: boolean,
    bucket: TokenBucket,
    retryAfterMs: number,
    nowMs: number,
  ): CallAllowance {
    return {
      granted,
      remaining: granted ? Math.floor(bucket.thousandths / CALL_THOUSANDTHS) : 0,
      retryAfterMs,
      fullInMs: this.toWaitMs(bucket, this.policy.maxThousandths, nowMs),
    };
  }

  /** Until the bucket holds that much, in whole milliseconds. */
  private toWaitMs({ thousandths, refilledAtMs }: TokenBucket, wanted: number, nowMs: number): number {
    const fromRefillMs = (wanted - thousandths) * this.policy.refillMsPerThousandth;
    return Math.max(0, Math.ceil(fromRefillMs - (nowMs - refilledAtMs)));
  }

  private makeRoom(): void {
    if (this.buckets.size < MAX_ORGANIZATIONS) return;
    const oldest = this.buckets.keys().next();
    if (oldest.done !== true) this.buckets.delete(oldest.value);
  }
}
