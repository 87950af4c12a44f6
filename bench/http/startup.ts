/** What a deployed Worker costs before its first request: the size of its bundle, and the processor time to load it. */
import { gzipSync } from "node:zlib";
import { medianOf } from "../measure.ts";
import type { BundledModule } from "../workerd/bundle-worker.ts";
import { startPeer } from "../workerd/start-peer.ts";

export interface Startup {
  readonly bundleGzipKiB: number;
  /** Null where the system does not tell processor time. */
  readonly cpuMs: number | null;
}

const STARTS = 5;
const EMPTY: readonly BundledModule[] = [
  {
    type: "ESModule",
    path: "worker.js",
    contents: "export default { fetch: () => new Response('nothing') };",
  },
];

/** Processor time of workerd up to its first answer, less that of one with an empty Worker; the median of five. */
export async function measureStartup(root: string, modules: readonly BundledModule[]): Promise<Startup> {
  const differences: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const empty = await measureStart(root, EMPTY);
    const full = await measureStart(root, modules);
    if (empty !== null && full !== null) differences.push(full - empty);
  }
  const bytes = modules.reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  return { bundleGzipKiB: bytes / 1_024, cpuMs: differences.length === 0 ? null : medianOf(differences) };
}

/** Its objects are not bound and its settings are missing: what is measured is that the script is loaded and run. */
async function measureStart(root: string, modules: readonly BundledModule[]): Promise<number | null> {
  const peer = await startPeer({ root, modules, objects: {}, bindings: {} });
  try {
    await fetch(peer.url);
    return await peer.readCpuMs();
  } finally {
    await peer.close();
  }
}
