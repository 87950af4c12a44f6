/** `npm run sim` as a command: what it prints, and how it ends. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { toBreachLines } from "./sim-report.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/sim.ts", import.meta.url));
const Failure = z.object({ code: z.number(), stderr: z.string() });
const Report = z.object({
  seed: z.number(),
  runs: z.number(),
  ok: z.boolean(),
  rows: z.array(
    z.object({ scenario: z.string(), requests: z.number(), failed: z.number(), ok: z.boolean() }),
  ),
  breaches: z.array(z.unknown()),
});

const run = (...parameters: string[]) => promisify(execFile)(process.execPath, [SCRIPT, ...parameters]);

it(
  "[SM18] with --json the last line is one JSON object with a row for each variant",
  { timeout: 60_000 },
  async () => {
    const { stdout } = await run("--seed", "2", "--runs", "1", "--scenario", "healthy", "--json");
    const report = Report.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    expect(report).toMatchObject({ seed: 2, runs: 1, ok: true, breaches: [] });
    expect(report.rows).toEqual([{ scenario: "healthy", requests: expect.any(Number), failed: 0, ok: true }]);
  },
);

it.each([[["--runs", "0"]], [["--seed", "x"]], [["--unknown"]]])(
  "[SM18] %j is answered with the usage and exit code 1",
  async (parameters) => {
    const failure = Failure.parse(await run(...parameters).catch((error: unknown) => error));
    expect(failure.code).toBe(1);
    expect(failure.stderr).toContain("Usage: npm run sim");
  },
);

it("[SM18] a scenario that does not exist is an error", async () => {
  const failure = Failure.parse(await run("--scenario", "no such").catch((error: unknown) => error));
  expect(failure.code).toBe(1);
  expect(failure.stderr).toContain("no such");
});

it("[SM18] every breach is printed with its seed, and how to run it again", () => {
  const breaches = Array.from({ length: 22 }, (_, index) => ({
    scenario: "flapping",
    seed: 40 + index,
    message: "[SM1] failed",
  }));
  const lines = toBreachLines(breaches);
  expect(lines[0]).toBe("FAIL flapping, seed 40: [SM1] failed");
  expect(lines.slice(-2)).toEqual([
    "… and 2 more",
    'Again: npm run sim -- --seed 40 --runs 1 --scenario "flapping"',
  ]);
  expect(toBreachLines([])).toEqual([]);
});
