/** An answer as OpenAI's Responses API tells it. The door itself is tested in test/workers/openai-responses*. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ResponseWriter } from "../../../../src/http/openai/responses/response-writer.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { failureOf } from "../../../fakes/scripted-provider.ts";
import { startOf, text, thought } from "../answer-events.ts";
import { BREAKWATER, END } from "./answer-facts.ts";

const toolStart = (toolCallId: string): AnswerEvent => ({
  type: "tool-input-start",
  toolCallId,
  toolName: "look",
});
const toolPiece = (toolCallId: string, piece: string): AnswerEvent => ({
  type: "tool-input-delta",
  toolCallId,
  text: piece,
});
const toolCall = (toolCallId: string): AnswerEvent => ({
  type: "tool-call",
  toolCallId,
  toolName: "look",
  input: '{"at":1}',
});

const Item = z.looseObject({ id: z.string(), type: z.string(), status: z.string() });
const Response = z.looseObject({
  id: z.string(),
  status: z.string(),
  model: z.string(),
  output: z.array(Item),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
});
const Event = z.looseObject({
  type: z.string(),
  sequence_number: z.number(),
  output_index: z.number().optional(),
  item_id: z.string().optional(),
  delta: z.string().optional(),
  item: Item.optional(),
  response: Response.optional(),
});
type Event = z.infer<typeof Event>;

function createWriter(body: object = {}): ResponseWriter {
  let items = 0;
  return new ResponseWriter({
    id: "resp_1",
    createdAt: 1_000,
    nowSeconds: () => 1_002,
    model: "balanced",
    request: ResponseRequest.parse({ input: "Hello", ...body }),
    newItemId: (prefix) => {
      items += 1;
      return `${prefix}_${items}`;
    },
  });
}

/** The events of a stream, held to what is true of all of them. */
function readEvents(sent: string): Event[] {
  const events = sent.split("\n\n").filter((event) => event !== "");
  return events.map((event, index) => {
    const [, name, data] = /^event: (.*)\ndata: (.*)$/u.exec(event) ?? [];
    const parsed = Event.parse(JSON.parse(data ?? ""));
    expect([parsed.type, parsed.sequence_number]).toEqual([name, index]);
    return parsed;
  });
}

function stream(batches: readonly (readonly AnswerEvent[])[], end = END): Event[] {
  const writer = createWriter();
  return readEvents(batches.map((batch) => writer.write(batch)).join("") + writer.end(end, BREAKWATER));
}

/** The same without a stream. */
function whole(batches: readonly (readonly AnswerEvent[])[], end = END) {
  const writer = createWriter();
  for (const batch of batches) writer.write(batch);
  return writer.toWhole(end, BREAKWATER);
}

const typesOf = (events: readonly Event[]): string[] =>
  events.map(({ type }) => type.replace(/^response\./u, ""));

