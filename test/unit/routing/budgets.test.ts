import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  HEDGE_BUDGET_POLICY,
  noteCall,
  takeHedge,
  toHedgeAfterMs,
  type HedgeBudget,
} from "../../../src/routing/budgets/hedge-budget.ts";
import {
  hasRetry,
  noteFirstTry,
  takeRetry,
  type RetryBudget,
} from "../../../src/routing/budgets/retry-budget.ts";
import { usually } from "./ranking/ranking-facts.ts";

const START_MS = 1_000_000;

/** How many retries are left, without taking them from the given budget. */
function countRetries(budget: RetryBudget, nowMs: number): number {
  const copy: RetryBudget = new Map(budget);
  let count = 0;
  while (takeRetry(copy, "a", nowMs)) count += 1;
  return count;
}

describe("retry budget", () => {
  it("[RT75] begins with three retries, and ten first tries earn one more", () => {
    const budget: RetryBudget = new Map();
    expect(countRetries(budget, START_MS)).toBe(3);
    for (let count = 0; count < 10; count += 1) noteFirstTry(budget, "a", START_MS);
    expect(countRetries(budget, START_MS)).toBe(4);
  });

  it("[RT75] nobody saves more than ten", () => {
    const budget: RetryBudget = new Map();
    for (let count = 0; count < 1_000; count += 1) noteFirstTry(budget, "a", START_MS);
    expect(countRetries(budget, START_MS)).toBe(10);
    expect(countRetries(budget, START_MS + 3_600_000)).toBe(10);
  });

  it("[RT75] time alone brings one back in ten seconds, up to three, however often one looks", () => {
    const budget: RetryBudget = new Map();
    while (takeRetry(budget, "a", START_MS));
    for (let passedMs = 0; passedMs < 10_000; passedMs += 3) {
      expect(hasRetry(budget, "a", START_MS + passedMs)).toBe(false);
    }
    expect(takeRetry(budget, "a", START_MS + 10_000)).toBe(true);
    expect(takeRetry(budget, "a", START_MS + 10_000)).toBe(false);
    expect(countRetries(budget, START_MS + 3_600_000)).toBe(3);
  });

  it("[RT75] looking takes nothing, and each provider has its own", () => {
    const budget: RetryBudget = new Map();
    while (takeRetry(budget, "a", START_MS));
    expect(hasRetry(budget, "a", START_MS)).toBe(false);
    expect(hasRetry(budget, "b", START_MS)).toBe(true);
    expect(hasRetry(budget, "b", START_MS)).toBe(true);
  });

  it("[RT75] whatever happens when: retries are at most 3, a tenth of the first tries, and one in 10 s", () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(4_000), retry: fc.boolean() }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (history) => {
        const budget: RetryBudget = new Map();
        let nowMs = START_MS;
        let firstTries = 0;
        let retries = 0;
        for (const { afterMs, retry } of history) {
          nowMs += afterMs;
          if (!retry) {
            noteFirstTry(budget, "a", nowMs);
            firstTries += 1;
          } else if (takeRetry(budget, "a", nowMs)) retries += 1;
        }
        expect(retries).toBeLessThanOrEqual(3 + firstTries * 0.1 + (nowMs - START_MS) / 10_000);
      }),
      { seed: 20_261_120 },
    );
  });
});

describe("hedge budget", () => {
  it("[RT82] nothing in advance; the twentieth call earns the first hedge", () => {
    const budget: HedgeBudget = { bucket: null };
    expect(takeHedge(budget, START_MS)).toBe(false);
    for (let count = 0; count < 19; count += 1) noteCall(budget, START_MS);
    expect(takeHedge(budget, START_MS + 3_600_000)).toBe(false);
    noteCall(budget, START_MS);
    expect(takeHedge(budget, START_MS)).toBe(true);
    expect(takeHedge(budget, START_MS)).toBe(false);
  });

  it("[RT82] at every moment hedges are at most a twentieth of the calls, and five at once", () => {
    const budget: HedgeBudget = { bucket: null };
    let hedges = 0;
    for (let calls = 1; calls <= 1_000; calls += 1) {
      noteCall(budget, START_MS + calls);
      if (takeHedge(budget, START_MS + calls)) hedges += 1;
      expect(hedges * 20).toBeLessThanOrEqual(calls);
    }
    expect(hedges).toBe(50);
    for (let calls = 0; calls < 10_000; calls += 1) noteCall(budget, START_MS);
    let burst = 0;
    while (takeHedge(budget, START_MS)) burst += 1;
    expect(burst).toBe(HEDGE_BUDGET_POLICY.maxThousandths / 1_000);
  });

  it("[RT80] late is later than the p95 of at least twenty calls, and than 300 ms", () => {
    expect(toHedgeAfterMs({ ...usually(0), samples: 20, firstTokenP95Ms: 1_200.4 })).toBe(1_201);
    expect(toHedgeAfterMs({ ...usually(0), samples: 64, firstTokenP95Ms: 80 })).toBe(300);
    expect(toHedgeAfterMs({ ...usually(0), samples: 19, firstTokenP95Ms: 1_200 })).toBeNull();
    expect(toHedgeAfterMs({ ...usually(0), samples: 64, firstTokenP95Ms: null })).toBeNull();
  });
});
