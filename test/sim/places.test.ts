/**
 * One seed of the scenarios about places and time: regions, health objects that crash, and calls that take long. Those
 * that once broke a rule are in found-by-seed.test.ts.
 */
import { expect, it } from "vitest";
import { runNamedScenario } from "./run-named-scenario.ts";
import { quantileOf } from "./figures.ts";

const SEED = 7;

it.each([["[SM2] [SM15] unreachable from one region"], ["[SM2] health object crashes during the outage"]])(
  "[SM1] [SM3] [SM4] [SM5] [SM6] [SM7] [SM8] %s",
  { timeout: 60_000 },
  async (title) => {
    const { breaches } = await runNamedScenario(title.replaceAll(/\[SM\d+\] /g, ""), SEED);
    expect(breaches).toEqual([]);
  },
);

it(
  "[SM5] [SM11] hedging takes at least 40 % off the p99 for at most 5 % more calls",
  { timeout: 60_000 },
  async () => {
    const { breaches, figures } = await runNamedScenario("heavy tail", SEED);
    expect(breaches).toEqual([]);
    const [off, on] = figures;
    if (off === undefined || on === undefined) throw new Error("two variants are compared");
    expect(quantileOf(on.firstTokensMs, 0.99)).toBeLessThanOrEqual(quantileOf(off.firstTokensMs, 0.99) * 0.6);
    expect(on.hedges / (on.calls - on.hedges)).toBeLessThanOrEqual(0.05);
    expect(off.hedges).toBe(0);
  },
);
