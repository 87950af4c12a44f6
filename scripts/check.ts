/**
 * `npm run check`: everything that can be said about the code without running it. The checks do not depend on each
 * other and run side by side; what they print is shown only when they fail.
 */
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createProgress } from "./bootstrap/progress.mjs";
import { toProjectEnv } from "./bootstrap/project-node.mjs";
import { runCommand } from "./bootstrap/run-command.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Check {
  readonly title: string;
  /** A script that Node runs, relative to the repository. */
  readonly script: string;
  readonly parameters: readonly string[];
}

/** The slowest first, so that the short ones fill the other core. */
const CHECKS: readonly Check[] = [
  {
    title: "Lint, with types",
    script: "node_modules/oxlint/bin/oxlint",
    parameters: ["--type-aware", "--deny-warnings", "--report-unused-disable-directives"],
  },
  // One build over the parts of tsconfig.json: worker, node, web.
  { title: "Types", script: "node_modules/typescript/bin/tsc", parameters: ["-b"] },
  { title: "Migrations match the schema", script: "scripts/check-migrations.ts", parameters: [] },
  {
    title: "Formatting",
    script: "node_modules/prettier/bin/prettier.cjs",
    parameters: ["--check", "--cache", "--log-level=warn", "."],
  },
  { title: "Dead code", script: "node_modules/knip/bin/knip.js", parameters: ["--no-config-hints"] },
  { title: "Imports point one way", script: "scripts/check-architecture.ts", parameters: [] },
];

/** Resolves to the titles and outputs of the checks that failed. */
async function runChecks(checks: readonly Check[]): Promise<readonly { title: string; output: string }[]> {
  const progress = createProgress(process.stdout, Date.now);
  const failed: { title: string; output: string }[] = [];
  const queue = [...checks];
  const worker = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const { title, script, parameters } = check;
      try {
        await progress.step(title, async () => {
          await runCommand(process.execPath, [join(root, script), ...parameters], {
            cwd: root,
            env: { ...toProjectEnv(root), NO_COLOR: "1", FORCE_COLOR: undefined },
          });
        });
      } catch (error) {
        failed.push({ title, output: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  return failed;
}

const failed = await runChecks(CHECKS);
for (const { title, output } of failed) console.log(`\n── ${title}\n${output.trim()}`);
console.log(
  failed.length === 0
    ? `All ${CHECKS.length} checks passed.`
    : `\n${failed.length} of ${CHECKS.length} checks failed: ${failed.map((each) => each.title).join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
