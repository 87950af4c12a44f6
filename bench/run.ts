/**
 * `npm run bench -- NAME [--json]`: measures, and prints a table, or with `--json` one JSON object as the last line.
 * Each benchmark has a folder here and a line in BENCHES.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Bench, BenchReport } from "./bench.ts";
import { circuitBench } from "./circuit/circuit-bench.ts";
import { durableStreamsBench } from "./durable-streams/durable-streams-bench.ts";
import { failoverBench } from "./failover/failover-bench.ts";
import { httpBench } from "./http/http-bench.ts";
import { sessionBench } from "./session/session-bench.ts";

const BENCHES: readonly Bench[] = [circuitBench, durableStreamsBench, failoverBench, httpBench, sessionBench];

const USAGE = `Usage: npm run bench -- ${BENCHES.map(({ name }) => name).join("|")} [--json]`;

function parseOptions(parameters: readonly string[]): { bench: Bench; json: boolean } | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      options: { json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const bench = BENCHES.find(({ name }) => name === positionals[0]);
    return bench === undefined || positionals.length !== 1 ? null : { bench, json: values.json };
  } catch {
    // Node's own words name the option but not what there is.
    return null;
  }
}

function printReport({ table, notes, figures }: BenchReport): void {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = table.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
  for (const line of lines) console.log(line.join("  "));
  console.log("");
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value ?? "–"}`);
  console.log("");
  for (const note of notes) console.log(`- ${note}`);
}

const options = parseOptions(process.argv.slice(2));
if (options === null) {
  console.error(USAGE);
  process.exitCode = 1;
} else {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  // Standard output belongs to the figures.
  const report = await options.bench.run({ root, tell: (line) => console.error(line) });
  if (options.json) console.log(JSON.stringify(report.figures));
  else printReport(report);
}
