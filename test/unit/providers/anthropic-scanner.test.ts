/** Anthropic's stream as events, wherever the network cuts it, and every way in which it can break. */
import { describe, expect, it } from "vitest";
import { AnthropicScanner } from "../../../src/providers/anthropic-scanner.ts";
import type { ModelEvent } from "../../../src/providers/provider.ts";

type Json = Record<string, unknown>;

const toText = (events: readonly Json[], lineEnd = "\n"): string =>
  events
    .map((event) => `event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("")
    .replaceAll("\n", lineEnd);

const START = {
  type: "message_start",
  message: {
    id: "msg_x",
    model: "claude",
    usage: { input_tokens: 9, cache_read_input_tokens: 3, output_tokens: 1 },
  },
};
const block = (index: number, start: Json, ...deltas: Json[]): Json[] => [
  { type: "content_block_start", index, content_block: start },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];
const said = (index: number, ...texts: string[]): Json[] =>
  block(index, { type: "text", text: "" }, ...texts.map((text) => ({ type: "text_delta", text })));
const called = (index: number, ...pieces: string[]): Json[] =>
  block(
    index,
    { type: "tool_use", id: "toolu_1", name: "look", input: {} },
    ...pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  );
const ended = (stop_reason: string | null, more: Json = {}): Json => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null, ...more },
  usage: { output_tokens: 7 },
});
const STOP = { type: "message_stop" };
const PING = { type: "ping" };

/** What comes of a text that the network cuts into pieces of that many characters. */
function scan(text: string, pieceLength = text.length, how: "end" | "break" = "end"): ModelEvent[] {
  const scanner = new AnthropicScanner(["secret-key"], "native");
  const events: ModelEvent[] = [];
  for (let start = 0; start < text.length; start += pieceLength) {
    events.push(...scanner.feed(text.slice(start, start + pieceLength)));
  }
  events.push(...(how === "end" ? scanner.end() : scanner.breakOff("stream-reset", "reset by secret-key")));
  return events;
}

const wireOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "wire" ? event.text : "")).join("");
const withoutWire = (events: readonly ModelEvent[]): ModelEvent[] =>
  events.filter((event) => event.type !== "wire");

const PROSE = [
  START,
  PING,
  ...block(
    0,
    { type: "thinking", thinking: "", signature: "" },
    { type: "thinking_delta", thinking: "hm" },
    { type: "signature_delta", signature: "s1" },
  ),
  ...block(1, { type: "redacted_thinking", data: "d1" }),
  ...said(2, "Hel", "lo "),
];
const FULL = [...PROSE, ...called(3, '{"a":', "1}"), ended("tool_use"), STOP];

describe("a whole stream", () => {
  it.each(["\n", "\r\n"])(
    "[PR110] [PR111] means the same wherever it is cut, with lines that end in %j",
    (lineEnd) => {
      const text = toText(FULL, lineEnd);
      const expected = withoutWire(scan(text));
      expect(expected).toEqual([
        { type: "reasoning-delta", text: "" },
        { type: "reasoning-delta", text: "hm" },
        { type: "reasoning-delta", text: "", proof: { signature: "s1" } },
        { type: "reasoning-delta", text: "", proof: { redactedData: "d1" } },
        { type: "text-delta", text: "Hel" },
        { type: "text-delta", text: "lo " },
        { type: "tool-input-start", toolCallId: "toolu_1", toolName: "look" },
        { type: "tool-input-delta", toolCallId: "toolu_1", text: '{"a":' },
        { type: "tool-input-delta", toolCallId: "toolu_1", text: "1}" },
        { type: "tool-call", toolCallId: "toolu_1", toolName: "look", input: '{"a":1}' },
        {
          type: "finish",
          finishReason: "tool-calls",
          native: [ended("tool_use")],
          usage: {
            inputTokens: 12,
            cachedInputTokens: 3,
            cacheWriteTokens: null,
            outputTokens: 7,
            reasoningTokens: null,
          },
        },
      ]);
      for (let length = 1; length <= 60; length += 1)
        expect(withoutWire(scan(text, length))).toEqual(expected);
    },
  );

  it("[PR112] hands out its own events once and in order, but for pings and the end", () => {
    const passed = toText(
      FULL.filter(({ type }) => type !== "ping" && type !== "message_delta" && type !== "message_stop"),
    );
    for (const length of [1, 7, 100, 10_000]) expect(wireOf(scan(toText(FULL), length))).toBe(passed);
  });

  it("[PR119] tells that it thinks, as long as it does, although its thoughts stay hidden", () => {
    const hidden = { type: "thinking", thinking: "", signature: "" };
    const [start = {}, proof = {}, stop = {}] = block(0, hidden, {
      type: "signature_delta",
      signature: "s1",
    });
    const scanner = new AnthropicScanner([], "native");
    const alive = [{ type: "reasoning-delta", text: "" }];
    expect(withoutWire(scanner.feed(toText([START, PING])))).toEqual([]);
    const begun = scanner.feed(toText([start]));
    expect(withoutWire(begun)).toEqual(alive);
    expect(wireOf(begun)).toBe(toText([START, start]));
    expect(scanner.feed(toText([PING]))).toEqual(alive);
    scanner.feed(toText([proof, stop]));
    expect(withoutWire(scanner.feed(toText([PING])))).toEqual([]);
  });

  it("[PR111] leaves calls that the provider makes itself to the provider", () => {
    const [start = {}, input = {}, stop = {}] = block(
      0,
      { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
      { type: "input_json_delta", partial_json: '{"query":"a"}' },
    );
    const events = withoutWire(scan(toText([START, start, input, stop, ended("end_turn"), STOP])));
    expect(events).toMatchObject([{ type: "finish", finishReason: "stop" }]);
  });

  it("[PR125] a call whose arguments are nested too deep is a fault", () => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const start = toText([
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t1", name: "look", input: { a: 0 } },
      },
    ]).replace('{"a":0}', `{"a":${deep}}`);
    expect(withoutWire(scan(toText([START]) + start)).at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "malformed" },
    });
  });

  it("[PR111] takes the input of a call that comes whole with its beginning", () => {
    const [start = {}, stop = {}] = block(0, { type: "tool_use", id: "t1", name: "look", input: { a: 1 } });
    const events = withoutWire(scan(toText([START, start, stop, ended("tool_use"), STOP])));
    expect(events).toContainEqual({
      type: "tool-call",
      toolCallId: "t1",
      toolName: "look",
      input: '{"a":1}',
    });
  });

  it("[PR112] hands out an event whose data came in two lines in one", () => {
    const delta = said(0, "a").slice(1, 2);
    const inTwoLines = toText(delta).replace(',"index"', ',\ndata: "index"');
    expect(wireOf(scan(toText([START]) + inTwoLines))).toBe(toText([START, ...delta]));
  });

  it("[PR112] keeps words apart from what is more than words", () => {
    const events = scan(toText([START, ...said(0, "a"), ...called(1, "{}"), ended("tool_use"), STOP]));
    const kinds = events.flatMap((event) => (event.type === "wire" ? [event.isProse] : []));
    expect(kinds[0]).toBe(true);
    expect(kinds.slice(1)).toContain(false);
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "content-filter"],
    ["pause_turn", "other"],
  ])("[PR113] the reason %s is %s, and is handed out as it came", (reason, finishReason) => {
    const end = ended(reason, { stop_sequence: "END" });
    expect(scan(toText([START, ...said(0, "a"), end, STOP])).at(-1)).toMatchObject({
      type: "finish",
      finishReason,
      native: [end],
    });
  });

  it("[PR113] that was told its reason has ended, although the connection broke before it said so", () => {
    const text = toText([START, ...said(0, "a"), ended("end_turn")]);
    for (const how of ["end", "break"] as const)
      expect(scan(text, 9, how).at(-1)).toMatchObject({ type: "finish" });
  });

  it("[PR113] that was told its reason has ended, although an error comes behind it", () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const events = scan(toText([START, ...said(0, "a"), ended("end_turn"), error]));
    expect(events.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });

  it("[PR114] a call that the limit cut is none; one that is no JSON otherwise is a fault", () => {
    const cut = scan(toText([START, ...called(0, '{"a'), ended("max_tokens"), STOP]));
    expect(cut.some(({ type }) => type === "tool-call")).toBe(false);
    expect(cut.at(-1)).toMatchObject({ type: "finish", finishReason: "length" });
    const broken = scan(toText([START, ...called(0, '{"a'), ended("tool_use"), STOP]));
    expect(broken.at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed" } });
    const empty = scan(toText([START, ...called(0), ended("tool_use"), STOP]));
    expect(empty).toContainEqual({ type: "tool-call", toolCallId: "toolu_1", toolName: "look", input: "{}" });
  });
});

describe("a stream that breaks", () => {
  const ERROR = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  it.each<[string, string, string, string]>([
    ["is empty", "", "stream-cut", "first-token"],
    ["ends before its reason", toText([START, ...said(0, "a")]), "stream-cut", "stream"],
    ["stops without a reason", toText([START, ...said(0, "a"), STOP]), "stream-cut", "stream"],
    [
      "has a reason that is none",
      toText([START, ...said(0, "a"), ended(null), STOP]),
      "stream-cut",
      "stream",
    ],
    ["says an error", toText([START, ...said(0, "a"), ERROR]), "stream-error", "stream"],
    ["begins with an error", toText([ERROR]), "stream-error", "first-token"],
    ["is no JSON", `${toText([START, ...said(0, "a")])}data: {oh\n\n`, "malformed", "stream"],
    ["is no object", "data: 7\n\n", "malformed", "first-token"],
    ["has no name", 'data: {"index":0}\n\n', "malformed", "first-token"],
    [
      "has a name of two lines",
      `data: ${JSON.stringify({ type: "a\n\nevent: message_stop" })}\n\n`,
      "malformed",
      "first-token",
    ],
    ["is a flood", `data: ${"x".repeat(1_100_000)}`, "malformed", "first-token"],
  ])("[PR115] and %s is a failure, once, wherever it is cut", (_, text, kind, phase) => {
    for (const length of [text.length || 1, text.length > 10_000 ? 65_536 : 3]) {
      const events = scan(text, length);
      expect(events.filter(({ type }) => type === "finish" || type === "fail")).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: "fail", failure: { kind, phase, status: 200 } });
    }
  });

  it("[PR115] by its connection keeps what was counted, and no secret", () => {
    const failed = scan(toText(PROSE), 50, "break").at(-1);
    expect(failed).toMatchObject({
      type: "fail",
      usage: { inputTokens: 12 },
      failure: { kind: "stream-reset" },
    });
    expect(JSON.stringify(failed)).not.toContain("secret-key");
  });

  it("[PR115] that was cancelled is cancelled, even behind its reason", () => {
    const scanner = new AnthropicScanner([], "native");
    scanner.feed(toText([START, ...said(0, "a"), ended("end_turn")]));
    expect(scanner.breakOff("cancelled", "stop").at(-1)).toMatchObject({ failure: { kind: "cancelled" } });
    expect([scanner.feed(toText([STOP])), scanner.end(), scanner.hasEnded]).toEqual([[], [], true]);
  });
});

describe("an answer in one piece", () => {
  const whole = {
    type: "message",
    id: "msg_x",
    content: [
      { type: "thinking", thinking: "hm", signature: "s1" },
      { type: "text", text: "Hello" },
      { type: "tool_use", id: "toolu_1", name: "look", input: { a: 1 } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 4, output_tokens: 2 },
  };

  it("[PR116] says what a stream would, and is handed out as it came", () => {
    const events = new AnthropicScanner([], "native").readWhole(whole);
    expect(events.map(({ type }) => type)).toEqual([
      "reasoning-delta",
      "reasoning-delta",
      "text-delta",
      "tool-input-start",
      "tool-input-delta",
      "tool-call",
      "finish",
    ]);
    expect(events.at(-1)).toMatchObject({ native: [whole], usage: { inputTokens: 4, outputTokens: 2 } });
  });

  it.each<[unknown, string]>([
    [7, "malformed"],
    [{ type: "error", error: { type: "api_error", message: "no" } }, "stream-error"],
    [{ ...whole, stop_reason: null }, "stream-cut"],
    [{ ...whole, content: null }, "stream-cut"],
  ])("[PR116] %j is none", (body, kind) => {
    expect(new AnthropicScanner([], "native").readWhole(body)).toMatchObject([
      { type: "fail", failure: { kind } },
    ]);
  });
});
