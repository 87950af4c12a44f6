/**
 * `npm run sim -- --seed N --runs N [--scenario TEXT] [--json]`: real routing and circuits against simulated
 * providers, network and time. Prints a row for each scenario; exits with 1, and names the seed, when something that
 * must hold does not. The worlds are in test/sim/, what they mean in docs/simulation.md.
 */
import { parseArgs } from "node:util";
import { runScenario, type VariantRun } from "../test/sim/run-scenario.ts";
import { SCENARIOS } from "../test/sim/scenarios.ts";
import {
  toBreachLines,
  toHeading,
  toRow,
  toTableLine,
  type SimBreach,
  type SimRow,
} from "../test/sim/sim-report.ts";

const USAGE = `Usage: npm run sim -- [--seed 1] [--runs 3] [--scenario TEXT] [--json]

  --seed N         the first seed; the same seed gives the same world to the last millisecond
  --runs N         how many seeds, one after the other
  --scenario TEXT  only scenarios whose name holds this
  --json           one JSON object as the last line, and no table`;

/** Each takes half a minute or so. */
const DEFAULT_RUNS = 3;
const MAX_RUNS = 10_000;

interface SimOptions {
  readonly seed: number;
  readonly runs: number;
  readonly scenario: string;
  readonly json: boolean;
}

/** Null when the usage is to be shown. */
function parseOptions(parameters: readonly string[]): SimOptions | null {
  try {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        seed: { type: "string", default: "1" },
        runs: { type: "string", default: `${DEFAULT_RUNS}` },
        scenario: { type: "string", default: "" },
        json: { type: "boolean", default: false },
      },
    });
    const { scenario, json } = values;
    if (!/^\d{1,9}$/.test(values.seed) || !/^\d{1,5}$/.test(values.runs)) return null;
    const runs = Number(values.runs);
    return runs < 1 || runs > MAX_RUNS ? null : { seed: Number(values.seed), runs, scenario, json };
  } catch {
    // Node's own words name the option but not what there is.
    return null;
  }
}

async function simulate({ seed, runs, scenario, json }: SimOptions): Promise<boolean> {
  const rows: SimRow[] = [];
  const breaches: SimBreach[] = [];
  const chosen = SCENARIOS.filter(({ name, variants }) =>
    [name, ...variants.map((variant) => variant.name)].some((text) => text.includes(scenario)),
  );
  if (chosen.length === 0) throw new Error(`No scenario's name holds "${scenario}".`);
  if (!json) console.log(toHeading());
  for (const each of chosen) {
    const bySeed: VariantRun[][] = [];
    for (let index = 0; index < runs; index += 1) bySeed.push(await runScenario(each, seed + index));
    for (const [place, { name }] of each.variants.entries()) {
      const ofVariant = bySeed.flatMap((variants) => variants[place] ?? []);
      const row = toRow(name, ofVariant);
      rows.push(row);
      if (!json) console.log(toTableLine(row));
      for (const [index, run] of ofVariant.entries()) {
        breaches.push(...run.breaches.map((message) => ({ scenario: name, seed: seed + index, message })));
      }
    }
  }
  const ok = breaches.length === 0;
  if (json) console.log(JSON.stringify({ seed, runs, ok, rows, breaches }));
  else for (const line of toBreachLines(breaches)) console.log(line);
  return ok;
}

const options = parseOptions(process.argv.slice(2));
if (options === null) {
  console.error(USAGE);
  process.exitCode = 1;
} else if (!(await simulate(options))) {
  process.exitCode = 1;
}
