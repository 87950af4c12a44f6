/**
 * How long a transition takes until every isolate has been told of it and until an open console shows it. Isolates
 * serve traffic all the while; a provider is opened after half a minute of quiet, when isolates look least often. That
 * an isolate acts on what it was told is checked by who serves its requests from then on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AdminLiveFrame } from "../../src/protocol/circuit.ts";
import type { Completion, IsolateClient } from "./isolate-client.ts";

export interface TransitionTimes {
  /** One for each transition and isolate. */
  readonly toIsolatesMs: readonly number[];
  /** One for each transition. */
  readonly toConsoleMs: readonly number[];
}

/** A circuit counts as quiet when its last change is longer ago than this, and a little (src/circuit/client.ts). */
const QUIET_MS = 31_000;
/** Longer than any isolate may take to know. */
const WATCHED_MS = 6_000;
/** Between two requests of one isolate to one provider: busy, and far from what the machine can do. */
const REQUEST_EVERY_MS = 300;

/** Opens each of `providers` once. `models` has one model for each, and one of a provider that stays well. */
export async function measureTransitions(
  isolates: readonly IsolateClient[],
  providers: readonly string[],
  models: ReadonlyMap<string, string>,
  fallback: string,
): Promise<TransitionTimes> {
  const [home] = isolates;
  if (home === undefined) throw new Error("an isolate is needed");
  const stop = new AbortController();
  const traffic = isolates.flatMap((isolate) =>
    providers.map((provider) =>
      startTraffic(isolate, provider, [models.get(provider) ?? "", fallback], stop.signal),
    ),
  );
  const board = await openConsole(home);
  await sleep(QUIET_MS);
  for (const isolate of isolates) await isolate.takeHeard();
  const openedAtMs = new Map<string, number>();
  for (const provider of providers) openedAtMs.set(provider, await home.control(provider, "open"));
  await sleep(WATCHED_MS);
  stop.abort();
  await Promise.all(traffic.map(({ done }) => done));
  const heard = new Map<IsolateClient, Record<string, number>>();
  for (const isolate of isolates) heard.set(isolate, await isolate.takeHeard());
  for (const provider of providers) await home.control(provider, "reset");
  board.close();
  return {
    toIsolatesMs: traffic.map(({ isolate, provider, completions }) => {
      const heardAtMs = heard.get(isolate)?.[provider];
      if (heardAtMs === undefined) throw new Error(`an isolate was never told that ${provider} is open`);
      checkServed(completions, provider, heardAtMs);
      return Math.max(0, heardAtMs - (openedAtMs.get(provider) ?? 0));
    }),
    toConsoleMs: providers.map((provider) => {
      const seenAtMs = board.openedAtMs.get(provider);
      if (seenAtMs === undefined) throw new Error(`the console was never told that ${provider} is open`);
      return Math.max(0, seenAtMs - (openedAtMs.get(provider) ?? 0));
    }),
  };
}

interface Traffic {
  readonly isolate: IsolateClient;
  readonly provider: string;
  readonly completions: Completion[];
  readonly done: Promise<void>;
}

function startTraffic(
  isolate: IsolateClient,
  provider: string,
  models: readonly string[],
  signal: AbortSignal,
): Traffic {
  const completions: Completion[] = [];
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      completions.push(await isolate.complete(models));
      await sleep(REQUEST_EVERY_MS);
    }
  };
  return { isolate, provider, completions, done: run() };
}

/** Nobody is sent to an open provider any more once its isolate knows. */
function checkServed(completions: readonly Completion[], provider: string, heardAtMs: number): void {
  const late = completions.find((each) => each.startedMs > heardAtMs && each.provider === provider);
  if (late !== undefined) throw new Error(`${provider} served a request after its isolate had been told`);
}

interface Board {
  /** By provider: when the console first showed it open, epoch milliseconds. */
  readonly openedAtMs: ReadonlyMap<string, number>;
  readonly close: () => void;
}

async function openConsole(isolate: IsolateClient): Promise<Board> {
  const openedAtMs = new Map<string, number>();
  const socket = new WebSocket(`${isolate.url.replace("http", "ws")}/bench/console`);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("error", () => reject(new Error("the console's socket broke")));
  socket.addEventListener("message", ({ data }) => {
    const frame = AdminLiveFrame.parse(JSON.parse(String(data)));
    if (frame.type === "hello") resolve();
    if (frame.type !== "circuit" || frame.detail.snapshot.status !== "OPEN") return;
    const { provider } = frame.detail.snapshot;
    if (!openedAtMs.has(provider)) openedAtMs.set(provider, Date.now());
  });
  await ready;
  return { openedAtMs, close: () => socket.close() };
}
