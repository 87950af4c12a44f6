/**
 * `npm run sim -- --seed N --runs N [--only routing|session] [--scenario TEXT] [--json]`: real routing, circuits and
 * chats against simulated providers, networks, clients and time. Prints a row for each scenario and a block for the
 * chats; exits with 1, and names the seed, when something that must hold does not. The worlds are in test/sim/, what
 * they mean in docs/simulation.md.
 */
import { parseArgs } from "node:util";
import { runScenario, type VariantRun } from "../test/sim/run-scenario.ts";
import { runSeeds, type SeedsResult } from "../test/sim/session/run-seeds.ts";
import { toSessionBreachLines, toSessionLines } from "../test/sim/session/session-report.ts";
import { SCENARIOS } from "../test/sim/scenarios.ts";
import {
  toBreachLines,
  toHeading,
  toRow,
  toTableLine,
  type SimBreach,
  type SimRow,
} from "../test/sim/sim-report.ts";

const USAGE = `Usage: npm run sim -- [--seed 1] [--runs 3] [--only routing|session] [--scenario TEXT] [--json]

  --seed N         the first seed; the same seed gives the same world to the last millisecond
  --runs N         how many seeds: of each routing scenario, and of the chats
  --only WHICH     routing: providers, isolates and circuits; session: chats with many clients
  --scenario TEXT  only routing scenarios whose name holds this
  --json           one JSON object as the last line, and no table`;

/** Each takes half a minute or so. */
const DEFAULT_RUNS = 3;
const MAX_RUNS = 10_000;

interface SimOptions {
  readonly seed: number;
  readonly runs: number;
  readonly scenario: string;
  readonly json: boolean;
  readonly routing: boolean;
  readonly session: boolean;
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
        only: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const { scenario, json, only } = values;
    if (only !== undefined && only !== "routing" && only !== "session") return null;
    if (!/^\d{1,9}$/.test(values.seed) || !/^\d{1,5}$/.test(values.runs)) return null;
    const runs = Number(values.runs);
    if (runs < 1 || runs > MAX_RUNS) return null;
    // A scenario is one of routing's.
    const [routing, session] = [
      only !== "session",
      only === "session" || (only === undefined && scenario === ""),
    ];
    return { seed: Number(values.seed), runs, scenario, json, routing, session };
  } catch {
    // Node's own words name the option but not what there is.
    return null;
  }
}

async function simulateRouting({
  seed,
  runs,
  scenario,
  json,
}: SimOptions): Promise<{ rows: SimRow[]; breaches: SimBreach[] }> {
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
  if (!json) for (const line of toBreachLines(breaches)) console.log(line);
  return { rows, breaches };
}

async function simulateSessions({ seed, runs, json }: SimOptions): Promise<SeedsResult> {
  const startedMs = performance.now();
  const result = await runSeeds(seed, runs);
  if (json) return result;
  const ok = result.breaches.length === 0;
  for (const line of toSessionLines(result.totals, performance.now() - startedMs, ok)) console.log(line);
  for (const line of toSessionBreachLines(result.breaches)) console.log(line);
  return result;
}

async function simulate(options: SimOptions): Promise<boolean> {
  const { seed, runs, json } = options;
  const routing = options.routing ? await simulateRouting(options) : { rows: [], breaches: [] };
  const session = options.session ? await simulateSessions(options) : null;
  const breaches = [...routing.breaches, ...(session?.breaches ?? [])];
  const ok = breaches.length === 0;
  if (json)
    console.log(
      JSON.stringify({ seed, runs, ok, rows: routing.rows, sessions: session?.totals ?? null, breaches }),
    );
  return ok;
}

const options = parseOptions(process.argv.slice(2));
if (options === null) {
  console.error(USAGE);
  process.exitCode = 1;
} else if (!(await simulate(options))) {
  process.exitCode = 1;
}
