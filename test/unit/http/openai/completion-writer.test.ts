/** An answer of several legs as OpenAI's clients get it. The door itself is tested in test/workers/openai-door*. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CompletionWriter } from "../../../../src/http/openai/completion-writer.ts";
import { toOpenAiError } from "../../../../src/http/openai/openai-error.ts";
import type { AnswerEnd, AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { failureOf } from "../../../fakes/scripted-provider.ts";
import { startOf, text, thought, toolCall } from "../answer-events.ts";
import { BREAKWATER, END } from "./answer-facts.ts";

const Chunk = z.object({
  id: z.string(),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.object({
      delta: z.object({
        role: z.string().optional(),
        content: z.string().optional(),
        reasoning_content: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              index: z.number(),
              id: z.string().optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
      finish_reason: z.string().nullable(),
    }),
  ),
});

const createWriter = (): CompletionWriter =>
  new CompletionWriter({ id: "chatcmpl_1", created: 1_000, model: "balanced", includeUsage: false });

/** All chunks of a good answer. */
function stream(batches: readonly (readonly AnswerEvent[])[], end: AnswerEnd = END) {
  const writer = createWriter();
  const sent = batches.map((batch) => writer.write(batch)).join("") + writer.end(end, BREAKWATER);
  return readEvents(sent).map((chunk) => Chunk.parse(chunk));
}

/** The objects of an event stream that ends as it should. */
function readEvents(sent: string): unknown[] {
  const data = sent.split("\n\n").map((event) => event.replace(/^data: /, ""));
  expect(data.splice(-2)).toEqual(["[DONE]", ""]);
  return data.map((text): unknown => JSON.parse(text));
}

const deltasOf = (chunks: ReturnType<typeof stream>) =>
  chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

describe("a stream that was gone on with", () => {
  it("[HT46] has one id, time and model, that of who spoke first, and one role", () => {
    const chunks = stream([
      [startOf("openai/m", 1), text("half ")],
      [startOf("google/m", 3), text("and half")],
    ]);
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`))).toEqual(
      new Set(["chatcmpl_1 1000 openai/m"]),
    );
    const deltas = deltasOf(chunks);
    expect(deltas.filter(({ role }) => role !== undefined)).toHaveLength(1);
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe("half and half");
    expect(chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.finish_reason ?? []))).toEqual([
      "stop",
    ]);
  });

  it("[HT49] names who gave which part at its end, and whose tokens are an estimate", () => {
    const writer = createWriter();
    writer.write([startOf("openai/m", 1), text("half ")]);
    expect(readEvents(writer.end(END, BREAKWATER)).at(-1)).toMatchObject({
      model: "openai/m",
      breakwater: {
        legs: [
          { provider: "openai", estimated: true },
          { provider: "google", estimated: false },
        ],
      },
    });
  });

  it("[HT48] tool calls that waited for the end of their step come under one index each, with id and name once", () => {
    const chunks = stream(
      [
        [startOf("openai/m", 1), text("I look.")],
        [startOf("google/m", 2), ...toolCall("t1"), ...toolCall("t2")],
      ],
      { ...END, finishReason: "tool-calls" },
    );
    const calls = deltasOf(chunks).flatMap((delta) => delta.tool_calls ?? []);
    expect(calls.map(({ index, id }) => `${index} ${id ?? ""}`)).toEqual([
      "0 t1",
      "0 ",
      "0 ",
      "1 t2",
      "1 ",
      "1 ",
    ]);
    for (const index of [0, 1]) {
      const ofOne = calls.filter((call) => call.index === index);
      expect(ofOne.map((call) => call.function.arguments).join("")).toBe('{"at":1}');
    }
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  it("[HT52] thoughts that were shown before a break stay in front of the next ones", () => {
    const chunks = stream([
      [startOf("openai/m", 1), thought("hm. ")],
      [startOf("google/m", 2), thought("well. "), text("Yes.")],
    ]);
    const deltas = deltasOf(chunks);
    expect(deltas.map((delta) => delta.reasoning_content ?? "").join("")).toBe("hm. well. ");
    expect(deltas.map((delta) => delta.content ?? "").join("")).toBe("Yes.");
  });

  it("[HT52] that nobody could go on with ends with words of ours, whatever came last", () => {
    for (const kind of ["unjoinable", "stream-cut", "rate-limited", "bad-request"] as const) {
      const { status, error } = toOpenAiError({ ...END, status: "incomplete", failure: failureOf(kind) });
      expect({ status, code: error.code }).toEqual({ status: 502, code: "incomplete_answer" });
      expect(error.message).toMatch(/^This answer is incomplete\. /);
      expect(error.message).not.toContain("scripted");
    }
  });
});

describe("without a stream", () => {
  it("[HT45] [HT52] an answer that started over is the last one's alone, and has its name", () => {
    const writer = createWriter();
    writer.write([startOf("openai/m", 1), thought("hm"), text("half"), ...toolCall("t1")]);
    writer.startOver();
    writer.write([startOf("google/m", 2), text("whole")]);
    expect(writer.toWhole(END, BREAKWATER)).toMatchObject({
      model: "google/m",
      choices: [{ message: { content: "whole", refusal: null }, finish_reason: "stop" }],
      usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
    });
    expect(JSON.stringify(writer.toWhole(END, BREAKWATER))).not.toContain("half");
  });

  it("[HT45] one that nobody spoke in has the name that was asked for", () => {
    expect(createWriter().toWhole(END, BREAKWATER)).toMatchObject({ model: "balanced" });
  });
});
