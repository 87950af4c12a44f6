/**
 * `npm run db:generate -- --name what-changes`: SQL for every schema that has changed, D1's and the objects'. Review
 * it; scripts/check-migrations.ts refuses what would destroy.
 */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { toProjectEnv } from "./bootstrap/project-node.mjs";
import { runCommand } from "./bootstrap/run-command.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const configs = (await readdir(root)).filter((name) => /^drizzle\.config\.[a-z0-9-]+\.ts$/.test(name)).sort();
for (const config of configs) {
  const output = await runCommand(
    join(root, "node_modules", ".bin", "drizzle-kit"),
    ["generate", "--config", config, ...process.argv.slice(2)],
    { cwd: root, env: toProjectEnv(root) },
  );
  console.log(output.trim());
}
