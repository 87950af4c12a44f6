/**
 * `npm start` on the project's own Node: prepares the local state, runs the sandbox and the Worker, says where they
 * are, and ends everything when told to. Reads as the list of its steps; each step is a file in serve/.
 */
import { readFile, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseEnv } from "node:util";
import type { Progress } from "./bootstrap/progress.mjs";
import type { StartOptions } from "./bootstrap/start-options.mjs";
import { buildWeb } from "./build-web.ts";
import { findOllama } from "./serve/find-ollama.ts";
import type { LocalSecrets } from "./serve/local-secrets.ts";
import { loadLocalSecrets } from "./serve/local-secrets.ts";
import { LOCAL_ADMIN_EMAIL, readLocalSeed } from "./serve/local-seed.ts";
import type { ManagedProcess } from "./serve/managed-process.ts";
import { applyLocalMigrations, seedLocalState } from "./serve/prepare-database.ts";
import { makePrivateFolder, writePrivateFile } from "./serve/private-file.ts";
import { readVersion } from "./serve/read-version.ts";
import { findFreePort, startSandboxProviders, startSchedule, startWorker } from "./serve/run-parts.ts";
import { openServerLog } from "./serve/server-log.ts";
import { findServerOnState } from "./serve/state-in-use.ts";
import { listenForStop, untilAborted } from "./serve/stop-signal.ts";
import { waitForUrl } from "./serve/wait-for-url.ts";
import type { Settings } from "./serve/worker-settings.ts";
import {
  collectUserSettings,
  formatEnvFile,
  hasRealKeys,
  toWorkerSettings,
} from "./serve/worker-settings.ts";

/** Two or three seconds are usual. A machine with other work has been seen to need more than a minute. */
const PATIENCE = { silentMs: 180_000, illMs: 60_000 };

interface Start {
  readonly root: string;
  readonly stateFolder: string;
  readonly url: string;
  readonly options: StartOptions;
  readonly progress: Progress;
  readonly stop: AbortSignal;
  /** What runs, in the order it was started. */
  readonly parts: { name: string; process: ManagedProcess }[];
}

/** Runs until it is told to stop; resolves to the exit code. Rejects when a step of the preparation fails. */
export async function serve(root: string, options: StartOptions, progress: Progress): Promise<number> {
  const stateFolder = resolve(root, options.state);
  const url = `http://127.0.0.1:${options.port}`;
  const start: Start = { root, stateFolder, url, options, progress, stop: listenForStop(), parts: [] };
  const other = await findServerOnState(stateFolder);
  if (other !== null) {
    progress.line(
      `Breakwater already runs on this state at ${other}. Stop it, or take another state: --state DIR`,
    );
    return 1;
  }
  try {
    const work = run(start);
    await Promise.race([work, untilAborted(start.stop)]);
    return start.stop.aborted ? 0 : await work;
  } finally {
    await Promise.all(start.parts.map((part) => part.process.stop()));
    await rm(join(stateFolder, "running.json"), { force: true });
  }
}

/** Everything from the first step on; resolves to an exit code when a part ends that should not. */
async function run(start: Start): Promise<number> {
  const secrets = await prepare(start);
  const user = await readUserSettings(start.root);
  const sandboxPort = start.options.sandbox && !hasRealKeys(user) ? await findFreePort() : null;
  const stopSchedule = await startParts(start, secrets, user, sandboxPort);
  await announce(start, secrets, sandboxPort !== null);
  const ended = await Promise.race(
    start.parts.map(async (part) => `${part.name} ended by itself (${await part.process.ended})`),
  );
  stopSchedule();
  if (!start.stop.aborted) start.progress.line(`${ended}; see ${join(start.options.state, "server.log")}`);
  return 1;
}

/** The pages and the database, side by side: they share nothing, and the machine has more than one core. */
async function prepare(start: Start): Promise<LocalSecrets> {
  const { root, stateFolder, progress } = start;
  await makePrivateFolder(stateFolder);
  const pages = progress.step("Web pages built", async () =>
    (await buildWeb(root)) ? undefined : "unchanged",
  );
  // Looked at below; until then a rejection must not count as unhandled.
  pages.catch(() => undefined);
  const secrets = await loadLocalSecrets(stateFolder);
  const admin = { email: LOCAL_ADMIN_EMAIL, password: secrets.adminPassword };
  await progress.step("Database migrated", async () =>
    (await applyLocalMigrations(root, stateFolder)) ? undefined : "nothing pending",
  );
  await progress.step("Local admin and API key", async () =>
    (await seedLocalState(root, stateFolder, admin)) ? undefined : "kept",
  );
  await pages;
  return secrets;
}

