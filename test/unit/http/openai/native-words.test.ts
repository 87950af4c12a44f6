/** A provider's own events on their way through. Rules HT47, HT170. */
import { expect, it } from "vitest";
import { z } from "zod";
import { CompletionWriter } from "../../../../src/http/openai/completion-writer.ts";
import { UNKNOWN_USAGE } from "../../../../src/protocol/answer.ts";
import type { AnswerEnd, AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { startOf, text } from "../answer-events.ts";

const COMMON = { id: "chatcmpl-theirs", object: "chat.completion.chunk", created: 77, model: "gpt-theirs" };
const choice = (delta: object, finishReason: string | null = null, more: object = {}) => ({
  ...COMMON,
  system_fingerprint: "fp",
  choices: [{ index: 0, delta, finish_reason: finishReason, ...more }],
  usage: null,
});
const toEvent = (chunk: object): string => `data: ${JSON.stringify(chunk)}\n\n`;
const START = startOf("openai/m");
const wire = (...chunks: object[]): AnswerEvent => ({
  type: "wire",
  text: chunks.map(toEvent).join(""),
  isProse: true,
});
const USAGE_CHUNK = { ...COMMON, choices: [], usage: { total_tokens: 9, other_details: { audio: 0 } } };
const END: AnswerEnd = {
  type: "answer-end",
  status: "complete",
  finishReason: "stop",
  native: [choice({}, "stop"), USAGE_CHUNK],
  failure: null,
  attempts: [],
  legs: [],
  firstTokenMs: 1,
  durationMs: 2,
  usage: UNKNOWN_USAGE,
  costMicroUsd: null,
};
const BREAKWATER = { status: END.status, legs: [], attempts: 1, costMicroUsd: null, selectionId: "sel_1" };
const LOGPROBS = { logprobs: { content: [{ token: "a", logprob: -0.1 }] } };

const Event = z.record(z.string(), z.unknown());

const createWriter = (includeUsage: boolean): CompletionWriter =>
  new CompletionWriter({ id: "chatcmpl_ours", created: 1, model: "balanced", includeUsage });

function readEvents(sent: string): Record<string, unknown>[] {
  const data = sent.split("\n\n").map((event) => event.replace(/^data: /, ""));
  expect(data.splice(-2)).toEqual(["[DONE]", ""]);
  return data.map((line) => Event.parse(JSON.parse(line)));
}

it("[HT170] they are passed on with all that is in them, under our names", () => {
  const writer = createWriter(true);
  const said = 'He said \\"model\\":\\"gpt-theirs\\"';
  const sent = [
    writer.write([
      START,
      wire(choice({ role: "assistant", content: "" }), choice({ content: said }, null, LOGPROBS)),
      text(said),
    ]),
    writer.end(END, BREAKWATER),
  ].join("");
  const names = { id: "chatcmpl_ours", model: "openai/m", created: 77 };
  expect(readEvents(sent)).toEqual([
    { ...choice({ role: "assistant", content: "" }), ...names },
    { ...choice({ content: said }, null, LOGPROBS), ...names },
    { ...choice({}, "stop"), ...names },
    { ...USAGE_CHUNK, ...names, breakwater: BREAKWATER },
  ]);
});

it("[HT47] [HT170] who did not ask for the usage is told none", () => {
  const writer = createWriter(false);
  const sent = writer.write([START, wire(choice({ content: "a" })), text("a")]) + writer.end(END, BREAKWATER);
  const chunks = readEvents(sent);
  expect(chunks).toHaveLength(2);
  for (const chunk of chunks) expect(chunk).not.toHaveProperty("usage");
  expect(chunks.at(-1)).toMatchObject({ breakwater: BREAKWATER });
});

it("[HT46] [HT170] who goes on with them speaks under the same names, and begins no message again", () => {
  const writer = createWriter(false);
  const sent = [
    writer.write([START, wire(choice({ role: "assistant", content: "half " })), text("half ")]),
    writer.write([startOf("google/m", 2), text("whole")]),
    writer.end({ ...END, native: [] }, BREAKWATER),
  ].join("");
  const chunks = readEvents(sent);
  expect(chunks.map(({ id, model, created }) => [id, model, created])).toEqual(
    Array(3).fill(["chatcmpl_ours", "openai/m", 77]),
  );
  expect(JSON.stringify(chunks).match(/"role"/g)).toHaveLength(1);
});

it("[HT170] [HT172] a whole answer keeps what is in it", () => {
  const writer = createWriter(false);
  writer.write([START, text("a")]);
  const whole = {
    ...COMMON,
    object: "chat.completion",
    choices: [{ message: { annotations: [] } }],
    usage: { x: 1 },
  };
  expect(writer.toWhole({ ...END, native: [whole] }, BREAKWATER)).toEqual({
    ...whole,
    id: "chatcmpl_ours",
    model: "openai/m",
    breakwater: BREAKWATER,
  });
});
