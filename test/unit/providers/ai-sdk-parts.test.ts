import { JSONParseError } from "@ai-sdk/provider";
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import { AiSdkPartReader } from "../../../src/providers/ai-sdk-parts.ts";
import type { ModelEvent } from "../../../src/providers/provider.ts";
import { foldAnthropicUsage, foldGoogleUsage } from "../../../src/providers/token-usage.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";

type FinishPart = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

function finish(unified: FinishPart["finishReason"]["unified"], raw?: string): FinishPart {
  return {
    type: "finish",
    finishReason: { unified, raw },
    usage: {
      inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined },
      outputTokens: { total: 5, text: 3, reasoning: 2 },
    },
  };
}

const text = (delta: string): LanguageModelV4StreamPart => ({ type: "text-delta", id: "1", delta });

function read(...parts: readonly LanguageModelV4StreamPart[]): readonly ModelEvent[] {
  const reader = new AiSdkPartReader(null, []);
  return [...parts.flatMap((part) => reader.read(part)), ...reader.end()];
}

describe("AiSdkPartReader", () => {
  test("[PR70] a whole answer", () => {
    expect(
      read(
        { type: "stream-start", warnings: [] },
        { type: "text-start", id: "1" },
        text("Hi"),
        text(""),
        finish("stop"),
      ),
    ).toEqual([
      { type: "text-delta", text: "Hi" },
      {
        type: "finish",
        finishReason: "stop",
        usage: {
          inputTokens: 10,
          cachedInputTokens: 4,
          cacheWriteTokens: null,
          outputTokens: 5,
          reasoningTokens: 2,
        },
      },
    ]);
  });

  test.each([
    ["interrupted", [text("Hi"), finish("interrupted")], "stream-cut"],
    ["no finish", [text("Hi")], "stream-cut"],
    ["a truncated stream of Workers AI", [text("Hi"), finish("error", "stream-truncated")], "stream-cut"],
    ["the reason error", [text("Hi"), finish("error")], "stream-error"],
    [
      "an error part, and what follows it",
      [
        text("Hi"),
        { type: "error", error: { type: "overloaded_error", message: "busy" } } as const,
        text("more"),
        finish("stop"),
      ],
      "stream-error",
    ],
    [
      "an error part with broken JSON",
      [text("Hi"), { type: "error", error: new JSONParseError({ text: "{prompt", cause: null }) } as const],
      "malformed",
    ],
  ] as const)("[PR70] %s", (_name, parts, kind) => {
    const events = read(...parts);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ type: "fail", failure: { kind, phase: "stream", status: 200 } });
    expect(JSON.stringify(events)).not.toContain("{prompt");
  });

  test("[PR70] a finish that nothing came before, not even a count, is an empty body", () => {
    const empty: FinishPart = {
      type: "finish",
      finishReason: { unified: "stop", raw: "stop" },
      usage: {
        inputTokens: { total: 0, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 0, text: undefined, reasoning: undefined },
      },
    };
    expect(read(empty)).toMatchObject([
      { type: "fail", failure: { kind: "stream-cut", phase: "first-token" } },
    ]);
    expect(read(text("Hi"), empty).at(-1)).toMatchObject({ type: "finish", usage: UNKNOWN_USAGE });
  });

  test("[PR62] tool calls without a start get one, cut ones are left out, broken ones are malformed", () => {
    const call = (input: string): LanguageModelV4StreamPart => ({
      type: "tool-call",
      toolCallId: "c",
      toolName: "f",
      input,
    });
    expect(read(call(""), finish("tool-calls")).slice(0, 2)).toEqual([
      { type: "tool-input-start", toolCallId: "c", toolName: "f" },
      { type: "tool-call", toolCallId: "c", toolName: "f", input: "{}" },
    ]);
    expect(read(call('{"a'), finish("length"))).toMatchObject([{ type: "finish", finishReason: "length" }]);
    expect(read(call('{"a'), finish("tool-calls"))).toMatchObject([
      { type: "fail", failure: { kind: "malformed" } },
    ]);
  });

  test("[PR5] Anthropic's counts arrive in two parts, with the cache beside the input", () => {
    const start = {
      type: "message_start",
      message: {
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 30,
          cache_creation_input_tokens: 2,
          output_tokens: 1,
        },
      },
    };
    const begun = foldAnthropicUsage(UNKNOWN_USAGE, start);
    expect(begun).toEqual({
      inputTokens: 42,
      cachedInputTokens: 30,
      cacheWriteTokens: 2,
      outputTokens: 1,
      reasoningTokens: null,
    });
    const done = foldAnthropicUsage(begun, { type: "message_delta", usage: { output_tokens: 99 } });
    expect(done).toEqual({ ...begun, outputTokens: 99 });
    expect(foldAnthropicUsage(begun, { type: "ping" })).toBe(begun);
  });

  test.each([
    ["standard", "default"],
    ["priority", "priority"],
    ["batch", undefined],
    [7, undefined],
  ])("[PR145] Anthropic tells that it has served by %s", (service_tier, serviceTier) => {
    const message = { usage: { input_tokens: 10, output_tokens: 1, service_tier } };
    const begun = foldAnthropicUsage(UNKNOWN_USAGE, { type: "message_start", message });
    expect(begun.serviceTier).toBe(serviceTier);
    const done = foldAnthropicUsage(begun, { type: "message_delta", usage: { output_tokens: 99 } });
    expect(done).toEqual({ ...begun, outputTokens: 99 });
  });

  test("[HT241] Anthropic tells what it keeps for an hour, once or again", () => {
    const counts = { input_tokens: 10, cache_creation_input_tokens: 5, output_tokens: 1 };
    const cache_creation = { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 3 };
    const message = { usage: { ...counts, cache_creation } };
    const begun = foldAnthropicUsage(UNKNOWN_USAGE, { type: "message_start", message });
    expect(begun).toMatchObject({ inputTokens: 15, cacheWriteTokens: 5, cacheWriteHourTokens: 3 });
    const done = foldAnthropicUsage(begun, { type: "message_delta", usage: { output_tokens: 99 } });
    expect(done).toEqual({ ...begun, outputTokens: 99 });
    const none = { type: "message_start", message: { usage: { ...counts, cache_creation: null } } };
    expect(foldAnthropicUsage(UNKNOWN_USAGE, none)).not.toHaveProperty("cacheWriteHourTokens");
  });

  test("[PR5] Google counts thoughts beside the answer", () => {
    const usageMetadata = {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 7,
      thoughtsTokenCount: 5,
    };
    expect(foldGoogleUsage(UNKNOWN_USAGE, { usageMetadata })).toEqual({
      inputTokens: 10,
      cachedInputTokens: 4,
      cacheWriteTokens: null,
      outputTokens: 12,
      reasoningTokens: 5,
    });
    expect(foldGoogleUsage(UNKNOWN_USAGE, { candidates: [] })).toEqual(UNKNOWN_USAGE);
  });
});
