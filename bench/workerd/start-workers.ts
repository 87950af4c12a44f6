/**
 * Runs the product's bundled Worker on workerd: each isolate is a Worker of its own with a socket of its own, all of them
 * share one set of objects, one database and one queue, as isolates in one place do.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { seedLocal } from "../../src/auth/seed.ts";
import type { BundledModule } from "./bundle-worker.ts";
import { startRuntime, toWorkerOptions } from "./runtime.ts";

export interface RunningWorkers {
  /** One for each isolate, without a slash at its end; the first one's Worker holds the objects. */
  readonly urls: readonly string[];
  readonly apiKey: string;
  /** Processor time since the start, milliseconds; null where the system does not tell it. */
  readonly readCpuMs: () => Promise<number | null>;
  readonly close: () => Promise<void>;
}

export interface WorkersSettings {
  readonly root: string;
  readonly modules: readonly BundledModule[];
  readonly isolates: number;
  /** Beside what every Worker needs: where the providers are, and their keys. */
  readonly bindings: Readonly<Record<string, string>>;
  /** The first isolate also takes what the queue holds, as the deployed Worker does. */
  readonly consumesQueue?: boolean;
  /** Where a debugger can attach; left out: nowhere. */
  readonly inspectorPort?: number;
}

const OBJECTS = {
  CHAT_SESSION: "ChatSession",
  PROVIDER_HEALTH: "ProviderHealth",
  LIVE_CONSOLE: "LiveConsole",
};

/** As in the deployed environments of wrangler.jsonc. */
const QUEUE_CONSUMER = { maxBatchSize: 50, maxBatchTimeout: 5, maxRetries: 5, retryDelay: 30 };

export async function startWorkers(settings: WorkersSettings): Promise<RunningWorkers> {
  const { root, modules, isolates, bindings, consumesQueue = false } = settings;
  // All isolates of a Worker share their secrets.
  const authSecret = randomBytes(32).toString("hex");
  const names = Array.from({ length: isolates }, (_, index) => `isolate-${index + 1}`);
  const home = names[0] ?? "";
  const runtime = await startRuntime(
    names.map((name) => ({
      ...toWorkerOptions(root, name, modules),
      bindings: {
        ENVIRONMENT: "local",
        PUBLIC_URL: "http://127.0.0.1:8787",
        AUTH_SECRET: authSecret,
        VERSION: "bench",
        ...bindings,
      },
      durableObjects: Object.fromEntries(
        Object.entries(OBJECTS).map(([binding, className]) => [
          binding,
          name === home ? { className, useSQLite: true } : { className, useSQLite: true, scriptName: home },
        ]),
      ),
      d1Databases: { DB: "bench" },
      r2Buckets: { FILES: "bench" },
      queueProducers: { SELECTION_QUEUE: "bench" },
      ...(consumesQueue && name === home ? { queueConsumers: { bench: QUEUE_CONSUMER } } : {}),
      serviceBindings: { ASSETS: () => new Response("no pages here", { status: 404 }) },
    })),
    settings.inspectorPort ?? null,
  );
  const database = await runtime.miniflare.getD1Database("DB", home);
  await applyMigrations(root, database);
  const { apiKey } = await seedLocal(
    database,
    { adminEmail: "bench@breakwater.local", adminPassword: randomBytes(16).toString("hex") },
    { nowMs: Date.now, randomBytes },
  );
  const urls = await Promise.all(names.map(runtime.readUrl));
  return { urls, apiKey, readCpuMs: runtime.readCpuMs, close: runtime.close };
}

async function applyMigrations(root: string, database: D1Database): Promise<void> {
  const folder = join(root, "drizzle", "d1");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  for (const file of files) {
    const statements = (await readFile(join(folder, file), "utf8")).split("--> statement-breakpoint");
    await database.batch(
      statements.filter((text) => text.trim() !== "").map((text) => database.prepare(text)),
    );
  }
}
