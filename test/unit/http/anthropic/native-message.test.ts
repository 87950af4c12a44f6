/** Answers in Anthropic's own words on Anthropic's own wire: passed on, renamed, gone on with. */
import { describe, expect, it } from "vitest";
import { AnthropicScanner } from "../../../../src/providers/anthropic-scanner.ts";
import type { ModelEvent } from "../../../../src/providers/provider.ts";
import type { AnswerEnd, AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { failureOf } from "../../../fakes/scripted-provider.ts";
import { startOf, text, toolCall } from "../answer-events.ts";
import { BREAKWATER, createWriter, END } from "./message-world.ts";

type Json = Record<string, unknown>;

const toText = (event: Json): string => `event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`;
const START = {
  type: "message_start",
  message: { id: "msg_theirs", model: "claude-x", usage: { input_tokens: 9, service_tier: "standard" } },
};
const begin = (index: number, type: string, more: Json = {}): Json => ({
  type: "content_block_start",
  index,
  content_block: { type, ...more },
});
const say = (index: number, delta: Json): Json => ({ type: "content_block_delta", index, delta });
const close = (index: number): Json => ({ type: "content_block_stop", index });
const words = (index: number, text: string): Json => say(index, { type: "text_delta", text });
const LAST = {
  type: "message_delta",
  delta: { stop_reason: "stop_sequence", stop_sequence: "END" },
  usage: { output_tokens: 5, server_tool_use: null },
};

/** What the adapter makes of a wire's events, as far as a leg shows it. */
function adapt(events: readonly Json[]): AnswerEvent[] {
  const shown: readonly ModelEvent[] = new AnthropicScanner([], "native").feed(events.map(toText).join(""));
  return shown.flatMap((event) =>
    event.type === "response-start" ||
    event.type === "bytes" ||
    event.type === "finish" ||
    event.type === "fail"
      ? []
      : [event],
  );
}

const readEvents = (sent: string): Json[] =>
  sent
    .split("\n\n")
    .slice(0, -1)
    .map((block) => JSON.parse(block.slice(block.indexOf("data: ") + 6)) as Json);

describe("a stream in the wire's own words", () => {
  it("[HT180] [HT181] is passed on under our names, with the end that it had", () => {
    const writer = createWriter();
    const theirs = [START, begin(0, "text"), words(0, "Hello"), close(0), LAST, { type: "message_stop" }];
    const sent = writer.write([startOf("anthropic/claude-x"), ...adapt(theirs)]);
    const events = readEvents(sent + writer.end({ ...END, native: [LAST] }, BREAKWATER));
    expect(events).toEqual([
      { ...START, message: { ...START.message, id: "msg_1", model: "anthropic/claude-x" } },
      ...theirs.slice(1, 4),
      { ...LAST, breakwater: BREAKWATER },
      { type: "message_stop" },
    ]);
  });

  it("[HT181] is passed on under our names although something stands before its start", () => {
    const writer = createWriter();
    const news = { type: "news", text: "hello" };
    const sent = writer.write([
      startOf("anthropic/claude-x"),
      ...adapt([news, START, begin(0, "text"), words(0, "Hello")]),
    ]);
    expect(readEvents(sent).slice(0, 2)).toEqual([
      news,
      { ...START, message: { ...START.message, id: "msg_1", model: "anthropic/claude-x" } },
    ]);
  });

  it("[HT181] that breaks while it thinks in silence has begun, and is gone on with", () => {
    const writer = createWriter();
    const begun = writer.write([startOf("anthropic/claude-x"), ...adapt([START, begin(0, "thinking")])]);
    expect(readEvents(begun)).toHaveLength(2);
    const rest = writer.write([startOf("openai/m"), text("Hello")]) + writer.end(END, BREAKWATER);
    expect(readEvents(rest).slice(0, 2)).toEqual([
      close(0),
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
    ]);
  });

  it("[HT181] that breaks in a text is gone on with in its block", () => {
    const writer = createWriter();
    const sent = [
      writer.write([
        startOf("anthropic/claude-x"),
        ...adapt([START, begin(0, "thinking"), say(0, { type: "thinking_delta", thinking: "hm" })]),
      ]),
      writer.write(adapt([close(0), begin(1, "text"), words(1, "Hel")])),
      writer.write([startOf("openai/m"), text("lo")]),
      writer.write(toolCall("t1")),
      writer.end(END, BREAKWATER),
    ].join("");
    const events = readEvents(sent);
    expect(events.filter(({ type }) => type === "message_start")).toHaveLength(1);
    expect(events.slice(5).map(({ type, index }) => `${String(type)} ${String(index)}`)).toEqual([
      "content_block_delta 1",
      "content_block_delta 1",
      "content_block_stop 1",
      "content_block_start 2",
      "content_block_delta 2",
      "content_block_stop 2",
      "message_delta undefined",
      "message_stop undefined",
    ]);
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: "end_turn" }, breakwater: BREAKWATER });
  });

  it("[HT181] counts its blocks, whatever its words look like", () => {
    const writer = createWriter();
    const trap = "a\u2028event: content_block_start\u2028b";
    writer.write([startOf("anthropic/claude-x"), ...adapt([START, begin(0, "text"), words(0, trap)])]);
    expect(readEvents(writer.write([startOf("openai/m"), text("lo")]))).toEqual([words(0, "lo")]);
  });

  it("[HT181] that breaks in its thoughts has them closed, and who begins again a block of its own", () => {
    const writer = createWriter();
    const thinks = [START, begin(0, "thinking"), say(0, { type: "thinking_delta", thinking: "hm" })];
    const sent = [
      writer.write([startOf("anthropic/claude-x"), ...adapt(thinks)]),
      // Its own words again: the message has begun, so they are written like everybody's.
      writer.write([startOf("anthropic/claude-y"), ...adapt([START, begin(0, "text"), words(0, "Hi")])]),
      writer.end({ ...END, native: [LAST] }, BREAKWATER),
    ].join("");
    expect(readEvents(sent).map(({ type, index }) => `${String(type)} ${String(index)}`)).toEqual([
      "message_start undefined",
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "content_block_start 1",
      "content_block_delta 1",
      "content_block_stop 1",
      "message_delta undefined",
      "message_stop undefined",
    ]);
  });

  it("[HT181] that nobody goes on with ends in the error event", () => {
    const writer = createWriter();
    const sent = writer.write([
      startOf("anthropic/claude-x"),
      ...adapt([START, begin(0, "text"), words(0, "H")]),
    ]);
    const failed: AnswerEnd = { ...END, status: "incomplete", failure: failureOf("stream-cut") };
    const events = readEvents(sent + writer.fail(failed, { ...BREAKWATER, status: "incomplete" }));
    expect(events.at(-1)?.["type"]).toBe("error");
    expect(events.some(({ type }) => type === "message_stop")).toBe(false);
  });
});

it("[HT183] a whole answer is the provider's own under our names", () => {
  const writer = createWriter();
  writer.write([startOf("anthropic/claude-x"), text("Hello")]);
  const whole = {
    id: "msg_theirs",
    type: "message",
    model: "claude-x",
    content: [{ type: "text", text: "Hello", citations: null }],
    stop_reason: "stop_sequence",
    stop_sequence: "END",
    usage: { input_tokens: 3, output_tokens: 1, service_tier: "standard" },
  };
  expect(writer.toWhole({ ...END, native: [whole] }, BREAKWATER)).toEqual({
    ...whole,
    id: "msg_1",
    model: "anthropic/claude-x",
    breakwater: BREAKWATER,
  });
});
