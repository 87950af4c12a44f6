/**
 * What a deploy does, in its order, as data. Pure: scripts/deploy.ts runs it, `--dry-run` prints it, a test reads it.
 * Migrations go before the code, because they only add: the old code runs on the new schema, never the reverse.
 */

export const ENVIRONMENTS = ["staging", "production"] as const;
export type DeployEnvironment = (typeof ENVIRONMENTS)[number];

export const DEPLOY_USAGE = "Usage: npm run deploy -- --env staging|production [--dry-run]";

export interface DeployCommand {
  readonly title: string;
  /** `npm`, `git`, `node` or `wrangler`; the runner knows where each is. */
  readonly program: "npm" | "git" | "node" | "wrangler";
  readonly parameters: readonly string[];
}

/** What the deploy is about, read from wrangler.jsonc and git before anything happens. */
export interface DeployFacts {
  readonly environment: DeployEnvironment;
  readonly publicUrl: string;
  readonly databaseId: string;
  readonly commit: string;
  readonly version: string;
  /** `git status --porcelain` printed nothing. */
  readonly isClean: boolean;
  /** The commit carries the tag that a staging deploy leaves after its smoke test. */
  readonly wasOnStaging: boolean;
  /** The tag can be pushed to `origin`, so that another clone may deploy to production. */
  readonly hasOrigin: boolean;
}

/** The tag that says: this commit was deployed to staging and passed the smoke test there. */
export function toStagingTag(commit: string): string {
  return `staging/${commit}`;
}

/** Why this deploy must not happen, one sentence each; empty when it may. */
export function findObstacles(facts: DeployFacts): readonly string[] {
  const obstacles: string[] = [];
  if (!facts.isClean)
    obstacles.push("The working tree has changes that are not committed: what is deployed must be in git.");
  if (/^[0-]+\d$/.test(facts.databaseId)) {
    obstacles.push(
      `wrangler.jsonc has a placeholder as the ${facts.environment} database id: docs/deployment.md says how to create it.`,
    );
  }
  if (facts.publicUrl.endsWith(".example")) {
    obstacles.push(
      `wrangler.jsonc has a placeholder as PUBLIC_URL of ${facts.environment}: set the real address.`,
    );
  }
  if (facts.environment === "production" && !facts.wasOnStaging) {
    obstacles.push(
      `Commit ${facts.commit.slice(0, 7)} was never on staging: deploy it there first (git tag ${toStagingTag(facts.commit)} is missing).`,
    );
  }
  return obstacles;
}

/** The commands of a deploy, in order; each one runs only when all before it went well. */
export function toDeployCommands(facts: DeployFacts): readonly DeployCommand[] {
  const { environment, publicUrl, version, commit } = facts;
  const tag = toStagingTag(commit);
  const commands: DeployCommand[] = [
    { title: "Check the code", program: "npm", parameters: ["run", "check"] },
    { title: "Build the web pages", program: "npm", parameters: ["run", "build"] },
    {
      title: "Apply the D1 migrations",
      program: "wrangler",
      parameters: ["d1", "migrations", "apply", "DB", "--env", environment, "--remote"],
    },
    {
      title: "Deploy the Worker",
      program: "wrangler",
      parameters: ["deploy", "--env", environment, "--var", `VERSION:${version}`],
    },
    {
      title: "Smoke-test it",
      program: "node",
      parameters: ["scripts/smoke-test.ts", publicUrl, environment],
    },
  ];
  if (environment === "staging") {
    commands.push({
      title: "Record that staging had it",
      program: "git",
      parameters: ["tag", "--force", tag, commit],
    });
    if (facts.hasOrigin) {
      const parameters = ["push", "--force", "origin", `refs/tags/${tag}`];
      commands.push({ title: "Share that record", program: "git", parameters });
    }
  }
  return commands;
}

/** The two commands that a dry run does run: they prove that the bundle can be made, and change nothing anywhere. */
export function toProofCommands(
  environment: DeployEnvironment,
  outputFolder: string,
): readonly DeployCommand[] {
  return [
    { title: "Build the web pages", program: "npm", parameters: ["run", "build"] },
    {
      title: "Bundle the Worker",
      program: "wrangler",
      parameters: ["deploy", "--env", environment, "--dry-run", "--outdir", outputFolder],
    },
  ];
}

export function formatCommand(command: DeployCommand): string {
  const prefix = command.program === "wrangler" ? ["npx", "wrangler"] : [command.program];
  return [...prefix, ...command.parameters].join(" ");
}
