/**
 * Workers AI's adapter over a fake binding: the binding exists only in deployed environments, so it answers here with
 * recorded event streams of the two shapes it has (native and OpenAI-like) and with the errors it is known to throw.
 */
import type { Ai } from "@cloudflare/workers-types";
import { describe, expect, test } from "vitest";
import { createWorkersAiProvider } from "../../src/providers/client/workers-ai.ts";
import { toProviderId } from "../../src/providers/provider-config.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { collect, countTerminals, startCall, userPrompt } from "./adapter.ts";

const NATIVE =
  'data: {"response":"Hel","p":"abc"}\n\ndata: {"response":"lo","p":"abc"}\n\n' +
  'data: {"response":"","usage":{"prompt_tokens":14,"completion_tokens":2,"total_tokens":16}}\n\ndata: [DONE]\n\n';
const OPENAI_LIKE =
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"}}]}\n\n' +
  'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n' +
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\n' +
  'data: {"choices":[],"usage":{"prompt_tokens":14,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":8}}}\n\ndata: [DONE]\n\n';

interface FakeAnswer {
  readonly run: () => Promise<ReadableStream<Uint8Array>>;
  readonly models?: () => Promise<unknown>;
}

function providerOver({ run, models }: FakeAnswer): Provider {
  // The binding is a class of the platform's with a dozen methods; the adapter uses these two.
  const binding = { run, models: models ?? (() => Promise.resolve([])) } as unknown as Ai;
  return createWorkersAiProvider({ id: toProviderId("workers-ai"), binding, nowMs: () => 0 });
}

function streamOf(
  text: string,
  options: { readonly staysOpen?: boolean; readonly onCancel?: () => void } = {},
) {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      if (options.staysOpen !== true) controller.close();
    },
    cancel() {
      options.onCancel?.();
    },
  });
}

const call = { modelId: "@cf/zai-org/glm-5.3-flash", prompt: userPrompt("Hello") };

describe("workers-ai", () => {
  test("[PR71] the native stream: text and usage", async () => {
    const { events, text, last } = await startCall(
      providerOver({ run: () => Promise.resolve(streamOf(NATIVE)) }),
      call,
    );
    expect(events[0]?.type).toBe("response-start");
    expect(text).toBe("Hello");
    expect(last).toMatchObject({
      type: "finish",
      finishReason: "stop",
      usage: { inputTokens: 14, outputTokens: 2 },
    });
  });

  test("[PR71] the OpenAI-like stream: thoughts, cached tokens, the finish reason", async () => {
    const { text, reasoning, last } = await startCall(
      providerOver({ run: () => Promise.resolve(streamOf(OPENAI_LIKE)) }),
      call,
    );
    expect([reasoning, text]).toEqual(["hm", "Hello"]);
    expect(last).toMatchObject({
      type: "finish",
      finishReason: "length",
      usage: { inputTokens: 14, cachedInputTokens: 8 },
    });
  });

  test("[PR71] [PR54] a truncated and an empty stream are cut", async () => {
    const truncated = NATIVE.slice(0, NATIVE.indexOf('data: {"response":""'));
    for (const stream of [truncated, ""]) {
      const { events, last } = await startCall(
        providerOver({ run: () => Promise.resolve(streamOf(stream)) }),
        call,
      );
      expect(countTerminals(events)).toBe(1);
      expect(last).toMatchObject({ type: "fail", failure: { kind: "stream-cut" } });
    }
  });

  test("[PR71] a refused call is classified by the binding's own code", async () => {
    const refusal = new Error("3040: Capacity temporarily exceeded, please try again.");
    const refused = await startCall(providerOver({ run: () => Promise.reject(refusal) }), call);
    expect(refused.events).toHaveLength(1);
    expect(refused.last).toMatchObject({
      type: "fail",
      failure: { kind: "rate-limited", phase: "connect", status: 429 },
    });
    const lost = await startCall(
      providerOver({ run: () => Promise.reject(new Error("Network connection lost.")) }),
      call,
    );
    expect(lost.last).toMatchObject({
      type: "fail",
      failure: { kind: "unreachable", phase: "connect", status: null },
    });
  });

  test("[PR71] [PR7] an abort ends the call, before the stream and in it", async () => {
    const early = new AbortController();
    const waiting = providerOver({
      run: () => (setImmediate(() => early.abort()), new Promise<never>(() => {})),
    });
    const before = await collect(waiting.stream(call, early.signal));
    expect(before.events).toMatchObject([{ type: "fail", failure: { kind: "cancelled", phase: "connect" } }]);

    const late = new AbortController();
    const closed = Promise.withResolvers<void>();
    const stream = streamOf('data: {"response":"Hel"}\n\n', { staysOpen: true, onCancel: closed.resolve });
    const during = await collect(
      providerOver({ run: () => Promise.resolve(stream) }).stream(call, late.signal),
      ({ type }) => {
        if (type === "text-delta") late.abort();
      },
    );
    expect(during.last).toMatchObject({ type: "fail", failure: { kind: "cancelled", phase: "stream" } });
    // Through the SDK's pipes the cancel takes a moment; it never coming is the test's own timeout.
    await closed.promise;
  });

  test("[PR71] [PR65] a ping lists models over the binding", async () => {
    const run = () => Promise.reject(new Error("a ping generates nothing"));
    expect(await providerOver({ run }).ping(new AbortController().signal)).toBeNull();
    const ill = providerOver({ run, models: () => Promise.reject(new Error("down")) });
    expect(await ill.ping(new AbortController().signal)).toMatchObject({ kind: "unreachable" });
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    expect(await providerOver({ run, models: () => new Promise(() => {}) }).ping(stop.signal)).toMatchObject({
      kind: "cancelled",
    });
  });
});