async function readUserSettings(root: string): Promise<Settings> {
  const text = await readFile(join(root, ".dev.vars"), "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
  return collectUserSettings(parseEnv(text), process.env);
}

/** Starts sandbox and Worker together and waits until both answer. Returns what ends the local schedule. */
async function startParts(start: Start, secrets: LocalSecrets, user: Settings, sandboxPort: number | null) {
  const { root, stateFolder, url, options, progress, stop, parts } = start;
  const sandboxUrl = sandboxPort === null ? null : `http://127.0.0.1:${sandboxPort}`;
  const ollama = user["OLLAMA_BASE_URL"] === undefined ? await findOllama(fetch) : null;
  if (ollama !== null) progress.line(`  ✓ Ollama found at ${ollama.url} (${ollama.models.join(", ")})`);
  const version = await readVersion(root);
  const own = { url, port: options.port, version, authSecret: secrets.authSecret, sandboxUrl, ollama };
  const settingsFile = join(stateFolder, "worker.env");
  await writePrivateFile(settingsFile, formatEnvFile(toWorkerSettings(user, own)));
  const log = await openServerLog(stateFolder, progress.line);
  const context = { root, stateFolder, onLine: log.add };
  if (stop.aborted) return () => undefined;
  const waits: Promise<void>[] = [];
  const add = (name: string, title: string, process: ManagedProcess, checkUrl: string) => {
    parts.push({ name, process });
    const failed = process.ended.then((how) => {
      throw new Error(`${name} did not start (${how}):\n${log.tail()}`);
    });
    // When it ends later, `run` notices by its own means.
    failed.catch(() => undefined);
    const healthy = waitForUrl(checkUrl, PATIENCE, stop).then((waited) => {
      if (!waited.ok && !stop.aborted)
        throw new Error(`${name} is not healthy: ${waited.last}\n${log.tail()}`);
    });
    waits.push(progress.step(title, () => Promise.race([healthy, failed])));
  };
  if (sandboxUrl !== null && sandboxPort !== null) {
    add(
      "The sandbox",
      "Sandbox providers",
      startSandboxProviders(context, sandboxPort),
      `${sandboxUrl}/control`,
    );
  }
  add("The server", "Server", startWorker(context, options.port, settingsFile), `${url}/health`);
  await Promise.all(waits);
  return startSchedule(url, log.add);
}

/** Writes the credentials and says where everything is. The first line is a contract with scripts. */
async function announce(start: Start, secrets: LocalSecrets, sandbox: boolean): Promise<void> {
  const { stateFolder, url, options, progress, stop } = start;
  if (stop.aborted) return;
  const admin = { email: LOCAL_ADMIN_EMAIL, password: secrets.adminPassword };
  const apiKey = await readLocalSeed(stateFolder, admin);
  const credentials = { url, apiKey, admin, siteKey: secrets.siteKey };
  const path = join(stateFolder, "dev-credentials.json");
  await writePrivateFile(path, `${JSON.stringify(credentials, null, 2)}\n`);
  await writePrivateFile(join(stateFolder, "running.json"), `${JSON.stringify({ url, pid: process.pid })}\n`);
  const shown = relative(process.cwd(), path);
  progress.line("");
  progress.line(`Breakwater is ready: ${url}`);
  progress.line(`  Chat         ${url}/`);
  progress.line(`  Console      ${url}/console`);
  progress.line(`  API          ${url}/docs`);
  progress.line(
    `  Sign in as   ${admin.email}  (password and API key: ${shown.startsWith("..") ? path : shown})`,
  );
  progress.line(
    `  Answers      ${sandbox ? "come from the sandbox, not from a model: no keys are configured" : "come from the configured providers"}`,
  );
  progress.line(`  Server log   ${join(options.state, "server.log")}`);
}
