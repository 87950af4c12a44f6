/**
 * One seed of the scenarios in which providers fail, as `npm run sim` runs many. Those that once broke a rule are in
 * found-by-seed.test.ts.
 */
import { expect, it } from "vitest";
import { runNamedScenario } from "./run-named-scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

const SEED = 7;

it.each([
  ["[SM9] healthy"],
  ["[SM2] one dead provider"],
  ["[SM2] dead from the start, isolates start cold"],
  ["accepts calls and says nothing"],
  ["[SM9] [SM14] rate-limited, Retry-After 2 s"],
  ["[SM10] flapping"],
  ["[SM2] [SM13] one sick model only"],
  ["[SM9] dies mid-stream in 7 of 10 answers"],
  ["[SM20] every provider breaks off 1 in 18 answers"],
  ["[SM12] total outage and recovery"],
])("[SM1] [SM3] [SM4] [SM5] [SM6] [SM7] [SM8] [SM19] %s", { timeout: 60_000 }, async (title) => {
  const { breaches } = await runNamedScenario(title.replaceAll(/\[SM\d+\] /g, ""), SEED);
  expect(breaches).toEqual([]);
});

it("[SM17] the same seed gives the same world, another seed another", { timeout: 60_000 }, async () => {
  const first = await runNamedScenario("one dead provider", 3);
  expect(await runNamedScenario("one dead provider", 3)).toEqual(first);
  const other = await runNamedScenario("one dead provider", 4);
  expect(other.figures[0]?.firstTokensMs).not.toEqual(first.figures[0]?.firstTokensMs);
});

it("[SM17] no two scenarios or variants have one name", () => {
  const names = SCENARIOS.flatMap(({ variants }) => variants.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});
