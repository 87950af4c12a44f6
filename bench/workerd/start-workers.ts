/**
 * Runs a bundled Worker on workerd without wrangler's dev proxy: each isolate is a Worker of its own with a socket of
 * its own, all of them share one set of objects, one database and one queue, as isolates in one place do.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import { seedLocal } from "../../src/auth/seed.ts";
import type { BundledModule } from "./bundle-worker.ts";

export interface RunningWorkers {
  /** One for each isolate, without a slash at its end; the first one's Worker holds the objects. */
  readonly urls: readonly string[];
  readonly apiKey: string;
  readonly close: () => Promise<void>;
}

export interface WorkersSettings {
  readonly root: string;
  readonly modules: readonly BundledModule[];
  readonly isolates: number;
  readonly sandboxUrl: string;
}

/** What is read of wrangler.jsonc. */
const Config = z.object({ compatibility_date: z.string(), compatibility_flags: z.array(z.string()) });

const OBJECTS = {
  CHAT_SESSION: "ChatSession",
  PROVIDER_HEALTH: "ProviderHealth",
  LIVE_CONSOLE: "LiveConsole",
};

export async function startWorkers(settings: WorkersSettings): Promise<RunningWorkers> {
  const { root, modules, isolates, sandboxUrl } = settings;
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = Config.parse(
    readConfig({ config: join(root, "wrangler.jsonc") }),
  );
  // All isolates of a Worker share their secrets.
  const authSecret = randomBytes(32).toString("hex");
  const names = Array.from({ length: isolates }, (_, index) => `isolate-${index + 1}`);
  const home = names[0] ?? "";
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      cf: false,
      workers: names.map((name) => ({
        name,
        modules: modules.map((module) => ({ ...module })),
        compatibilityDate,
        compatibilityFlags,
        bindings: {
          ENVIRONMENT: "local",
          PUBLIC_URL: "http://127.0.0.1:8787",
          AUTH_SECRET: authSecret,
          VERSION: "bench",
          SANDBOX_URL: sandboxUrl,
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
        serviceBindings: { ASSETS: () => new Response("no pages here", { status: 404 }) },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      })),
    }),
  );
  await runtime.ready;
  const database = await runtime.getD1Database("DB", home);
  await applyMigrations(root, database);
  const { apiKey } = await seedLocal(
    database,
    { adminEmail: "bench@breakwater.local", adminPassword: randomBytes(16).toString("hex") },
    { nowMs: Date.now, randomBytes },
  );
  const urls = await Promise.all(names.map(async (name) => (await runtime.unsafeGetDirectURL(name)).origin));
  return { urls, apiKey, close: () => runtime.dispose() };
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
