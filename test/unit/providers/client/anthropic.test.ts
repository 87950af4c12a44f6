/** Calls in our words at Anthropic's adapter: written by the AI SDK, read as the wire's own. */
import { describe, expect, it } from "vitest";
import type { FetchFunction } from "../../../../src/providers/client/fetch-function.ts";
import { createAnthropicProvider } from "../../../../src/providers/client/anthropic.ts";
import { StreamPace } from "../../../../src/providers/client/stream-pace.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import type { ModelCall, ModelEvent } from "../../../../src/providers/provider.ts";

const USAGE = { input_tokens: 9, output_tokens: 4 };
const START = {
  type: "message_start",
  message: { type: "message", id: "msg_1", role: "assistant", model: "m", content: [], usage: USAGE },
};
const toEnd = (reason: string): object[] => [
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: USAGE },
  { type: "message_stop" },
];
const WORDS = [
  START,
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Yes, " } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "it does." } },
  ...toEnd("end_turn"),
];
const QUESTION: ModelCall = {
  modelId: "claude-haiku-4-5",
  prompt: [{ role: "user", content: [{ type: "text", text: "Does it?" }] }],
};

function toStream(answer: readonly object[] | Blob): Response {
  const text =
    answer instanceof Blob ? answer : answer.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

/** What leaves for Anthropic, and what comes of its answer. */
async function run(call: ModelCall, answer: readonly object[] | Blob, signal = new AbortController().signal) {
  const sent: Parameters<FetchFunction>[] = [];
  const provider = createAnthropicProvider({
    id: toProviderId("anthropic"),
    baseUrl: "https://anthropic.invalid/v1",
    apiKey: "k",
    nowMs: () => 0,
    pace: new StreamPace(),
    fetch: (...request) => {
      sent.push(request);
      return Promise.resolve(toStream(answer));
    },
  });
  const events: ModelEvent[] = [];
  for await (const batch of provider.stream(call, signal)) events.push(...batch);
  return { sent, events };
}

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

describe("[PR120] a call in our words", () => {
  it("goes out once, as the SDK wrote it, and its answer is read without what is the wire's alone", async () => {
    const { sent, events } = await run({ ...QUESTION, maxOutputTokens: 50, temperature: 0.5 }, WORDS);
    expect(sent).toHaveLength(1);
    const [url, init] = sent[0] ?? ["", {}];
    expect(url).toBe("https://anthropic.invalid/v1/messages");
    expect(init).toMatchObject({
      method: "POST",
      redirect: "manual",
      headers: { "x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json" },
    });
    expect(JSON.parse(typeof init.body === "string" ? init.body : "")).toMatchObject({
      model: "claude-haiku-4-5",
      max_tokens: 50,
      temperature: 0.5,
      stream: true,
      messages: [{ role: "user", content: [{ type: "text", text: "Does it?" }] }],
    });
    expect(events).toEqual([
      { type: "response-start" },
      { type: "text-delta", text: "Yes, " },
      { type: "text-delta", text: "it does." },
      {
        type: "finish",
        finishReason: "stop",
        usage: {
          inputTokens: 9,
          cachedInputTokens: null,
          cacheWriteTokens: null,
          outputTokens: 4,
          reasoningTokens: null,
        },
      },
    ]);
  });

  it("[PR63] that the SDK cannot write fails, and is not sent", async () => {
    const film = { type: "file", mediaType: "video/mp4", data: { type: "data", data: "AAAA" } } as const;
    const { sent, events } = await run({ ...QUESTION, prompt: [{ role: "user", content: [film] }] }, WORDS);
    expect(sent).toEqual([]);
    expect(events).toMatchObject([
      { type: "fail", failure: { kind: "bad-request", phase: "connect", status: null } },
    ]);
    expect(JSON.stringify(events)).toContain("video/mp4");
  });

  it("[PR7] that was cancelled while it was written is not sent", async () => {
    const stop = new AbortController();
    const running = run(QUESTION, WORDS, stop.signal);
    stop.abort();
    const { sent, events } = await running;
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ type: "fail", failure: { kind: "cancelled", phase: "connect" } }]);
  });

  it("[PR119] hears of thoughts that stay hidden", async () => {
    const hidden = [
      START,
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
      { type: "ping" },
      ...toEnd("end_turn"),
    ];
    const { events } = await run(QUESTION, hidden);
    const life = { type: "reasoning-delta", text: "" };
    expect(events.slice(0, -1)).toEqual([{ type: "response-start" }, life, life]);
  });

  it("[PR57] has the words in front of bytes that are no text, with either end of a line", async () => {
    for (const ending of ["\n\n", "\r\n\r\n"]) {
      const text = WORDS.slice(0, 4)
        .map((event) => `data: ${JSON.stringify(event)}${ending}`)
        .join("");
      const { events } = await run(QUESTION, new Blob([text, new Uint8Array([0xff])]));
      expect(textOf(events)).toBe("Yes, it does.");
      expect(events.at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed", phase: "stream" } });
    }
  });

  const FORMAT: ModelCall["responseFormat"] = {
    type: "json",
    schema: {
      type: "object",
      properties: { yes: { type: "boolean" } },
      required: ["yes"],
      additionalProperties: false,
    },
  };

  it("that wants JSON is read as any other where the model knows formats", async () => {
    const begun = WORDS.slice(0, 3).map((event) => `data: ${JSON.stringify(event)}\n\n`);
    const call = { ...QUESTION, responseFormat: FORMAT };
    const { sent, events } = await run(call, new Blob([begun.join(""), new Uint8Array([0xff])]));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1].body).toContain('"json_schema"');
    expect(sent[0]?.[1].body).not.toContain('"tools"');
    // The SDK loses the words in front of such bytes.
    expect(textOf(events)).toBe("Yes, ");
    expect(events.at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed", phase: "stream" } });
  });

  it("that wants JSON of a model without formats has the words of the tool that the SDK makes of it", async () => {
    const tool = { type: "tool_use", id: "toolu_1", name: "json", input: {} };
    const { sent, events } = await run(
      {
        ...QUESTION,
        modelId: "claude-3-haiku-20240307",
        responseFormat: FORMAT,
      },
      [
        START,
        { type: "content_block_start", index: 0, content_block: tool },
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "input_json_delta", partial_json: '{"yes":' },
        },
        { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "true}" } },
        ...toEnd("tool_use"),
      ],
    );
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1].body).toContain('"name":"json"');
    expect(textOf(events)).toBe('{"yes":true}');
    expect(events.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });
});
