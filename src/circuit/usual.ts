/**
 * What is usual for one target: how long its first token takes and how fast the rest comes. A short memory of good
 * calls; slow calls, ranking and hedging are judged against it. Pure. Rules CB43 to CB45.
 */
import { z } from "zod";
import type { Usual } from "../protocol/circuit.ts";
import { quantile } from "./quantile.ts";

/** Enough for a p95 that means something, few enough to forget last hour's weather. */
const SAMPLES_KEPT = 64;

/** PERSISTED inside the object's state. */
export const UsualSamples = z.object({
  firstTokenMs: z.array(z.number()).max(SAMPLES_KEPT),
  tokensPerSecond: z.array(z.number()).max(SAMPLES_KEPT),
  /** When the last one was taken, epoch milliseconds. */
  takenAtMs: z.number().default(0),
});
export type UsualSamples = z.infer<typeof UsualSamples>;

/** Below so many good calls nothing is usual yet. */
const MIN_SAMPLES = 20;

/** True when a first token came far later than this target's usual one. */
export function isSlow(
  samples: UsualSamples,
  firstTokenMs: number,
  policy: { readonly slowFactor: number; readonly slowFloorMs: number },
): boolean {
  if (samples.firstTokenMs.length < MIN_SAMPLES || firstTokenMs <= policy.slowFloorMs) return false;
  const usualMs = quantile(samples.firstTokenMs, 0.5);
  return usualMs !== null && firstTokenMs > usualMs * policy.slowFactor;
}

export const NO_SAMPLES: UsualSamples = { firstTokenMs: [], tokensPerSecond: [], takenAtMs: 0 };

/**
 * A full memory turns over no faster than this many samples in a window: otherwise the median would move under busy
 * traffic before the window has seen enough slow calls to open the circuit, and slow would have become usual.
 */
const SAMPLES_PER_WINDOW = SAMPLES_KEPT / 2;

/** The samples with one more good call, or the very same where it comes too soon after the last; the oldest go. */
export function noteGoodCall(
  samples: UsualSamples,
  call: { readonly firstTokenMs: number; readonly tokensPerSecond: number | null },
  { nowMs, policy }: { readonly nowMs: number; readonly policy: { readonly windowMs: number } },
): UsualSamples {
  const sinceLastMs = nowMs - samples.takenAtMs;
  const isFull = samples.firstTokenMs.length >= SAMPLES_KEPT;
  // A clock that went back must not stop the learning.
  if (isFull && sinceLastMs >= 0 && sinceLastMs < policy.windowMs / SAMPLES_PER_WINDOW) return samples;
  return {
    takenAtMs: nowMs,
    firstTokenMs: [...samples.firstTokenMs, call.firstTokenMs].slice(-SAMPLES_KEPT),
    tokensPerSecond:
      call.tokensPerSecond === null
        ? samples.tokensPerSecond
        : [...samples.tokensPerSecond, call.tokensPerSecond].slice(-SAMPLES_KEPT),
  };
}

export function toUsual(samples: UsualSamples): Usual {
  return {
    samples: samples.firstTokenMs.length,
    firstTokenP50Ms: quantile(samples.firstTokenMs, 0.5),
    firstTokenP95Ms: quantile(samples.firstTokenMs, 0.95),
    tokensPerSecond: quantile(samples.tokensPerSecond, 0.5),
  };
}
