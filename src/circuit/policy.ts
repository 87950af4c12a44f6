/** The numbers a breaker goes by. Plain data, validated where it comes in. Rules CB1 to CB9. */
import { z } from "zod";

export const CircuitPolicy = z.strictObject({
  /** Failures in a row at which a closed circuit opens. */
  failureThreshold: z.int().min(1).max(100),
  /** How long the first trip keeps it open, milliseconds. */
  openBaseMs: z.int().min(100),
  /** No trip keeps it open longer than this before jitter, milliseconds. */
  openMaxMs: z.int().min(100),
  /** How much random time is added to an open time, as a share of it: isolates and providers must not march in step. */
  jitterShare: z.number().min(0).max(1),
  /** How long after a fatal failure (a wrong key) the first probe waits, milliseconds. */
  fatalOpenMs: z.int().min(100),
  /** A permit that was never answered is void after this, milliseconds. */
  permitTtlMs: z.int().min(100),
  /** The pause after a 429 that names no time, milliseconds. */
  defaultCoolDownMs: z.int().min(100),
  /** A provider that names a longer pause is asked again after this one, milliseconds. */
  maxCoolDownMs: z.int().min(100),
});
export type CircuitPolicy = z.infer<typeof CircuitPolicy>;

export const DEFAULT_CIRCUIT_POLICY: CircuitPolicy = {
  // Three: one is noise, two happen together when one connection dies.
  failureThreshold: 3,
  openBaseMs: 5_000,
  openMaxMs: 300_000,
  jitterShare: 0.2,
  // A mended key should work again within the minute; the check that finds out is free.
  fatalOpenMs: 30_000,
  // Longer than both steps of a probe together (5 s and 15 s), so that a live probe never loses its permit.
  permitTtlMs: 25_000,
  defaultCoolDownMs: 10_000,
  maxCoolDownMs: 3_600_000,
};
