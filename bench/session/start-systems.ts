/** Bundles and starts everybody who is measured, each on a workerd of its own, all in front of one provider. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext } from "../bench.ts";
import { bundlePeer, bundleWorker } from "../workerd/bundle-worker.ts";
import { startPeer, type RunningPeer } from "../workerd/start-peer.ts";
import { startWorkers } from "../workerd/start-workers.ts";
import { createAgentSystem } from "./agent-system.ts";
import type { BreakwaterServer } from "./breakwater-system.ts";
import { installPeers } from "../workerd/install-peers.ts";

interface Closable {
  readonly close: () => Promise<void>;
}

export interface Systems extends Closable {
  readonly relay: RunningPeer;
  /** What a chat owes and nothing else. */
  readonly byHand: RunningPeer;
  /** Null when it could not be installed or started. */
  readonly agent: RunningPeer | null;
  /** Why it could not; null when it could. */
  readonly agentTrouble: string | null;
  /** The product as it is. */
  readonly breakwater: BreakwaterServer;
  /** The product behind the bench's own entry, which counts. */
  readonly counted: BreakwaterServer;
}

/** `folder` takes the bundles. */
export async function startSystems(
  { root, tell }: BenchContext,
  folder: string,
  upstreamUrl: string,
): Promise<Systems> {
  const started: Closable[] = [];
  const close = async (): Promise<void> => {
    for (const each of started.toReversed()) await each.close();
  };
  const keep = <Running extends Closable>(running: Running): Running => {
    started.push(running);
    return running;
  };
  const subfolder = async (name: string): Promise<string> => {
    await mkdir(join(folder, name));
    return join(folder, name);
  };
  const startBreakwater = async (entry: string, name: string): Promise<BreakwaterServer> => {
    const modules = await bundleWorker(root, entry, await subfolder(name));
    const bindings = {
      OPENAI_BASE_URL: upstreamUrl,
      PLATFORM_OPENAI_KEY: "bench-key",
      ANTHROPIC_BASE_URL: upstreamUrl,
      PLATFORM_ANTHROPIC_KEY: "bench-key",
      GOOGLE_BASE_URL: upstreamUrl,
      PLATFORM_GOOGLE_KEY: "bench-key",
      // Titles and summaries are calls of their own that the others do not make.
      UPKEEP_MODEL: "off",
    };
    const settings = { root, modules, isolates: 1, bindings, consumesQueue: true };
    const { urls, apiKey, readCpuMs } = keep(await startWorkers(settings));
    return { url: urls[0] ?? "", apiKey, readCpuMs };
  };
  const startOther = async (entry: string, objects: Record<string, string>): Promise<RunningPeer> => {
    const modules = await bundlePeer(root, `bench/workers/${entry}.ts`, await subfolder(entry));
    return keep(await startPeer({ root, modules, objects, bindings: { UPSTREAM_URL: upstreamUrl } }));
  };
  try {
    tell("bundling and starting the product");
    const breakwater = await startBreakwater("src/worker.ts", "product");
    const counted = await startBreakwater("bench/workers/session.ts", "counted");
    tell("bundling and starting the relay");
    const relay = await startOther("relay", { RELAY: "RelayChat" });
    const byHand = await startOther("relay-by-hand", { BY_HAND: "ChatByHand" });
    tell("bundling and starting AIChatAgent");
    const agent = await startAgent(root, () =>
      startOther("ai-chat-agent", { ChatAgent: "ChatAgent", CountedChatAgent: "CountedChatAgent" }),
    );
    return { relay, byHand, ...agent, breakwater, counted, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Without it there is still something to measure: a machine may have no registry. One turn shows that it runs. */
async function startAgent(
  root: string,
  start: () => Promise<RunningPeer>,
): Promise<Pick<Systems, "agent" | "agentTrouble">> {
  try {
    await installPeers(root);
    const agent = await start();
    const chat = await createAgentSystem(agent, "chat-agent").openChat();
    await chat.ask({ words: 1, durationMs: 0, held: false });
    chat.close();
    return { agent, agentTrouble: null };
  } catch (error) {
    return { agent: null, agentTrouble: error instanceof Error ? error.message : String(error) };
  }
}
