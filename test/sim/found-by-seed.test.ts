/** Seeds that once broke a rule, by what was wrong. They are not thrown away when they pass. */
import { expect, it } from "vitest";
import { runNamedScenario } from "./run-named-scenario.ts";

it(
  "[SM1] [SM2] seed 1: answers under way when new calls were refused took the suspicion away, again and again",
  { timeout: 60_000 },
  async () => {
    const { breaches, figures } = await runNamedScenario("dead for new calls, old answers go on", 1);
    expect(breaches).toEqual([]);
    // 25 before: more than the fuses of six isolates allow.
    expect(figures[0]?.sickCalls).toBeLessThanOrEqual(12);
  },
);

it(
  "[SM9] seed 1: under busy traffic a slow-down became what is usual before it could be judged",
  { timeout: 60_000 },
  async () => {
    const { breaches, figures } = await runNamedScenario("slow-down, twelve times as slow", 1);
    expect(breaches).toEqual([]);
    expect(figures[0]?.openedAfterMs).toBeLessThan(60_000);
  },
);

it(
  "[SM2] [SM15] seed 1: a region that had said nothing yet was not told that the world is down",
  { timeout: 60_000 },
  async () => {
    const { breaches } = await runNamedScenario("unreachable from two of three regions", 1);
    expect(breaches).toEqual([]);
  },
);

it(
  "[SM2] [SM16] seed 1: with a silent authority every turn waited its 150 ms",
  { timeout: 60_000 },
  async () => {
    const { breaches } = await runNamedScenario("authority slow or gone", 1);
    expect(breaches).toEqual([]);
  },
);
