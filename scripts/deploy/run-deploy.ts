/** Drives a deploy over a command runner that is handed in: in earnest, or as a dry run that only shows. */
import type { DeployCommand, DeployFacts } from "./deploy-plan.ts";
import { findObstacles, formatCommand, toDeployCommands, toProofCommands } from "./deploy-plan.ts";

export interface DeployTools {
  /** Runs a command; rejects, with its output in the message, when it fails. */
  run(command: DeployCommand): Promise<void>;
  print(line: string): void;
}

/** Resolves to true when everything was done. Stops at the first failure: nothing after it is tried. */
export async function runDeploy(facts: DeployFacts, tools: DeployTools): Promise<boolean> {
  const obstacles = findObstacles(facts);
  for (const obstacle of obstacles) tools.print(`✗ ${obstacle}`);
  if (obstacles.length > 0) return false;
  const done = await runInOrder(toDeployCommands(facts), tools);
  if (done) tools.print(`${facts.environment} now runs ${facts.version}: ${facts.publicUrl}`);
  return done;
}

/** Shows what a deploy would do and what stands in its way, and proves the bundle. Changes nothing outside this machine. */
export async function showDeploy(
  facts: DeployFacts,
  outputFolder: string,
  tools: DeployTools,
): Promise<boolean> {
  tools.print(
    `A deploy of ${facts.version} to ${facts.environment} would run, stopping at the first failure:`,
  );
  for (const [index, command] of toDeployCommands(facts).entries()) {
    tools.print(`  ${index + 1}. ${command.title}:  ${formatCommand(command)}`);
  }
  const obstacles = findObstacles(facts);
  if (obstacles.length > 0) tools.print("It would refuse today:");
  for (const obstacle of obstacles) tools.print(`  ✗ ${obstacle}`);
  tools.print("Proving that it can be built:");
  return runInOrder(toProofCommands(facts.environment, outputFolder), tools);
}

async function runInOrder(commands: readonly DeployCommand[], tools: DeployTools): Promise<boolean> {
  for (const command of commands) {
    try {
      await tools.run(command);
      tools.print(`  ✓ ${command.title}`);
    } catch (error) {
      tools.print(`  ✗ ${command.title}: ${error instanceof Error ? error.message : String(error)}`);
      tools.print("Stopped. Nothing after this step was done.");
      return false;
    }
  }
  return true;
}
