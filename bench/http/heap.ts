/**
 * How much an isolate still holds when everything that can be let go has been: over the inspector, on a workerd of its
 * own, since a debugger that looks on slows everything down. What the whole process holds says nothing of that: the bench's
 * database and queue are in it too.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { BundledModule } from "../workerd/bundle-worker.ts";
import { findFreePort } from "../workerd/free-port.ts";
import { startWorkers } from "../workerd/start-workers.ts";
import { runLoad, type Target } from "./load.ts";

export interface Heap {
  readonly beforeMiB: number;
  readonly afterMiB: number;
}

/** Until caches, compiled code and pools are as large as they get. */
const WARM_UP_CALLS = 4_000;
const CALLS = 10_000;
const CONNECTIONS = 32;
/** Records travel for a second, and their consumer holds a batch of them meanwhile: they are waited for. */
const SETTLE_MS = 3_000;
const TARGETS = z.array(z.object({ title: z.string(), webSocketDebuggerUrl: z.string() })).min(1);
const Usage = z.object({ result: z.object({ usedSize: z.number() }) });

export interface HeapSettings {
  readonly root: string;
  readonly modules: readonly BundledModule[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly toTarget: (url: string, apiKey: string) => Target;
}

/** Before and after 10,000 calls. */
export async function measureHeap({ root, modules, bindings, toTarget }: HeapSettings): Promise<Heap> {
  const inspectorPort = await findFreePort();
  const workers = await startWorkers({
    root,
    modules,
    isolates: 1,
    bindings,
    consumesQueue: true,
    inspectorPort,
  });
  try {
    const target = toTarget(workers.urls[0] ?? "", workers.apiKey);
    const call = (calls: number) => runLoad(target, { calls, connections: CONNECTIONS, answer: "whole" });
    await call(WARM_UP_CALLS);
    const beforeMiB = await readHeapMiB(inspectorPort);
    await call(CALLS);
    return { beforeMiB, afterMiB: await readHeapMiB(inspectorPort) };
  } finally {
    await workers.close();
  }
}

async function readHeapMiB(port: number): Promise<number> {
  await sleep(SETTLE_MS);
  const [target] = TARGETS.parse(await (await fetch(`http://127.0.0.1:${port}/json/list`)).json());
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("the inspector does not answer")), {
        once: true,
      });
    });
    await ask(socket, 1, "HeapProfiler.enable");
    // What the first collection sets free, the second one takes away.
    await ask(socket, 2, "HeapProfiler.collectGarbage");
    await ask(socket, 3, "HeapProfiler.collectGarbage");
    const { result } = Usage.parse(await ask(socket, 4, "Runtime.getHeapUsage"));
    return result.usedSize / 1_048_576;
  } finally {
    socket.close();
  }
}

function ask(socket: WebSocket, id: number, method: string): Promise<unknown> {
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent): void => {
      const answer: unknown = JSON.parse(String(data));
      if (typeof answer !== "object" || answer === null || !("id" in answer) || answer.id !== id) return;
      socket.removeEventListener("message", listen);
      resolve(answer);
    };
    socket.addEventListener("message", listen);
    socket.send(JSON.stringify({ id, method }));
  });
}
