/**
 * `node scripts/check-migrations.ts`: the generated SQL is what the schema says, and none of it destroys. Every
 * drizzle.config.*.ts is checked; the generating happens in a copy, so the repository is never changed.
 *
 * Two things are refused because of what they did on D1: `DROP TABLE`, and Drizzle's rebuild of a table by way of
 * `__new_…`, which deletes the rows of child tables. Migrations are additive.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const CONFIG_NAME = /^drizzle\.config\.([a-z0-9-]+)\.ts$/;
const CONFIG_OUT = /out: "\.\/([a-z0-9/-]+)"/;

/** Names what a migration must not do; empty when it is harmless. */
export function findDestructiveStatements(sql: string): readonly string[] {
  const found: string[] = [];
  if (/\bDROP\s+TABLE\b/i.test(sql)) found.push("DROP TABLE");
  if (sql.includes("__new_")) found.push("a rebuilt table (__new_…)");
  if (/\bON\s+DELETE\s+CASCADE\b/i.test(sql)) found.push("ON DELETE CASCADE");
  if (/\bDROP\s+COLUMN\b/i.test(sql)) found.push("DROP COLUMN");
  return found;
}

async function checkConfig(configName: string): Promise<readonly string[]> {
  const config = await readFile(join(root, configName), "utf8");
  const out = CONFIG_OUT.exec(config)?.[1];
  if (out === undefined) return [`${configName} has no folder in \`out: "./…"\``];
  const problems: string[] = [];
  for (const file of await listSql(join(root, out))) {
    const found = findDestructiveStatements(await readFile(join(root, out, file), "utf8"));
    problems.push(...found.map((statement) => `${out}/${file} has ${statement}`));
  }
  const missing = await generateInCopy(configName, config, out);
  if (missing !== null)
    problems.push(`${out} is behind its schema; run npm run db:generate. It would add:\n${missing}`);
  return problems;
}

/** The SQL that drizzle-kit would add, or null when the migrations are complete. */
async function generateInCopy(configName: string, config: string, out: string): Promise<string | null> {
  // Inside the repository, because drizzle-kit looks for its packages from there.
  const copy = await mkdtemp(join(root, "node_modules", ".check-migrations-"));
  try {
    await cp(join(root, out), join(copy, "out"), { recursive: true });
    const before = await listSql(join(copy, "out"));
    const copiedConfig = join(copy, configName);
    await writeFile(
      copiedConfig,
      config.replace(CONFIG_OUT, `out: "./${relative(root, join(copy, "out"))}"`),
    );
    const kit = join(root, "node_modules", ".bin", "drizzle-kit");
    await promisify(execFile)(
      kit,
      ["generate", "--config", relative(root, copiedConfig), "--name", "missing"],
      {
        cwd: root,
        // It asks what to do with renamed columns; here nobody would answer.
        timeout: 60_000,
      },
    );
    const added = (await listSql(join(copy, "out"))).filter((file) => !before.includes(file));
    if (added.length === 0) return null;
    return (await Promise.all(added.map((file) => readFile(join(copy, "out", file), "utf8")))).join("\n");
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function listSql(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
}

async function checkAll(): Promise<void> {
  const configs = (await readdir(root)).filter((name) => CONFIG_NAME.test(name)).sort();
  const problems = (await Promise.all(configs.map(checkConfig))).flat();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`Migrations of ${configs.length} databases match their schemas.`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await checkAll();
