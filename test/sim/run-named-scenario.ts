/** Runs one scenario by its name with one seed, for tests. */
import type { Figures } from "./figures.ts";
import { runScenario } from "./run-scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** A world in which nothing happens keeps every rule. */
const LEAST_REQUESTS = 1_000;

export interface NamedRun {
  /** Empty when everything held. */
  readonly breaches: readonly string[];
  /** In the order of the scenario's variants. */
  readonly figures: readonly Figures[];
}

export async function runNamedScenario(name: string, seed: number): Promise<NamedRun> {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  const runs = await runScenario(scenario, seed);
  const idle = runs.filter(({ figures }) => figures.requests < LEAST_REQUESTS);
  return {
    breaches: [
      ...runs.flatMap(({ breaches }) => breaches),
      ...idle.map(({ variant, figures }) => `${variant.name} had only ${figures.requests} requests`),
    ],
    figures: runs.map(({ figures }) => figures),
  };
}
