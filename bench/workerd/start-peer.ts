/** Runs the bundle of somebody that Breakwater is measured against: one Worker with its objects on a workerd of its own. */
import type { BundledModule } from "./bundle-worker.ts";
import { startRuntime, toWorkerOptions } from "./runtime.ts";

export interface RunningPeer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly readCpuMs: () => Promise<number | null>;
  readonly close: () => Promise<void>;
}

export interface PeerSettings {
  readonly root: string;
  readonly modules: readonly BundledModule[];
  /** Bindings of objects, by name, to their classes. */
  readonly objects: Readonly<Record<string, string>>;
  readonly bindings: Readonly<Record<string, string>>;
}

const NAME = "peer";

export async function startPeer({ root, modules, objects, bindings }: PeerSettings): Promise<RunningPeer> {
  const { readUrl, readCpuMs, close } = await startRuntime([
    {
      ...toWorkerOptions(root, NAME, modules),
      bindings: { ...bindings },
      durableObjects: Object.fromEntries(
        Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
      ),
    },
  ]);
  return { url: await readUrl(NAME), readCpuMs, close };
}
