/** What `npm run sim` says of simulated chats. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
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

const SCRIPT = fileURLToPath(new URL("../../../scripts/sim.ts", import.meta.url));
const run = (...parameters: string[]) => promisify(execFile)(process.execPath, [SCRIPT, ...parameters]);
const Report = z.object({
  ok: z.boolean(),
  rows: z.array(z.unknown()),
  sessions: z.object({ seeds: z.number(), turns: z.number() }).nullable(),
});

it("[SM18] --only session runs chats alone, and says so as JSON too", { timeout: 60_000 }, async () => {
  const { stdout } = await run("--only", "session", "--seed", "5", "--runs", "2", "--json");
  const report = Report.parse(JSON.parse(stdout));
  expect(report).toMatchObject({ ok: true, rows: [], sessions: { seeds: 2 } });
  const told = await run("--only", "session", "--seed", "5", "--runs", "1");
  expect(told.stdout).toMatch(/^sessions\s+seeds 1\s/);
  await expect(run("--only", "everything")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Usage"),
  });
});
