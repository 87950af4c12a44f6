/**
 * workerd through Miniflare, without wrangler's dev proxy: every Worker has a socket of its own. What runs in it is told
 * by start-workers.ts (the product) and start-peer.ts (whom it is measured against).
 */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { V4WorkerOptions } from "miniflare";
import type { BundledModule } from "./bundle-worker.ts";
import { readCompatibility } from "./compatibility.ts";
import { listWorkerdProcesses, readCpuMs } from "./process-time.ts";

export interface Runtime {
  readonly miniflare: Miniflare;
  /** Without a slash at its end. */
  readonly readUrl: (workerName: string) => Promise<string>;
  /** Processor time since the start, milliseconds; null where the system does not tell it. */
  readonly readCpuMs: () => Promise<number | null>;
  readonly close: () => Promise<void>;
}

/** What is the same for every Worker of a bench. */
export function toWorkerOptions(
  root: string,
  name: string,
  modules: readonly BundledModule[],
): V4WorkerOptions {
  return {
    name,
    modules: modules.map((module) => ({ ...module })),
    ...readCompatibility(root),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

/** One after the other: a process is known as the one that was not there before. */
export async function startRuntime(
  workers: V4WorkerOptions[],
  inspectorPort: number | null = null,
): Promise<Runtime> {
  const before = await listWorkerdProcesses();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      cf: false,
      ...(inspectorPort === null ? {} : { inspectorPort }),
      workers,
    }),
  );
  await miniflare.ready;
  const started = [...(await listWorkerdProcesses())].filter((processId) => !before.has(processId));
  const processId = started.length === 1 ? (started[0] ?? null) : null;
  return {
    miniflare,
    readUrl: async (workerName) => (await miniflare.unsafeGetDirectURL(workerName)).origin,
    readCpuMs: () => readCpuMs(processId),
    close: () => miniflare.dispose(),
  };
}
