/** The local state: secrets, hashes of inputs, the log, and who else uses it. */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashFiles } from "../../../scripts/hash-files.ts";
import { loadLocalSecrets } from "../../../scripts/serve/local-secrets.ts";
import { readLocalSeed, saveLocalSeed } from "../../../scripts/serve/local-seed.ts";
import { writePrivateFile } from "../../../scripts/serve/private-file.ts";
import { findServerOnState } from "../../../scripts/serve/state-in-use.ts";
import { createLineSorter } from "../../../scripts/serve/worker-log.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const readMode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test("[CM7] secrets are made once, long, different for each state, and private", async () => {
  const [folder, other] = [await makeTemporaryFolder(), await makeTemporaryFolder()];
  const secrets = await loadLocalSecrets(folder);
  expect(secrets.authSecret.length).toBeGreaterThanOrEqual(32);
  expect(secrets.siteKey).toMatch(/^site_[0-9a-f]{32}$/);
  expect(await loadLocalSecrets(folder)).toEqual(secrets);
  expect(await loadLocalSecrets(other)).not.toEqual(secrets);
  expect(await readMode(join(folder, "secrets.json"))).toBe("600");
});

test("[CM7] a broken secrets file is named and left as it is", async () => {
  const folder = await makeTemporaryFolder();
  const path = join(folder, "secrets.json");
  await writeFile(path, '{"authSecret": "short"}');
  await expect(loadLocalSecrets(folder)).rejects.toThrow(`${path} is broken`);
  expect(await readFile(path, "utf8")).toBe('{"authSecret": "short"}');
});

test("[CM7] a file that was open to others is closed when it is written", async () => {
  const path = join(await makeTemporaryFolder(), "x.json");
  await writeFile(path, "old", { mode: 0o644 });
  await writePrivateFile(path, "new");
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readMode(path)).toBe("600");
});

test("[CM7] the seeded key belongs to one admin with one password", async () => {
  const folder = await makeTemporaryFolder();
  const admin = { email: "admin@breakwater.local", password: "one" };
  expect(await readLocalSeed(folder, admin)).toBeNull();
  await saveLocalSeed(folder, admin, "bw_key");
  expect(await readLocalSeed(folder, admin)).toBe("bw_key");
  expect(await readLocalSeed(folder, { ...admin, password: "two" })).toBeNull();
  expect(await readMode(join(folder, "seed.json"))).toBe("600");
});

test("[CM12] a hash changes with a name, a content, a new and a lost file, and with nothing else", async () => {
  const root = await makeTemporaryFolder();
  await mkdir(join(root, "web/ui"), { recursive: true });
  await writeFile(join(root, "web/ui/a.ts"), "a");
  await writeFile(join(root, "one.json"), "1");
  const inputs = ["web", "one.json", "absent"];
  const first = await hashFiles(root, inputs);
  await writeFile(join(root, "elsewhere.ts"), "x");
  await writeFile(join(root, "web/ui/a.ts"), "a");
  expect(await hashFiles(root, inputs)).toBe(first);
  await writeFile(join(root, "web/ui/a.ts"), "b");
  const second = await hashFiles(root, inputs);
  await writeFile(join(root, "web/b.ts"), "");
  const third = await hashFiles(root, inputs);
  expect(new Set([first, second, third, await hashFiles(root, ["one.json"])]).size).toBe(4);
});

test("[CM14] a state that a living server uses is known; a dead process or a silent port is not one", async () => {
  const folder = await makeTemporaryFolder();
  expect(await findServerOnState(folder)).toBeNull();
  const server = createServer((_request, response) => response.end("{}"));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const save = (pid: number) => writeFile(join(folder, "running.json"), JSON.stringify({ url, pid }));
  await save(process.pid);
  expect(await findServerOnState(folder)).toBe(url);
  // The largest pid a system gives is below this.
  await save(2 ** 30);
  expect(await findServerOnState(folder)).toBeNull();
  await save(process.pid);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await findServerOnState(folder)).toBeNull();
});

const toShown = (lines: readonly string[]) => {
  const sort = createLineSorter();
  return lines
    .map(sort)
    .filter((line) => line.shown)
    .map((line) => line.text);
};

test("[CM10] error events of the Worker are shown, others are kept from the terminal", () => {
  const error = '{"level":"error","event":"internal_error"}';
  expect(toShown(['{"level":"info","event":"request_completed"}', error, "{not json"])).toEqual([error]);
});

test("[CM10] wrangler's errors are shown whole and without colours, its chatter and warnings are not", () => {
  const lines = [
    "⎔ Starting local server...",
    "\u001b[33m▲ [WARNING]\u001b[0m Scheduled Workers are not triggered.",
    "",
    "  To trigger one, run …",
    "\u001b[31m✘ [ERROR]\u001b[0m Build failed with 1 error:",
    "",
    "    src/worker.ts:3:4:",
    "[wrangler:info] GET /health 200 OK (5ms)",
    "    an indented line that belongs to no error",
  ];
  expect(toShown(lines)).toEqual(["✘ [ERROR] Build failed with 1 error:", "    src/worker.ts:3:4:"]);
});
