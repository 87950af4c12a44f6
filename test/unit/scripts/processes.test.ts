/** Real processes: what is started is also ended. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startManagedProcess } from "../../../scripts/serve/managed-process.ts";
import { findDescendants, hasMark, parseProcessTable } from "../../../scripts/serve/process-tree.ts";
import { ROOT } from "../repository/tracked-files.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Starts a child that outlives it, says the child's pid, and stays. */
const PARENT = `
import { spawn } from "node:child_process";
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
console.log("child " + child.pid);
setInterval(() => {}, 1000);
`;

/** A dead process that nobody has asked after (a zombie, in a container without an init) is not alive. */
function isAlive(pid: number): boolean {
  const stat = existsSync("/proc/self/stat") ? readIfThere(`/proc/${pid}/stat`) : undefined;
  if (stat !== undefined) return stat !== "" && !/\) [ZX] /.test(stat);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function startParent(): Promise<{ part: ReturnType<typeof startManagedProcess>; childPid: number }> {
  const folder = await makeTemporaryFolder();
  const script = join(folder, "parent.mjs");
  await writeFile(script, PARENT);
  const { promise, resolve } = Promise.withResolvers<number>();
  const part = startManagedProcess({
    script,
    parameters: [],
    folder,
    environment: process.env,
    onLine: (line) => line.startsWith("child ") && resolve(Number(line.slice("child ".length))),
  });
  return { part, childPid: await promise };
}

test("[CM8] stopping a part ends what it started", async () => {
  const { part, childPid } = await startParent();
  expect(isAlive(childPid)).toBe(true);
  await part.stop();
  expect(await part.ended).toBe("SIGTERM");
  await expect.poll(() => isAlive(childPid), { timeout: 3000 }).toBe(false);
});

test.runIf(process.platform === "linux")("[CM8] an orphan of a part that died is ended too", async () => {
  const { part, childPid } = await startParent();
  const table = parseProcessTable(await run("ps", "-A", "-o", "pid=,ppid="));
  const parentPid = table.find((row) => row.pid === childPid)?.parentPid;
  process.kill(parentPid ?? 0, "SIGKILL");
  expect(await part.ended).toBe("SIGKILL");
  expect(isAlive(childPid)).toBe(true);
  await part.stop();
  await expect.poll(() => isAlive(childPid), { timeout: 3000 }).toBe(false);
});

async function run(command: string, ...parameters: readonly string[]): Promise<string> {
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text;
}

test("[CM8] descendants are found through all generations, and only they", () => {
  const table = parseProcessTable("  1     0\n 10     1\n 11    10\n 12    11\n 20     1\n");
  expect(findDescendants(table, 10)).toEqual([11, 12]);
  expect(findDescendants(table, 99)).toEqual([]);
});

test("[CM8] a mark counts only when it is whole", () => {
  const environment = "PATH=/bin\0BREAKWATER_PROCESS_MARK=abc\0HOME=/";
  expect(hasMark(environment, "abc")).toBe(true);
  expect(hasMark(environment, "ab")).toBe(false);
});

/** Starts a part as `npm start` does, says its pid, and stays. */
const toStarter = (script: string) => `
import { startManagedProcess } from ${JSON.stringify(join(ROOT, "scripts/serve/managed-process.ts"))};
startManagedProcess({
  script: ${JSON.stringify(script)}, parameters: [], folder: ".", environment: process.env,
  onLine: (line) => console.log(line),
});
`;

test("[CM9] a part ends with what it started when its starter is killed", { timeout: 20_000 }, async () => {
  const folder = await makeTemporaryFolder();
  await writeFile(join(folder, "parent.mjs"), `console.log("parent " + process.pid);${PARENT}`);
  await writeFile(join(folder, "starter.mjs"), toStarter(join(folder, "parent.mjs")));
  const starter = spawn(process.execPath, [join(folder, "starter.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  starter.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  await expect.poll(() => /parent \d+\n[^]*child \d+\n/.test(text), { timeout: 10_000 }).toBe(true);
  const pids = [...text.matchAll(/(?:parent|child) (\d+)/g)].map((each) => Number(each[1]));
  expect(pids.map(isAlive)).toEqual([true, true]);
  starter.kill("SIGKILL");
  await expect.poll(() => pids.some(isAlive), { timeout: 8000 }).toBe(false);
});
