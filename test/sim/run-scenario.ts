/** Runs one scenario with one seed: its worlds one after the other, their invariants, and what it compares. */
import { toFigures, type Figures } from "./figures.ts";
import { findBreaches } from "./invariants.ts";
import type { Scenario, Variant } from "./scenario.ts";
import { runWorld } from "./sim-world.ts";

export interface VariantRun {
  readonly variant: Variant;
  readonly figures: Figures;
  readonly breaches: readonly string[];
}

export async function runScenario(scenario: Scenario, seed: number): Promise<VariantRun[]> {
  const runs: VariantRun[] = [];
  for (const variant of scenario.variants) runs.push(await runVariant(variant, seed));
  const compared = scenario.compare(runs.map(({ figures }) => figures));
  // What is wrong between variants stands with the last of them.
  return runs.map((run, index) =>
    index === runs.length - 1 ? { ...run, breaches: [...run.breaches, ...compared] } : run,
  );
}

async function runVariant(variant: Variant, seed: number): Promise<VariantRun> {
  const { sickness, warmUpMs, mostSickCalls, failuresAllowed } = variant;
  const result = await runWorld(variant.plan(seed));
  const figures = toFigures(result, sickness, warmUpMs);
  const breaches = [
    ...findBreaches(result, { failuresAllowed: failuresAllowed(result) }),
    ...variant.check(result, figures),
  ];
  if (mostSickCalls !== null && (figures.sickCalls ?? 0) > mostSickCalls) {
    breaches.push(`[SM2] what was dead got ${figures.sickCalls} calls, more than ${mostSickCalls}`);
  }
  return { variant, figures, breaches };
}
