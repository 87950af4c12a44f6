/** What a failure is: every fault of the sandbox, at every adapter, classified by kind and phase. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { FaultName } from "../../sandbox/fault.ts";
import { startSandbox } from "../../sandbox/server.ts";
import type { Sandbox } from "../../sandbox/server.ts";
import type { ModelCall } from "../../src/providers/provider.ts";
import {
  ADAPTERS,
  collect,
  countTerminals,
  makeProvider,
  resetFaults,
  setFault,
  startCall,
  userPrompt,
  waitForOutcome,
} from "./adapter.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

const REFUSALS: readonly (readonly [string, FaultName, string, number | null, number | null])[] = [
  ["[PR40]", "rate-limit", "rate-limited", 429, 7_000],
  ["[PR40]", "rate-limit-silent", "rate-limited", 429, null],
  ["[PR41]", "unauthorized", "unauthorized", 401, null],
  ["[PR43]", "bad-request", "bad-request", 400, null],
  ["[PR44]", "server-error", "server-error", 500, null],
  ["[PR46]", "refuse", "unreachable", null, null],
];

/** Three words, then the fault; and the fault right after the headers. */
const STREAM_FAULTS: readonly (readonly [string, FaultName, string])[] = [
  ["[PR53]", "reset", "stream-reset"],
  ["[PR54]", "cut", "stream-cut"],
  ["[PR55]", "error-event", "stream-error"],
  ["[PR56]", "garbage", "malformed"],
];

