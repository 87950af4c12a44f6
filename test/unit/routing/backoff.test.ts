import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, DEFAULT_BACKOFF } from "../../../src/routing/backoff.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";

describe("backoff", () => {
  it("[RT15] the ceiling doubles with every round, up to the maximum", () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 60].map((round) => backoffMs(round, null, DEFAULT_BACKOFF, () => 1));
    expect(ceilings).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it("[RT15] full jitter: everything from 0 to the ceiling is drawn evenly", () => {
    expect(backoffMs(2, null, DEFAULT_BACKOFF, () => 0)).toBe(0);
    expect(backoffMs(2, null, DEFAULT_BACKOFF, () => 0.25)).toBe(250);
    const random = createSeededRandom(7);
    const waits = Array.from({ length: 4_000 }, () => backoffMs(2, null, DEFAULT_BACKOFF, random));
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const share = waits.filter((waitMs) => Math.floor(waitMs / 250.25) === quarter).length / waits.length;
      expect(share).toBeGreaterThan(0.22);
      expect(share).toBeLessThan(0.28);
    }
  });

  it("[RT15] the same random gives the same waits", () => {
    const draw = (): number[] => {
      const random = createSeededRandom(3);
      return [0, 1, 2, 3].map((round) => backoffMs(round, null, DEFAULT_BACKOFF, random));
    };
    expect(draw()).toEqual(draw());
  });

  it("[RT16] a wait is never shorter than what the provider asked for, and whole milliseconds", () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.option(fc.nat(100_000)),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (round, askedMs, chance) => {
          const waitMs = backoffMs(round, askedMs, DEFAULT_BACKOFF, () => chance);
          expect(waitMs).toBeGreaterThanOrEqual(askedMs ?? 0);
          expect(waitMs).toBeLessThanOrEqual(Math.max(askedMs ?? 0, DEFAULT_BACKOFF.maxMs));
          expect(Number.isInteger(waitMs)).toBe(true);
        },
      ),
      { seed: 20_261_120 },
    );
  });
});
