/**
 * The numbers a circuit goes by: the same for a provider and for its models. Plain data, validated where it comes
 * in; an admin may change it for one provider without a deploy. Rules CB1 to CB9, CB40 to CB49.
 */
import { z } from "zod";

export const CircuitPolicy = z
  .strictObject({
    /** Failures in a row at which a closed circuit opens. */
    failureThreshold: z.int().min(1).max(100),
    /** How far back rates look, milliseconds. */
    windowMs: z.int().min(1_000).max(3_600_000),
    /** The grain of the window, milliseconds: what falls out of it falls out in pieces of this size. */
    bucketMs: z.int().min(100).max(600_000),
    /** Rates are only looked at when the window holds so many calls. */
    minimumCalls: z.int().min(1).max(100_000),
    /** The share of failed calls in the window at which it opens. */
    failureRate: z.number().min(0.01).max(1),
    /** The share of slow calls in the window at which it opens. */
    slowRate: z.number().min(0.01).max(1),
    /** A call is slow when its first token takes so many times the target's usual time, */
    slowFactor: z.number().min(1.5).max(100),
    /** and longer than this, milliseconds: nobody minds four times very little. */
    slowFloorMs: z.int().min(0).max(600_000),
    /** How long the first trip keeps it open, milliseconds. */
    openBaseMs: z.int().min(100).max(3_600_000),
    /** No trip keeps it open longer than this before jitter, milliseconds. */
    openMaxMs: z.int().min(100).max(86_400_000),
    /** How much random time is added to an open time, as a share of it: isolates and providers must not march in step. */
    jitterShare: z.number().min(0).max(1),
    /** How long after a fatal failure (a wrong key) the first probe waits, milliseconds. */
    fatalOpenMs: z.int().min(100).max(86_400_000),
    /** Probes that a half-open circuit lets out at a time. */
    halfOpenPermits: z.int().min(1).max(10),
    /** Good probes in a row that close it. */
    halfOpenSuccesses: z.int().min(1).max(10),
    /** A permit that was never answered is void after this, milliseconds. */
    permitTtlMs: z.int().min(100).max(600_000),
    /** The pause after a 429 that names no time, milliseconds. */
    defaultCoolDownMs: z.int().min(100).max(3_600_000),
    /** A provider that names a longer pause is asked again after this one, milliseconds. */
    maxCoolDownMs: z.int().min(100).max(86_400_000),
    /** A provider without a good call for this long is probed, milliseconds. */
    idleProbeMs: z.int().min(5_000).max(86_400_000),
    /** What probes of one provider may cost in a day, micro-dollars; above it only the free check is made. */
    probeSpendPerDayMicroUsd: z.int().min(0).max(100_000_000),
    /** The share of a provider's regions that must be open for it to count as down everywhere, */
    globalShare: z.number().min(0.1).max(1),
    /** and how many regions at least. */
    globalRegions: z.int().min(1).max(20),
  })
  .refine((policy) => policy.bucketMs * 2 <= policy.windowMs, {
    path: ["bucketMs"],
    error: "a window needs at least two buckets",
  })
  .refine((policy) => policy.openBaseMs <= policy.openMaxMs, {
    path: ["openMaxMs"],
    error: "the longest open time is not shorter than the first",
  });
export type CircuitPolicy = z.infer<typeof CircuitPolicy>;

export const DEFAULT_CIRCUIT_POLICY: CircuitPolicy = {
  // Three: one is noise, two happen together when one connection dies.
  failureThreshold: 3,
  windowMs: 60_000,
  bucketMs: 5_000,
  // Below ten calls a rate is an anecdote; failures in a row speak sooner.
  minimumCalls: 10,
  failureRate: 0.5,
  slowRate: 0.8,
  slowFactor: 4,
  slowFloorMs: 2_000,
  openBaseMs: 5_000,
  openMaxMs: 300_000,
  jitterShare: 0.2,
  // A mended key should work again within the minute; the check that finds out is free.
  fatalOpenMs: 30_000,
  halfOpenPermits: 1,
  halfOpenSuccesses: 1,
  // Longer than all steps of a probe together (5 s and twice 15 s), so that a live probe never loses its permit.
  permitTtlMs: 40_000,
  defaultCoolDownMs: 10_000,
  maxCoolDownMs: 3_600_000,
  idleProbeMs: 60_000,
  // Ten cents: some thousand one-word answers of a small model.
  probeSpendPerDayMicroUsd: 100_000,
  globalShare: 0.5,
  globalRegions: 2,
};

/** What an admin may send: some of the numbers. */
export const CircuitPolicyChange = z.strictObject(CircuitPolicy.shape).partial();
export type CircuitPolicyChange = z.infer<typeof CircuitPolicyChange>;
