import { describe, expect, it } from "vitest";
import type { ModelCall } from "../../../src/providers/provider.ts";
import { PROBE_DEADLINES } from "../../../src/routing/deadlines.ts";
import { runProbe } from "../../../src/routing/run-probe.ts";
import {
  answer,
  begin,
  createScriptedProvider,
  failureOf,
  finish,
  hang,
  pause,
  refuse,
  say,
  type ScriptedProviderOptions,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

const CALL: ModelCall = { modelId: "small", prompt: [], maxOutputTokens: 16 };

async function probe(script: readonly ScriptStep[], ping: ScriptedProviderOptions["ping"] = null) {
  const clock = new VirtualClock();
  const provider = createScriptedProvider({ id: "openai", clock, scripts: [script], ping });
  const startedMs = clock.nowMs();
  const result = await clock.runUntil(runProbe(provider, CALL, PROBE_DEADLINES, clock));
  return { result, provider, clock, elapsedMs: clock.nowMs() - startedMs };
}

describe("probe", () => {
  it("[CB16] lists models first, then asks for a word", async () => {
    const { result, provider } = await probe([pause(200), ...answer("OK")]);
    expect(result).toEqual({ verdict: "success", latencyMs: 200, message: "" });
    expect(provider.pings).toHaveLength(1);
    expect(provider.calls.map((call) => call.call)).toEqual([CALL]);
  });

  it.each([
    ["unauthorized", "fatal"],
    ["unreachable", "failure"],
    ["rate-limited", "rate-limited"],
  ] as const)("[CB16] when listing fails with %s no word is asked for", async (kind, verdict) => {
    const { result, provider } = await probe(answer("never"), failureOf(kind));
    expect(result).toMatchObject({ verdict, message: `${kind}: scripted ${kind}` });
    expect(provider.calls).toEqual([]);
  });

  it("[CB16] an endpoint that lists models and cannot answer is not well", async () => {
    const { result } = await probe([begin, say("O"), refuse("stream-reset", { phase: "stream" })]);
    expect(result.verdict).toBe("failure");
  });

  it("[CB16] an end without a word is a sign of life", async () => {
    const { result } = await probe([begin, finish()]);
    expect(result.verdict).toBe("success");
  });

  it("[CB12] the wait that a 429 asks a probe for is handed on", async () => {
    const listing = await probe([], failureOf("rate-limited", { retryAfterMs: 45_000 }));
    expect(listing.result).toMatchObject({ verdict: "rate-limited", retryAfterMs: 45_000 });
    const asking = await probe([refuse("rate-limited", { retryAfterMs: 7_000 })]);
    expect(asking.result).toMatchObject({ verdict: "rate-limited", retryAfterMs: 7_000 });
  });

  it("[CB17] a list of models that never comes is a failure after 5 s", async () => {
    const { result, elapsedMs, clock, provider } = await probe(answer("never"), "hang");
    expect(result).toMatchObject({ verdict: "failure", latencyMs: 5_000 });
    expect(result.message).toBe("timeout: no answer to a ping within 5000 ms");
    expect(elapsedMs).toBe(5_000);
    expect(provider.calls).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<{ name: string; script: readonly ScriptStep[]; elapsedMs: number }>([
    { name: "no headers", script: [hang], elapsedMs: 5_000 },
    { name: "no token", script: [begin, hang], elapsedMs: 10_000 },
    { name: "no further token", script: [begin, say("O"), hang], elapsedMs: 5_000 },
    {
      name: "no end",
      script: [begin, ...Array.from({ length: 20 }, () => [say("O"), pause(1_000)]).flat()],
      elapsedMs: 15_000,
    },
  ])("[CB17] $name: a failure after $elapsedMs ms, and the connection is closed", async (row) => {
    const { result, elapsedMs, provider, clock } = await probe(row.script);
    expect(result.verdict).toBe("failure");
    expect(elapsedMs).toBe(row.elapsedMs);
    expect(provider.calls[0]).toMatchObject({ aborted: true, closed: true });
    expect(clock.pendingTimers).toBe(0);
  });
});
