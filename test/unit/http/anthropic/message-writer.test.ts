/** An answer as Anthropic's clients get it. The door itself is tested in test/workers/anthropic-door*. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { FinishReason } from "../../../../src/protocol/answer.ts";
import type { ThoughtProof } from "../../../../src/providers/provider.ts";
import type { AnswerEnd, AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { failureOf } from "../../../fakes/scripted-provider.ts";
import { startOf, text, thought, toolCall } from "../answer-events.ts";
import { BREAKWATER, createWriter, END } from "./message-world.ts";

const USAGE = {
  input_tokens: 12,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 5,
  output_tokens: 10,
};

const Event = z.looseObject({ type: z.string(), index: z.number().optional() });
type Event = z.infer<typeof Event>;

/** Every event; its name is its type. */
function readEvents(sent: string): Event[] {
  return sent
    .split("\n\n")
    .slice(0, -1)
    .map((block) => {
      const [, name, data] = /^event: (\w+)\ndata: (.+)$/.exec(block) ?? [];
      const event = Event.parse(JSON.parse(data ?? "null"));
      expect(name).toBe(event.type);
      return event;
    });
}

function stream(batches: readonly (readonly AnswerEvent[])[], end: AnswerEnd = END): Event[] {
  const writer = createWriter();
  return readEvents(batches.map((batch) => writer.write(batch)).join("") + writer.end(end, BREAKWATER));
}

const outline = (events: readonly Event[]): string[] =>
  events.map(({ type, index }) => (index === undefined ? type : `${type} ${index}`));

describe("a stream", () => {
  it("[HT87] has one start, blocks without a gap that are closed before the next, counts and a stop", () => {
    const events = stream(
      [
        [startOf("openai/m"), thought("hm")],
        [thought(", well"), text("I look")],
        [text("."), ...toolCall("t1"), ...toolCall("t2")],
      ],
      { ...END, finishReason: "tool-calls" },
    );
    expect(outline(events)).toEqual([
      "message_start",
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "content_block_start 1",
      "content_block_delta 1",
      "content_block_delta 1",
      "content_block_stop 1",
      "content_block_start 2",
      "content_block_delta 2",
      "content_block_stop 2",
      "content_block_start 3",
      "content_block_delta 3",
      "content_block_stop 3",
      "message_delta",
      "message_stop",
    ]);
    expect(events[0]).toMatchObject({
      message: { id: "msg_1", type: "message", role: "assistant", model: "openai/m", content: [] },
    });
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: "tool_use", stop_sequence: null },
      usage: USAGE,
      breakwater: { selectionId: "sel_1" },
    });
  });

  it("[HT90] a tool call is a block that begins empty and gets its input whole; thoughts have no signature", () => {
    const events = stream([[startOf("openai/m"), thought("hm"), ...toolCall("t1")]]);
    expect(events[1]).toMatchObject({ content_block: { type: "thinking", thinking: "", signature: "" } });
    expect(events[4]).toMatchObject({
      content_block: { type: "tool_use", id: "t1", name: "look", input: {} },
    });
    expect(events[5]).toMatchObject({ delta: { type: "input_json_delta", partial_json: '{"at":1}' } });
  });

  it("[HT90] a call that the limit cut off is no block", () => {
    const [start, piece] = toolCall("t1");
    if (start === undefined || piece === undefined) throw new Error("unreachable: it has four events");
    const events = stream([[startOf("openai/m"), text("I look."), start, piece]], {
      ...END,
      finishReason: "length",
    });
    expect(outline(events)).toEqual([
      "message_start",
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "message_delta",
      "message_stop",
    ]);
  });

  it("[HT87] that was gone on with keeps its id, its model and its block", () => {
    const events = stream([
      [startOf("openai/m"), text("half ")],
      [startOf("google/m", 3), text("and half")],
    ]);
    expect(outline(events)).toEqual([
      "message_start",
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "message_delta",
      "message_stop",
    ]);
    expect(events[0]).toMatchObject({ message: { model: "openai/m" } });
  });

  it("[HT90] thoughts of the next model are a block of their own", () => {
    const events = stream([
      [startOf("openai/m"), thought("hm. ")],
      [startOf("google/m", 2), thought("well. "), text("Yes.")],
    ]);
    const kinds = events.flatMap((event) => (event.type === "content_block_start" ? [event] : []));
    expect(kinds.map(({ index, content_block: block }) => [index, block])).toMatchObject([
      [0, { type: "thinking" }],
      [1, { type: "thinking" }],
      [2, { type: "text" }],
    ]);
  });

  it("[HT84] thoughts end with their signature, where there is one; hidden ones are a block as they are", () => {
    const writer = createWriter();
    const proven = (proof: ThoughtProof): AnswerEvent => ({ type: "reasoning-delta", text: "", proof });
    const said: AnswerEvent[] = [
      startOf("anthropic/m"),
      thought("hm"),
      proven({ signature: "s1" }),
      proven({ redactedData: "d" }),
      proven({ signature: "s2" }),
      thought(""),
      text("Yes."),
    ];
    const events = readEvents(writer.write(said) + writer.end(END, BREAKWATER));
    expect(outline(events).slice(1, -2)).toEqual([
      "content_block_start 0",
      "content_block_delta 0",
      "content_block_delta 0",
      "content_block_stop 0",
      "content_block_start 1",
      "content_block_stop 1",
      "content_block_start 2",
      "content_block_delta 2",
      "content_block_stop 2",
      "content_block_start 3",
      "content_block_delta 3",
      "content_block_stop 3",
    ]);
    expect(events[1]).toMatchObject({ content_block: { type: "thinking", thinking: "", signature: "" } });
    expect(events[3]).toMatchObject({ delta: { type: "signature_delta", signature: "s1" } });
    expect(events[5]).toMatchObject({ content_block: { type: "redacted_thinking", data: "d" } });
    expect(writer.toWhole(END, BREAKWATER)).toMatchObject({
      content: [
        { type: "thinking", thinking: "hm", signature: "s1" },
        { type: "redacted_thinking", data: "d" },
        { type: "thinking", thinking: "", signature: "s2" },
        { type: "text", text: "Yes." },
      ],
    });
  });

  it("[HT87] of an answer without a word has no block", () => {
    expect(outline(stream([]))).toEqual(["message_start", "message_delta", "message_stop"]);
  });

  it.each<[FinishReason, string]>([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["tool-calls", "tool_use"],
    ["content-filter", "refusal"],
    ["other", "end_turn"],
  ])("[HT86] [HT87] that ended with %s says %s", (finishReason, reason) => {
    const end: AnswerEnd = { ...END, finishReason };
    expect(stream([[startOf("openai/m"), text("a")]], end).at(-2)).toMatchObject({
      delta: { stop_reason: reason },
    });
    expect(createWriter().toWhole(end, BREAKWATER)).toMatchObject({ stop_reason: reason });
  });

  it("[HT89] [HT91] that nobody could go on with ends with an error, and so does one that a bug ends", () => {
    const writer = createWriter();
    const sent = writer.write([startOf("openai/m"), text("half")]);
    const end: AnswerEnd = { ...END, status: "incomplete", failure: failureOf("stream-cut") };
    const broken = readEvents(sent + writer.fail(end, { ...BREAKWATER, status: "incomplete" }));
    expect(broken.at(-1)).toMatchObject({
      type: "error",
      error: {
        type: "api_error",
        message: expect.stringMatching(/^This answer is incomplete\. /) as unknown,
      },
      request_id: "req_1",
      breakwater: { status: "incomplete" },
    });
    expect(JSON.stringify(broken)).not.toContain("scripted");
    const crashed = readEvents(sent + writer.crash());
    expect(crashed.at(-1)).toMatchObject({ type: "error", error: { type: "api_error" } });
    for (const events of [broken, crashed]) expect(outline(events)).not.toContain("message_stop");
  });
});

