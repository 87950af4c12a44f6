/**
 * Who takes part in `npm run bench -- http`: a bare forwarding Worker, a call's duties written by hand, the product, and the
 * Portkey gateway on Node.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchContext } from "../bench.ts";
import { bundlePeer, bundleWorker, type BundledModule } from "../workerd/bundle-worker.ts";
import { findFreePort } from "../workerd/free-port.ts";
import { installPeers } from "../workerd/install-peers.ts";
import { startPeer } from "../workerd/start-peer.ts";
import { startWorkers } from "../workerd/start-workers.ts";
import { runLoad, type Target } from "./load.ts";

export interface Systems {
  readonly forwarder: Target;
  /** What a call owes and nothing else; it does not stream. */
  readonly byHand: Target;
  readonly breakwater: Target;
  /** Of the product. */
  readonly modules: readonly BundledModule[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly toTarget: (url: string, apiKey: string) => Target;
  /** Null when it could not be installed or started. */
  readonly portkey: Target | null;
  readonly portkeyTrouble: string | null;
  readonly close: () => Promise<void>;
}

const PATH = "/v1/chat/completions";
const KEY = "bench-key";
const PROVIDER = "openai";
const MODEL = "gpt-bench";
const PORTKEY_START = join("node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
const START_TRIES = 100;
const BETWEEN_TRIES_MS = 100;

/** `upstreamUrl` is the base of OpenAI's wire; `folder` takes the bundles. */
export async function startSystems(
  { root, tell }: BenchContext,
  folder: string,
  upstreamUrl: string,
): Promise<Systems> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closing.toReversed()) await each();
  };
  try {
    tell("bundling and starting the product");
    await mkdir(join(folder, "product"));
    const modules = await bundleWorker(root, "src/worker.ts", join(folder, "product"));
    const bindings = { OPENAI_BASE_URL: upstreamUrl, PLATFORM_OPENAI_KEY: KEY };
    const workers = await startWorkers({ root, modules, isolates: 1, bindings, consumesQueue: true });
    closing.push(workers.close);
    const startWorker = async (entry: string): Promise<Target> => {
      await mkdir(join(folder, entry));
      const worker = await startPeer({
        root,
        modules: await bundlePeer(root, `bench/workers/${entry}.ts`, join(folder, entry)),
        objects: {},
        bindings: { UPSTREAM_URL: upstreamUrl, KEY },
      });
      closing.push(worker.close);
      const headers = { authorization: `Bearer ${KEY}` };
      return { name: entry, url: worker.url, path: PATH, headers, model: MODEL };
    };
    tell("bundling and starting the forwarder");
    const forwarder = await startWorker("forwarder");
    const byHand = await startWorker("call-by-hand");
    tell("installing and starting Portkey");
    const portkey = await startPortkey(root, upstreamUrl);
    closing.push(portkey.close);
    return {
      forwarder,
      byHand,
      breakwater: toBreakwater(workers.urls[0] ?? "", workers.apiKey),
      modules,
      bindings,
      toTarget: toBreakwater,
      portkey: portkey.target,
      portkeyTrouble: portkey.trouble,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function toBreakwater(url: string, apiKey: string): Target {
  const headers = { authorization: `Bearer ${apiKey}` };
  return { name: "Breakwater", url, path: PATH, headers, model: `${PROVIDER}/${MODEL}` };
}

interface Portkey {
  readonly target: Target | null;
  readonly trouble: string | null;
  readonly close: () => Promise<void>;
}

/** One call without a stream shows that it runs; whether it can stream is found out by asking for one. */
async function startPortkey(root: string, upstreamUrl: string): Promise<Portkey> {
  let child: ChildProcess | null = null;
  const close = (): Promise<void> => {
    child?.kill("SIGTERM");
    return Promise.resolve();
  };
  try {
    await installPeers(root);
    const port = await findFreePort();
    const preload = ["--import", join(root, "bench", "http", "portkey-preload.mjs")];
    const start = [join(root, "bench", PORTKEY_START), "--headless", `--port=${port}`];
    child = spawn(process.execPath, [...preload, ...start], {
      stdio: "ignore",
      // It refuses providers on its own machine unless they are named.
      env: { ...process.env, NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" },
    });
    const target: Target = {
      name: "Portkey",
      url: `http://127.0.0.1:${port}`,
      path: PATH,
      headers: {
        authorization: `Bearer ${KEY}`,
        "x-portkey-provider": PROVIDER,
        "x-portkey-custom-host": upstreamUrl,
      },
      model: MODEL,
    };
    await waitUntilItAnswers(target);
    return { target, trouble: null, close };
  } catch (error) {
    await close();
    return {
      target: null,
      trouble: error instanceof Error ? error.message : String(error),
      close: () => Promise.resolve(),
    };
  }
}

async function waitUntilItAnswers(target: Target): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await runLoad(target, { calls: 1, connections: 1, answer: "whole" });
      return;
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await sleep(BETWEEN_TRIES_MS);
    }
  }
}