describe.each(ADAPTERS)("$name", (adapter) => {
  const call: ModelCall = { modelId: adapter.modelId, prompt: userPrompt("Tell me something long") };

  test.each(REFUSALS)("%s %s is %s before any event", async (_rule, fault, kind, status, retryAfterMs) => {
    await setFault(sandbox.url, adapter.standIn, fault, { retryAfterSeconds: 7 });
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await startCall(provider, call);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: "fail",
      failure: { kind, phase: "connect", status, retryAfterMs },
    });
  });

  test("[PR44] overloaded is overloaded, with the wait where one is named", async () => {
    await setFault(sandbox.url, adapter.standIn, "overloaded", { retryAfterSeconds: 9 });
    const { provider } = makeProvider(adapter, sandbox.url);
    const { last } = await startCall(provider, call);
    const isAnthropic = adapter.standIn === "anthropic";
    expect(last).toMatchObject({
      type: "fail",
      failure: {
        kind: "overloaded",
        phase: "connect",
        status: isAnthropic ? 529 : 503,
        retryAfterMs: isAnthropic ? null : 9_000,
      },
    });
  });

  test("[PR42] an unknown model is model-not-found", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { last } = await startCall(provider, { ...call, modelId: "no-such-model-1" });
    expect(last).toMatchObject({
      type: "fail",
      failure: { kind: "model-not-found", phase: "connect", status: 404 },
    });
  });

  test.each(STREAM_FAULTS)(
    "%s %s in mid-stream is %s, after the words before it",
    async (_rule, fault, kind) => {
      await setFault(sandbox.url, adapter.standIn, fault, { afterChunks: 3 });
      const { provider } = makeProvider(adapter, sandbox.url);
      const { events, last, text } = await startCall(provider, call);
      expect(countTerminals(events)).toBe(1);
      expect(last).toMatchObject({ type: "fail", failure: { kind, phase: "stream", status: 200 } });
      expect(text).toHaveLength(21);
    },
  );

  test.each(STREAM_FAULTS)(
    "[PR9] %s %s right after the headers is %s, phase first-token",
    async (_rule, fault, kind) => {
      await setFault(sandbox.url, adapter.standIn, fault, { afterChunks: 0 });
      const { provider } = makeProvider(adapter, sandbox.url);
      const { events } = await startCall(provider, call);
      expect(events.map(({ type }) => type)).toEqual(["response-start", "fail"]);
      expect(events[1]).toMatchObject({ failure: { kind, phase: "first-token", status: 200 } });
    },
  );

  test("[PR54] an empty 200 stream is stream-cut", async () => {
    await setFault(sandbox.url, adapter.standIn, "empty");
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await startCall(provider, call);
    expect(events.map(({ type }) => type)).toEqual(["response-start", "fail"]);
    expect(events[1]).toMatchObject({ failure: { kind: "stream-cut", phase: "first-token", status: 200 } });
  });

  test("[PR56] a 200 of another content type is malformed", async () => {
    const { provider } = makeProvider(adapter, sandbox.url, {
      fetch: () => Promise.resolve(Response.json({ message: "a captive portal says hello" })),
    });
    const { events, last } = await startCall(provider, call);
    expect(countTerminals(events)).toBe(1);
    expect(events.some(({ type }) => type === "response-start")).toBe(false);
    expect(last).toMatchObject({
      type: "fail",
      failure: { kind: "malformed", phase: "first-token", status: 200 },
    });
  });

  test("[PR57] a broken answer reports the input where the wire told it early", async () => {
    await setFault(sandbox.url, adapter.standIn, "reset", { afterChunks: 3 });
    const { provider } = makeProvider(adapter, sandbox.url);
    const { last } = await startCall(provider, call);
    const usage = last?.type === "fail" ? last.usage : null;
    const tellsEarly = adapter.config.wire !== "openai-chat";
    expect(usage?.inputTokens).toBe(tellsEarly ? Math.ceil("Tell me something long".length / 4) : null);
  });

  test("[PR7] an abort before the headers is cancelled, and the connection closes", async () => {
    await setFault(sandbox.url, adapter.standIn, "hang");
    const stop = new AbortController();
    const { provider } = makeProvider(adapter, sandbox.url, {
      fetch(url, init) {
        setImmediate(() => stop.abort());
        return fetch(url, init);
      },
    });
    const { events } = await collect(provider.stream(call, stop.signal));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: "fail", failure: { kind: "cancelled", phase: "connect" } });
  });

  test("[PR7] an abort in a stream that stalls before the first word is cancelled", async () => {
    await setFault(sandbox.url, adapter.standIn, "stall", { afterChunks: 0 });
    const stop = new AbortController();
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await collect(provider.stream(call, stop.signal), ({ type }) => {
      if (type === "response-start") stop.abort();
    });
    expect(events.map(({ type }) => type)).toEqual(["response-start", "fail"]);
    expect(events[1]).toMatchObject({ failure: { kind: "cancelled", phase: "first-token" } });
    expect(await waitForOutcome(sandbox.url)).toBe("client-closed");
  });

  test("[PR7] an abort in mid-stream is cancelled, and the connection closes", async () => {
    await setFault(sandbox.url, adapter.standIn, "stall", { afterChunks: 3 });
    const stop = new AbortController();
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events, last } = await collect(provider.stream(call, stop.signal), ({ type }) => {
      if (type === "text-delta") stop.abort();
    });
    expect(countTerminals(events)).toBe(1);
    expect(last).toMatchObject({ type: "fail", failure: { kind: "cancelled", phase: "stream" } });
    expect(await waitForOutcome(sandbox.url)).toBe("client-closed");
  });

  test("[PR7] a signal that has aborted already sends no request that is answered", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await collect(provider.stream(call, AbortSignal.abort()));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: "fail", failure: { kind: "cancelled", phase: "connect" } });
  });

  test("[PR8] leaving the loop early closes the connection", async () => {
    await setFault(sandbox.url, adapter.standIn, "stall", { afterChunks: 3 });
    const { provider } = makeProvider(adapter, sandbox.url);
    for await (const batch of provider.stream(call, new AbortController().signal)) {
      if (batch.some(({ type }) => type === "text-delta")) break;
    }
    expect(await waitForOutcome(sandbox.url)).toBe("client-closed");
  });

  test("[PR64] a redirect is not followed", async () => {
    const { provider, sent } = makeProvider(adapter, sandbox.url, {
      fetch: () =>
        Promise.resolve(
          new Response(null, { status: 302, headers: { location: `${sandbox.url}/elsewhere` } }),
        ),
    });
    const { last } = await startCall(provider, call);
    expect(last).toMatchObject({
      type: "fail",
      failure: { kind: "malformed", phase: "connect", status: 302 },
    });
    expect(sent.map(({ redirect }) => redirect)).toEqual(["manual"]);
    await provider.ping(new AbortController().signal);
    expect(sent.map(({ redirect }) => redirect)).toEqual(["manual", "manual"]);
  });

  test("[PR47] the key never stands in a failure's message", async () => {
    const apiKey = "sk-contract-0123456789abcdef";
    const { provider } = makeProvider(adapter, sandbox.url, {
      apiKey,
      fetch: () =>
        Promise.resolve(
          Response.json(
            { error: { type: "authentication_error", message: `Incorrect key ${apiKey} given`, code: 401 } },
            { status: 401 },
          ),
        ),
    });
    const { last } = await startCall(provider, call);
    const message = last?.type === "fail" ? last.failure.message : "";
    expect(message).toContain("Incorrect key [key] given");
    expect(JSON.stringify(await provider.ping(new AbortController().signal))).not.toContain(apiKey);
  });

  test.each(["unauthorized", "server-error", "rate-limit", "overloaded", "refuse"] as const)(
    "[PR65] a ping is classified under %s",
    async (fault) => {
      await setFault(sandbox.url, adapter.standIn, fault);
      const { provider } = makeProvider(adapter, sandbox.url);
      const kinds = {
        unauthorized: "unauthorized",
        "server-error": "server-error",
        "rate-limit": "rate-limited",
        overloaded: "overloaded",
        refuse: "unreachable",
      } as const;
      expect(await provider.ping(new AbortController().signal)).toMatchObject({
        kind: kinds[fault],
        phase: "connect",
      });
    },
  );

  test("[PR65] a ping that hangs is cancelled by its signal", async () => {
    await setFault(sandbox.url, adapter.standIn, "hang");
    const stop = new AbortController();
    const { provider } = makeProvider(adapter, sandbox.url, {
      fetch(url, init) {
        setImmediate(() => stop.abort());
        return fetch(url, init);
      },
    });
    expect(await provider.ping(stop.signal)).toMatchObject({ kind: "cancelled" });
  });
});
