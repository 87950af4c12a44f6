/** One isolate's circuit client, an authority it can lose, and what it left running in the background. */
import { CircuitClient, type CircuitCache } from "../../../src/circuit/client.ts";
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import { FakeAuthority } from "../../fakes/fake-authority.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

export function createClientWorld() {
  const clock = new VirtualClock();
  const authority = new FakeAuthority(clock);
  const log = new RecordingLog();
  const cache: CircuitCache = new Map();
  const background: Promise<unknown>[] = [];
  const client = new CircuitClient({
    authority,
    cache,
    clock,
    log,
    waitUntil: (work) => void background.push(work),
  });
  return { clock, authority, log, cache, background, client };
}

export function outcomeOf(verdict: CallOutcome["verdict"], changes: Partial<CallOutcome> = {}): CallOutcome {
  return {
    verdict,
    requestId: "req_1",
    model: "gpt",
    atMs: 0,
    latencyMs: 10,
    scope: "model",
    tokensPerSecond: null,
    retryAfterMs: null,
    message: verdict === "success" ? "" : `scripted ${verdict}`,
    ...changes,
  };
}
