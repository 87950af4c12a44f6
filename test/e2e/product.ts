/** Starts the product as a user does, with `npm start`, on a port and a state of its own, for end-to-end tests. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A first start on two busy cores: pages built, migrations, seed, workerd. */
const READY_WITHIN_MS = 120_000;

export const Credentials = z.object({
  url: z.string(),
  apiKey: z.string(),
  admin: z.object({ email: z.string(), password: z.string() }),
  siteKey: z.string(),
});
export type Credentials = z.infer<typeof Credentials>;

export async function readCredentials(stateFolder: string): Promise<Credentials> {
  return Credentials.parse(JSON.parse(await readFile(join(stateFolder, "dev-credentials.json"), "utf8")));
}

export interface Product {
  readonly url: string;
  readonly stateFolder: string;
  readonly credentials: Credentials;
  /** Everything printed so far. */
  output(): string;
  /** As Ctrl-C in a terminal does; resolves with the exit code when all has ended. */
  stop(): Promise<number | null>;
  /** `kill -9` of the process group: nobody gets to say goodbye. */
  kill(): Promise<void>;
}

/** Resolves when the product says that it is ready; rejects with its output when it ends or takes too long. */
export async function startProduct(options: {
  readonly port: number;
  readonly stateFolder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly parameters?: readonly string[];
}): Promise<Product> {
  const { port, stateFolder } = options;
  const child = spawn(
    "npm",
    ["start", "--", "--port", String(port), "--state", stateFolder, ...(options.parameters ?? [])],
    // A process group of its own, so that a signal can reach all of it and nothing else.
    {
      cwd: root,
      detached: true,
      env: { ...process.env, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let text = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const sendToGroup = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, signal);
    }
  };
  const killGroup = () => sendToGroup("SIGKILL");
  process.once("exit", killGroup);
  void ended.then(() => process.off("exit", killGroup));
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.includes("Breakwater is ready: ")) resolve();
    });
  }
  void ended.then((code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
  const timer = setTimeout(
    () => reject(new Error(`npm start was not ready in time:\n${text}`)),
    READY_WITHIN_MS,
  );
  try {
    await ready;
  } catch (error) {
    killGroup();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    stateFolder,
    credentials: await readCredentials(stateFolder),
    output: () => text,
    stop: async () => {
      sendToGroup("SIGINT");
      return ended;
    },
    kill: async () => {
      killGroup();
      await ended;
    },
  };
}