describe("without a stream", () => {
  it("[HT86] [HT90] [HT91] the message has its blocks in order, and its counts beside each other", () => {
    const writer = createWriter();
    writer.write([startOf("openai/m"), thought("hm"), text("I "), text("look."), ...toolCall("t1")]);
    expect(writer.toWhole({ ...END, finishReason: "tool-calls" }, BREAKWATER)).toEqual({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "openai/m",
      content: [
        { type: "thinking", thinking: "hm", signature: "" },
        { type: "text", text: "I look." },
        { type: "tool_use", id: "t1", name: "look", input: { at: 1 } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: USAGE,
      breakwater: BREAKWATER,
    });
  });

  it("[HT86] an answer that started over is the last one's alone, and has its name", () => {
    const writer = createWriter();
    writer.write([startOf("openai/m"), thought("hm"), text("half"), ...toolCall("t1")]);
    writer.startOver();
    writer.write([startOf("google/m", 2), text("whole")]);
    expect(writer.toWhole(END, BREAKWATER)).toMatchObject({
      model: "google/m",
      content: [{ type: "text", text: "whole" }],
    });
  });

  it.each([
    ["rate-limited", 429, "rate_limit_error"],
    ["model-not-found", 404, "not_found_error"],
    ["bad-request", 400, "invalid_request_error"],
    ["timeout", 504, "timeout_error"],
    ["overloaded", 503, "overloaded_error"],
  ] as const)("[HT88] [HT91] a call that failed with %s is %i", (kind, status, type) => {
    const end: AnswerEnd = { ...END, status: "failed", failure: failureOf(kind) };
    const refusal = createWriter().toRefusal(end, { ...BREAKWATER, status: "failed" });
    expect(refusal).toMatchObject({
      status,
      body: { type: "error", error: { type }, request_id: "req_1", breakwater: { status: "failed" } },
    });
  });
});
