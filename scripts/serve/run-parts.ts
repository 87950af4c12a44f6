/** The two processes of a running product: the sandbox providers and the Worker under `wrangler dev`. */
import { createServer } from "node:net";
import { join } from "node:path";
import { toLocalWranglerEnvironment, toWranglerScript } from "../wrangler-command.ts";
import type { ManagedProcess } from "./managed-process.ts";
import { startManagedProcess } from "./managed-process.ts";

/** A port on 127.0.0.1 that nobody had a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("the operating system named no port"));
      });
    });
  });
}

export interface RunContext {
  readonly root: string;
  readonly stateFolder: string;
  readonly onLine: (line: string) => void;
}

export function startSandboxProviders(context: RunContext, port: number): ManagedProcess {
  return startManagedProcess({
    script: join(context.root, "sandbox", "main.ts"),
    parameters: ["--port", String(port)],
    folder: context.root,
    environment: { ...process.env },
    onLine: context.onLine,
  });
}

/** `settingsFile` is relative to the folder of wrangler.jsonc or absolute. */
export function startWorker(context: RunContext, port: number, settingsFile: string): ManagedProcess {
  return startManagedProcess({
    script: toWranglerScript(context.root),
    parameters: [
      "dev",
      "--local",
      "--ip=127.0.0.1",
      `--port=${port}`,
      "--inspector-ip=127.0.0.1",
      // Any free port: the debugger's usual one clashes as soon as two run.
      "--inspector-port=0",
      `--persist-to=${context.stateFolder}`,
      `--env-file=${settingsFile}`,
      "--show-interactive-dev-session=false",
    ],
    folder: context.root,
    environment: toLocalWranglerEnvironment(process.env, context.stateFolder),
    onLine: context.onLine,
  });
}

/** The schedules of wrangler.jsonc run once a minute when deployed; locally somebody has to ask. */
const SCHEDULE_EVERY_MS = 60_000;

/** Fires the Worker's schedule every minute until the returned function is called. */
export function startSchedule(url: string, onFailure: (line: string) => void): () => void {
  const timer = setInterval(() => {
    fetch(`${url}/cdn-cgi/local/scheduled`, { signal: AbortSignal.timeout(SCHEDULE_EVERY_MS) }).then(
      (response) => {
        if (!response.ok) onFailure(`the schedule answered with status ${response.status}`);
      },
      (error: unknown) => onFailure(`the schedule could not be started: ${String(error)}`),
    );
  }, SCHEDULE_EVERY_MS);
  return () => clearInterval(timer);
}
