/**
 * `npm test [-- SUITE [parameters of its runner]]`: sets up what is needed and runs every suite, one after the other.
 * The last line is `N passed, N failed`; the exit code is 1 when anything failed or a suite ran no test.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createProgress } from "./bootstrap/progress.mjs";
import { toProjectEnv } from "./bootstrap/project-node.mjs";
import { buildWeb } from "./build-web.ts";
import { ensureChromium } from "./find-chromium.ts";
import { findFreePort } from "./serve/run-parts.ts";
import type { Tally } from "./test-report.ts";
import { judgeSuite, tallyPlaywright, tallyVitest } from "./test-report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, "test-results");
const progress = createProgress(process.stdout, Date.now);

interface Suite {
  readonly name: string;
  readonly title: string;
  /** What must be there first; resolves to the environment that the runner gets on top of ours. */
  prepare(): Promise<Record<string, string>>;
  command(reportPath: string): readonly string[];
  tally(json: unknown): Tally;
}

const toVitestSuite = (name: string, title: string, project: string): Suite => ({
  name,
  title,
  prepare: () => Promise.resolve({}),
  command: (reportPath) => [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    ...[
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportPath}`,
    ],
  ],
  tally: tallyVitest,
});

const SUITES: readonly Suite[] = [
  toVitestSuite("unit", "Unit and contract tests, in Node", "node"),
  toVitestSuite("workers", "Tests in workerd", "workers"),
  {
    name: "e2e",
    title: "End-to-end tests, in Chromium",
    prepare: async () => {
      const chromium = await ensureChromium(root, progress);
      await progress.step("Web pages built", async () => ((await buildWeb(root)) ? undefined : "unchanged"));
      return { CHROMIUM_PATH: chromium, BREAKWATER_E2E_URL: `http://127.0.0.1:${await findFreePort()}` };
    },
    command: () => [
      join(root, "node_modules", "@playwright", "test", "cli.js"),
      ...["test", "--config", join(root, "test", "e2e", "playwright.config.ts"), "--reporter=list,json"],
    ],
    tally: tallyPlaywright,
  },
];

function runRunner(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, env: environment, stdio: "inherit" });
    child.once("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** Runs one suite to its end; what goes wrong around the tests counts as one failure and is printed. */
async function runSuite(suite: Suite, parameters: readonly string[]): Promise<Tally> {
  console.log(`\n── ${suite.title}`);
  const reportPath = join(reports, `${suite.name}.json`);
  try {
    await rm(reportPath, { force: true });
    const extra = await suite.prepare();
    const environment = { ...toProjectEnv(root), ...extra, PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath };
    const exitCode = await runRunner([...suite.command(reportPath), ...parameters], environment);
    const tally = judgeSuite(suite.tally(JSON.parse(await readFile(reportPath, "utf8"))), exitCode);
    if (tally.passed === 0) console.error("This suite ran no test, which counts as a failure.");
    return tally;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function main(): Promise<number> {
  const [wanted, ...parameters] = process.argv.slice(2);
  const suites = wanted === undefined ? SUITES : SUITES.filter((suite) => suite.name === wanted);
  if (suites.length === 0) {
    console.error(
      `Usage: npm test [-- ${SUITES.map((suite) => suite.name).join("|")} [parameters of its runner]]`,
    );
    return 1;
  }
  await mkdir(reports, { recursive: true });
  const startedMs = Date.now();
  const lines: string[] = [];
  const total = { passed: 0, failed: 0 };
  for (const suite of suites) {
    const suiteStartedMs = Date.now();
    const { passed, failed, skipped } = await runSuite(suite, parameters);
    const seconds = ((Date.now() - suiteStartedMs) / 1000).toFixed(0);
    lines.push(
      `${failed === 0 ? "✓" : "✗"} ${suite.title}: ${passed} passed, ${failed} failed` +
        `${skipped > 0 ? `, ${skipped} skipped` : ""} in ${seconds} s`,
    );
    total.passed += passed;
    total.failed += failed;
  }
  console.log(`\n${lines.join("\n")}\nin ${((Date.now() - startedMs) / 1000).toFixed(0)} s altogether`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
