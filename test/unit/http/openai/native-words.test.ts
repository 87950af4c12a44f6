/** A provider's own events on their way through. Rules HT46 to HT48, HT170. */
import { describe, expect, it } from "vitest";
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

describe("where the answer's names stand behind its words", () => {
  const call = { function: { name: "weather", arguments: "" }, id: "call_1", index: 0, type: "function" };
  const reorder = ({ choices }: ReturnType<typeof choice>, names: object = COMMON) => ({ choices, ...names });
  const readSent = (...texts: string[]): Record<string, unknown>[] => {
    const writer = createWriter(false);
    const sent = texts.map((each, index) =>
      writer.write([
        ...(index === 0 ? [START] : []),
        { type: "wire", text: each, isProse: false },
        text("a"),
      ]),
    );
    return sent
      .join("")
      .split("\n\n")
      .slice(0, -1)
      .map((event) => Event.parse(JSON.parse(event.slice("data: ".length))));
  };
  const OURS = { id: "chatcmpl_ours", model: "openai/m", created: 77 };

  it("[HT46] [HT48] [HT170] a call keeps its own id, and the answer has ours", () => {
    const begun = choice({ role: "assistant", tool_calls: [call] });
    const more = choice({ tool_calls: [{ function: { arguments: "{}" }, index: 0 }] });
    expect(readSent(toEvent(reorder(begun)), toEvent(reorder(more)))).toEqual([
      { ...reorder(begun), ...OURS },
      { ...reorder(more), ...OURS },
    ]);
  });

  it("[HT46] [HT48] what a call says of a model, or of a time, is not the answer's", () => {
    const begun = choice({ tool_calls: [{ ...call, created: 5, model: "a-tool's" }] });
    expect(readSent(toEvent(reorder(begun)))).toEqual([{ ...reorder(begun), ...OURS }]);
  });

  it("[HT46] [HT170] spaces and escapes make no other name", () => {
    const spaced = `data: {"choices" : [{"delta": {}}], "id" : "chat\\u0063mpl\\/1", "model": "gpt", "created": 77}\n\n`;
    expect(readSent(spaced, spaced)).toEqual(Array(2).fill({ choices: [{ delta: {} }], ...OURS }));
  });

  it("[HT48] [HT170] an answer without an id of its own is given none, and its calls keep theirs", () => {
    const begun = reorder(choice({ tool_calls: [call] }), { model: "gpt-theirs" });
    expect(readSent(toEvent(begun))).toEqual([{ ...begun, model: "openai/m" }]);
  });

  it("[HT48] [HT170] a call that has the answer's id keeps it where the answer's stands first", () => {
    const begun = choice({ tool_calls: [{ ...call, id: COMMON.id }] });
    const { usage: _, ...sent } = begun;
    expect(readSent(toEvent(begun))).toEqual([{ ...sent, ...OURS }]);
  });

  it("[HT170] a first event that is two is passed on as it came", () => {
    const event = JSON.stringify(reorder(choice({ content: "a" })));
    const writer = createWriter(false);
    const sent = `data: ${event},${event}\n\n`;
    expect(writer.write([START, { type: "wire", text: sent, isProse: true }, text("aa")])).toBe(sent);
  });
});