describe("a stream", () => {
  const SAID = [[startOf("openai/m", 1), text("fine ")], [text("weather")]];

  it("[HT104] tells of the response, of its item, of its part and of its words, each with its end", () => {
    const events = stream(SAID);
    expect(typesOf(events)).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
    expect(events[0]?.response).toMatchObject({ status: "in_progress", output: [], model: "openai/m" });
    expect(events[2]).toMatchObject({
      output_index: 0,
      item: { id: "msg_1", type: "message", role: "assistant", status: "in_progress", content: [] },
    });
    expect(events[4]).toMatchObject({ item_id: "msg_1", output_index: 0, content_index: 0, delta: "fine " });
    expect(events[6]).toMatchObject({ item_id: "msg_1", text: "fine weather" });
  });

  it("[HT103] [HT104] ends with the response that a call without a stream is given", () => {
    const last = stream(SAID).at(-1)?.response;
    expect(last).toEqual(whole(SAID));
    expect(last).toMatchObject({
      id: "resp_1",
      object: "response",
      created_at: 1_000,
      completed_at: 1_002,
      status: "completed",
      error: null,
      incomplete_details: null,
      model: "openai/m",
      output: [
        {
          id: "msg_1",
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "fine weather", annotations: [] }],
        },
      ],
      usage: { input_tokens: 20, output_tokens: 10, total_tokens: 30 },
      breakwater: { status: "complete", selectionId: "sel_1" },
    });
  });

  it("[HT105] has calls beside each other under an item each, piece by piece and whole at their ends", () => {
    const events = stream(
      [
        [startOf("openai/m", 1), text("I look."), toolStart("t1"), toolPiece("t1", '{"at":')],
        [toolStart("t2"), toolPiece("t1", "1}"), toolCall("t2"), toolCall("t1")],
      ],
      { ...END, finishReason: "tool-calls" },
    );
    const added = events.flatMap((event) =>
      event.type === "response.output_item.added" ? [event.item] : [],
    );
    expect(added.map((item) => item?.type)).toEqual(["message", "function_call", "function_call"]);
    for (const [index, callId] of ["t1", "t2"].entries()) {
      const own = events.filter((event) => event.item_id === added[index + 1]?.id);
      expect(own.map((event) => event.delta ?? "").join("")).toBe('{"at":1}');
      expect(own.at(-1)).toMatchObject({
        type: "response.function_call_arguments.done",
        name: "look",
        arguments: '{"at":1}',
      });
      expect(events.at(-1)?.response?.output[index + 1]).toMatchObject({
        type: "function_call",
        status: "completed",
        call_id: callId,
        name: "look",
        arguments: '{"at":1}',
      });
    }
  });

  it("[HT106] has thoughts, and what is said before and after them, as items in their order", () => {
    const events = stream([
      [startOf("openai/m", 1), thought("hm "), thought("well"), text("Yes."), toolCall("t1"), text("So.")],
    ]);
    expect(typesOf(events).slice(2, 9)).toEqual([
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
    ]);
    expect(events.at(-1)?.response?.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "hm well" }] },
      { type: "message", content: [{ text: "Yes." }] },
      { type: "function_call" },
      { type: "message", content: [{ text: "So." }] },
    ]);
    const indexes = events.flatMap((event) => (event.item === undefined ? [] : [event.output_index]));
    expect(indexes).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it.each([
    ["length", "max_output_tokens"],
    ["content-filter", "content_filter"],
  ] as const)("[HT107] that was ended by %s is incomplete", (finishReason, reason) => {
    const end = { ...END, finishReason };
    const events = stream(SAID, end);
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason }, output: [{ status: "incomplete" }] },
    });
    expect(events.at(-1)?.response).toEqual(whole(SAID, end));
  });

  it("[HT108] that broke ends with response.failed, words of ours and what there was", () => {
    for (const [kind, code] of [
      ["stream-cut", "server_error"],
      ["rate-limited", "server_error"],
    ] as const) {
      const writer = createWriter();
      const sent = writer.write([startOf("openai/m", 1), text("half"), toolStart("t1")]);
      const end = { ...END, status: "incomplete", failure: failureOf(kind) } as const;
      const events = readEvents(sent + writer.fail(end, { ...BREAKWATER, status: "incomplete" }));
      expect(typesOf(events)).not.toContain("completed");
      expect(events.at(-1)).toMatchObject({
        type: "response.failed",
        response: {
          status: "failed",
          error: { code, message: expect.stringMatching(/^This answer is incomplete\. /) },
          output: [
            { type: "message", status: "completed" },
            { type: "function_call", status: "incomplete" },
          ],
          breakwater: { status: "incomplete" },
        },
      });
      expect(JSON.stringify(events.at(-1))).not.toContain("scripted");
    }
  });

  it("[HT108] that a bug of ours has ended ends in the same way", () => {
    const writer = createWriter();
    const events = readEvents(writer.write([startOf("openai/m", 1), text("half")]) + writer.crash());
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error" }, output: [{ status: "incomplete" }] },
    });
  });

  it("[HT104] [HT108] that another target has gone on with is one message of the first one's name", () => {
    const events = stream([
      [startOf("openai/m", 1), text("half ")],
      [startOf("google/m", 3), text("and half")],
    ]);
    expect(events.at(-1)?.response).toMatchObject({
      model: "openai/m",
      output: [{ content: [{ text: "half and half" }] }],
    });
  });

  it("[HT104] in which nobody said a word is created and completed all the same", () => {
    expect(typesOf(stream([[startOf("openai/m", 1)]]))).toEqual(["created", "in_progress", "completed"]);
  });
});

describe("without a stream", () => {
  it("[HT103] [HT108] an answer that started over is the last one's alone, and has its name", () => {
    const writer = createWriter();
    writer.write([startOf("openai/m", 1), thought("hm"), text("half"), toolCall("t1")]);
    writer.startOver();
    writer.write([startOf("google/m", 2), text("whole")]);
    const response = Response.parse(writer.toWhole(END, BREAKWATER));
    expect(response).toMatchObject({ model: "google/m", output: [{ content: [{ text: "whole" }] }] });
    expect(JSON.stringify(response)).not.toContain("half");
  });

  it("[HT103] gives the request's own words back", () => {
    const tool = { type: "function", name: "look", description: "looks", parameters: null, strict: null };
    const own = {
      instructions: "Be brief.",
      max_output_tokens: 5,
      metadata: { ours: "yes" },
      temperature: 0,
      top_p: 0.5,
      tool_choice: "required",
      text: { format: { type: "json_object" } },
      reasoning: { effort: "low", summary: null },
      user: "somebody",
    };
    const given = { ...own, tools: [{ type: "function", name: "look", description: "looks" }] };
    expect(createWriter(given).toWhole(END, BREAKWATER)).toMatchObject({
      ...own,
      tools: [tool],
      parallel_tool_calls: true,
      store: false,
      truncation: "disabled",
      model: "balanced",
    });
  });
});
