/** What `npm run sim` says of simulated chats. */
import { expect, it } from "vitest";
import { runSeeds } from "./run-seeds.ts";
import { addTotals, sumRuns, toSessionBreachLines, toSessionLines } from "./session-report.ts";

it("[SM18] a breach is printed with its seed, and how to run it again", () => {
  const breaches = Array.from({ length: 22 }, (_, index) => ({
    scenario: "session" as const,
    seed: 40 + index,
    message: "[SM31] a gap",
  }));
  const lines = toSessionBreachLines(breaches);
  expect(lines[0]).toBe("FAIL session, seed 40: [SM31] a gap");
  expect(lines.slice(-2)).toEqual([
    "… and 2 more",
    "Again: npm run sim -- --only session --seed 40 --runs 1",
  ]);
  expect(toSessionBreachLines([])).toEqual([]);
});

it("[SM18] the block tells sums over all seeds", async () => {
  const { totals, breaches } = await runSeeds(1, 2);
  expect(breaches).toEqual([]);
  expect(totals.seeds).toBe(2);
  expect(addTotals(totals, sumRuns([]))).toEqual(totals);
  const lines = toSessionLines(totals, 1_234, true);
  expect(lines.join("\n")).toMatch(/sessions\s+seeds 2\s+turns \d+[\s\S]*crashes \d+[\s\S]*took 1 s\s+ok$/);
  expect(toSessionLines(totals, 0, false).at(-1)).toMatch(/FAIL$/);
});
