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

export const NO_SAMPLES: UsualSamples = { firstTokenMs: [], tokensPerSecond: [] };

/** The samples with one more good call; the oldest go. */
export function noteGoodCall(
  samples: UsualSamples,
  call: { readonly firstTokenMs: number; readonly tokensPerSecond: number | null },
): UsualSamples {
  return {
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
