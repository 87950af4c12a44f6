/**
 * `npm run bench -- durable-streams`: runs the conformance suite of the Durable Streams protocol against a view of our
 * stream log and counts what holds. What the figures say is in docs/durable-streams.md.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { toProjectEnv } from "../../scripts/bootstrap/project-node.mjs";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { installPeers } from "../workerd/install-peers.ts";
import { startLogView } from "./log-view.ts";

export const durableStreamsBench: Bench = { name: "durable-streams", run };

const Results = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ ancestorTitles: z.array(z.string()), status: z.string() })),
    }),
  ),
});

interface Tally {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
}

async function run({ root, tell }: BenchContext): Promise<BenchReport> {
  tell("installing the suite");
  await installPeers(root);
  const folder = await mkdtemp(join(tmpdir(), "breakwater-bench-"));
  const view = await startLogView();
  try {
    tell("running it");
    const report = join(folder, "report.json");
    await runSuite(root, view.url, report);
    return toReport(Results.parse(JSON.parse(await readFile(report, "utf8"))));
  } finally {
    view.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its exit code says whether anything failed, which the report says better. */
function runSuite(root: string, url: string, report: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      // The suite brings a vitest of its own, and has to be run by that one.
      join(root, "bench", "node_modules", "vitest", "vitest.mjs"),
      ...[
        "run",
        "--root",
        join(root, "bench"),
        "--config",
        join(root, "bench", "durable-streams", "vitest.config.ts"),
      ],
      ...["--reporter=json", `--outputFile=${report}`],
    ],
    { cwd: root, env: { ...toProjectEnv(root), LOG_VIEW_URL: url }, stdio: "ignore" },
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
}

function toReport({ testResults }: z.infer<typeof Results>): BenchReport {
  const byName = new Map<string, { passed: number; failed: number }>();
  for (const { ancestorTitles, status } of testResults.flatMap((file) => file.assertionResults)) {
    const name = ancestorTitles[0] ?? "";
    const tally = byName.get(name) ?? { passed: 0, failed: 0 };
    if (status === "passed") tally.passed += 1;
    if (status === "failed") tally.failed += 1;
    byName.set(name, tally);
  }
  const tallies: Tally[] = [...byName].map(([name, tally]) => ({ name, ...tally }));
  if (tallies.length === 0) throw new Error("the suite ran no test");
  const sum = (read: (tally: Tally) => number): number =>
    tallies.reduce((total, tally) => total + read(tally), 0);
  return {
    figures: { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed) },
    table: [
      ["what is checked", "passed", "failed"],
      ...tallies.map(({ name, passed, failed }) => [name, `${passed}`, `${failed}`]),
    ],
    notes: ["What fails and why is in docs/durable-streams.md."],
  };
}
