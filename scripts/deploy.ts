/**
 * `npm run deploy -- --env staging|production [--dry-run]`: checks, migrates, deploys and smoke-tests, in that order,
 * and stops at the first failure. Production takes only a commit that staging has had.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import { toProjectEnv } from "./bootstrap/project-node.mjs";
import { runCommand } from "./bootstrap/run-command.mjs";
import type { DeployCommand, DeployEnvironment, DeployFacts } from "./deploy/deploy-plan.ts";
import { DEPLOY_USAGE, ENVIRONMENTS, toStagingTag } from "./deploy/deploy-plan.ts";
import { runDeploy, showDeploy } from "./deploy/run-deploy.ts";
import { readVersion } from "./serve/read-version.ts";
import { toWranglerEnvironment, toWranglerScript } from "./wrangler-command.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What a deploy reads of wrangler.jsonc; wrangler's own types of it are not published whole. */
const Config = z.object({
  vars: z.object({ PUBLIC_URL: z.url() }),
  d1_databases: z.array(z.object({ database_id: z.string() })),
});
const Options = z.object({ env: z.enum(ENVIRONMENTS), "dry-run": z.boolean().default(false) });

function readOptions(): z.infer<typeof Options> | null {
  try {
    const { values } = parseArgs({ options: { env: { type: "string" }, "dry-run": { type: "boolean" } } });
    return Options.safeParse(values).data ?? null;
  } catch {
    // An unknown option: the usage text says more than the error.
    return null;
  }
}

async function git(...parameters: readonly string[]): Promise<string> {
  return (await runCommand("git", parameters, { cwd: root })).trim();
}

async function readFacts(environment: DeployEnvironment): Promise<DeployFacts> {
  const config = Config.parse(readConfig({ config: join(root, "wrangler.jsonc"), env: environment }));
  const commit = await git("rev-parse", "HEAD");
  return {
    environment,
    publicUrl: config.vars.PUBLIC_URL,
    databaseId: config.d1_databases[0]?.database_id ?? "",
    commit,
    version: await readVersion(root),
    isClean: (await git("status", "--porcelain")) === "",
    wasOnStaging: (await git("tag", "--list", toStagingTag(commit))) !== "",
    hasOrigin: (await git("remote")).split("\n").includes("origin"),
  };
}

async function run({ program, parameters }: DeployCommand): Promise<void> {
  const environment = toProjectEnv(root);
  if (program === "wrangler") {
    const env = toWranglerEnvironment(environment, join(root, ".wrangler", "logs"));
    await runCommand(process.execPath, [toWranglerScript(root), ...parameters], { cwd: root, env });
  } else if (program === "node") {
    await runCommand(process.execPath, parameters, { cwd: root, env: environment });
  } else {
    await runCommand(program, parameters, { cwd: root, env: environment });
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    console.error(DEPLOY_USAGE);
    return 1;
  }
  const facts = await readFacts(options.env);
  const tools = { run, print: console.log };
  if (!options["dry-run"]) return (await runDeploy(facts, tools)) ? 0 : 1;
  const outputFolder = await mkdtemp(join(tmpdir(), "breakwater-bundle-"));
  try {
    return (await showDeploy(facts, outputFolder, tools)) ? 0 : 1;
  } finally {
    await rm(outputFolder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
