/** Calls that an answer leaves to its caller, and what they gave: taken, told to models, counted, exported. */
import { describe, expect, it } from "vitest";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toToolOutputPart } from "../../../src/protocol/tool-output.ts";
import { acceptToolOutputs } from "../../../src/session/questions/accept-tool-outputs.ts";
import { chooseContext, toContextPrompt, toSummarise } from "../../../src/session/context/context.ts";
import { estimateTokens } from "../../../src/routing/estimate-tokens.ts";
import { toMarkdownExport } from "../../../src/session/views/export-chat.ts";
import { toPrompt } from "../../../src/session/context/to-prompt.ts";
import { RECEIPT, toMessage } from "./answer-fixtures.ts";

const toCall = (id: string, state = "input-available") => ({
  type: "dynamic-tool",
  toolCallId: id,
  toolName: "weather",
  state,
  input: { city: "Oslo" },
  ...(state === "output-available" ? { output: "dry" } : {}),
});
const toGiven = (id: string, output = "Rain") =>
  toToolOutputPart({ toolCallId: id, toolName: "weather", output });
const STEP = { type: "step-start" };
const LEFT = { ...RECEIPT, status: "complete" as const, finishReason: "tool-calls" as const };
const ASKED = { ...toMessage("a1", "assistant", [STEP, toCall("c1"), toCall("c2")]), metadata: LEFT };

describe("what is taken", () => {
  it("[SE92] is one output for each call of the answer before", () => {
    const parts = [toGiven("c2"), { type: "text", text: "Well?" }, toGiven("c1")];
    expect(acceptToolOutputs({ parts }, ASKED)).toEqual({ ok: true, value: [toGiven("c2"), toGiven("c1")] });
  });

  it.each([
    ["no call of that id", [toGiven("c1"), toGiven("c3")], /No call c3 waits/],
    ["another name", [{ ...toGiven("c1"), data: { ...toGiven("c1").data, toolName: "x" } }], /No call c1/],
    ["two of one call", [toGiven("c1"), toGiven("c1")], /c1 has two outputs/],
    ["a call without one", [toGiven("c1")], /c2 has no output/],
    ["half an output", [{ type: "data-tool-output", data: { toolCallId: "c1" } }], /no name or no text/],
  ])("[SE92] %s is refused", (_, parts, sentence) => {
    expect(acceptToolOutputs({ parts }, ASKED)).toEqual({
      ok: false,
      error: expect.stringMatching(sentence),
    });
  });

  it("[SE91] [SE92] nobody has to answer, and a call that the chat has run itself waits for nothing", () => {
    expect(acceptToolOutputs({ parts: [{ type: "text", text: "Well?" }] }, ASKED)).toEqual({
      ok: true,
      value: [],
    });
    const ran = { ...ASKED, parts: [STEP, toCall("c1", "output-available")] };
    expect(acceptToolOutputs({ parts: [toGiven("c1")] }, ran).ok).toBe(false);
    // One that broke off in the middle of a call left nothing to anybody.
    const broken = { ...ASKED, metadata: { ...RECEIPT, status: "incomplete" as const } };
    expect(acceptToolOutputs({ parts: [toGiven("c1"), toGiven("c2")] }, broken).ok).toBe(false);
    expect(acceptToolOutputs({ parts: [toGiven("c1")] }, null).ok).toBe(false);
  });
});

const QUESTION = toMessage("q1", "user", "What is it like?");
const OUTPUTS = toMessage(
  "q2",
  "user",
  [toGiven("c1"), toGiven("c2", "Snow"), { type: "text", text: "Well?" }],
  "a1",
);

describe("what models are told", () => {
  it("[SE92] is the results of the calls, and then what was said beside them", () => {
    const prompt = toPrompt([QUESTION, ASKED, OUTPUTS]);
    expect(prompt.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
    expect(prompt[2]?.content).toMatchObject([
      { toolCallId: "c1", toolName: "weather", output: { type: "text", value: "Rain" } },
      { toolCallId: "c2", toolName: "weather", output: { type: "text", value: "Snow" } },
    ]);
    expect(prompt[3]?.content).toEqual([{ type: "text", text: "Well?" }]);
  });

  it("[SE92] is words where the calls are left out, and an error where nobody gave a result", () => {
    expect(toPrompt([OUTPUTS])[0]?.content).toEqual([
      { type: "text", text: '<output of="weather">\nRain\n</output>' },
      { type: "text", text: '<output of="weather">\nSnow\n</output>' },
      { type: "text", text: "Well?" },
    ]);
    const without = toPrompt([QUESTION, ASKED, toMessage("q2", "user", "Never mind", "a1")]);
    expect(without[2]?.content).toMatchObject([
      { output: { type: "error-text" } },
      { output: { type: "error-text" } },
    ]);
  });
});

/** A question and so many calls after each other, each of whose outputs takes so many tokens. */
function toRounds(count: number, tokens: number): StoredMessage[] {
  return Array.from({ length: count }, (_, index): StoredMessage[] => [
    toMessage(`a${index}`, "assistant", [STEP, toCall(`c${index}`)]),
    toMessage(`o${index}`, "user", [toGiven(`c${index}`, "abcd".repeat(tokens))]),
  ]).flat();
}

function tell(
  messages: readonly StoredMessage[],
  budgetTokens: number,
  question: StoredMessage | null = null,
  mostTokens = Number.POSITIVE_INFINITY,
) {
  const rest = { hasOlder: false, summary: null, roomTokens: 0, countBytes: () => null };
  const facts = { question, mostTokens, ...rest };
  const context = chooseContext({ ...facts, messages, budgetTokens });
  return toContextPrompt(context, () => null).filter(({ role }) => role !== "system");
}

describe("a history that does not fit", () => {
  it("[SE93] is cut at a question, never between a call and what it gave", () => {
    const older = [toMessage("q0", "user", "abcd".repeat(2_000)), ...toRounds(1, 10)];
    const prompt = tell([...older, toMessage("end", "assistant", "Fine."), QUESTION, ASKED, OUTPUTS], 1_000);
    expect(prompt.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
  });

  it("[SE93] whose one question had too many calls keeps the question and the newest of them", () => {
    const prompt = tell([QUESTION, ...toRounds(10, 300)], 1_000);
    expect(prompt[0]?.content).toEqual([{ type: "text", text: "What is it like?" }]);
    expect(prompt.slice(1).map(({ role }) => role)).toEqual(["assistant", "tool", "assistant", "tool"]);
    expect(JSON.stringify(prompt.at(-1))).toContain("c9");
    // One that is larger than all there is, is told all the same.
    const last = tell([QUESTION, ...toRounds(2, 5_000)], 1_000);
    expect(last.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });

  it("[SE93] tells the question also where calls alone fill what is read, and the newest of them without one", () => {
    const rounds = toRounds(10, 300);
    const roles = ["assistant", "tool", "assistant", "tool"];
    const prompt = tell(rounds, 1_000, QUESTION);
    expect(prompt.map(({ role }) => role)).toEqual(["user", ...roles]);
    expect(prompt[0]?.content).toEqual([{ type: "text", text: "What is it like?" }]);
    expect(
      tell(rounds, 1_000)
        .map(({ role }) => role)
        .slice(-2),
    ).toEqual(["assistant", "tool"]);
  });

  it("[SE93] is summarised up to an answer behind which a question stands", () => {
    const rounds = toRounds(10, 300);
    expect(toSummarise([QUESTION, ...rounds], 1_000)).toEqual([]);
    const done = [
      QUESTION,
      ...rounds,
      toMessage("end", "assistant", "Fine."),
      toMessage("q9", "user", "More?"),
    ];
    expect(toSummarise([...done, toMessage("a9", "assistant", "Yes.")], 1_000).at(-1)?.id).toBe("end");
  });
});

it("[SE85] [SE92] the Markdown of a chat says what was asked of whom, and what it gave", () => {
  const head = { title: "Weather", exportedAt: "2026-11-26T12:00:00.000Z" };
  const text = [...toMarkdownExport(head, [[QUESTION, ASKED, OUTPUTS]])].join("");
  expect(text).toContain('*Asked for a call of weather:* {"city":"Oslo"}');
  expect(text).toContain("*Result of weather:* Rain\n\n*Result of weather:* Snow\n\nWell?");
});

describe("outputs that are more than a model takes", () => {
  const toBoth = (tokens: number) =>
    toMessage("o1", "user", [
      toGiven("c1", `first ${"abcd".repeat(tokens)}`),
      toGiven("c2", `second ${"abcd".repeat(tokens)}`),
      { type: "text", text: "And?" },
    ]);
  const told = (outputs: StoredMessage, mostTokens?: number) =>
    JSON.stringify(tell([QUESTION, ASKED, outputs], 2_000, null, mostTokens));

  it("[TL53] are told cut, each up to one same length, with the calls that gave them", () => {
    const text = told(toBoth(9_000), 3_000);
    expect(estimateTokens(text)).toBeLessThan(3_300);
    for (const part of ["first abcd", "second abcd", "Cut here", "And?", "What is it like?", "c1", "c2"])
      expect(text).toContain(part);
  });

  it("[TL53] stay whole where they fit, and where nobody knows what a model takes", () => {
    expect(told(toBoth(1_000), 3_000)).not.toContain("Cut here");
    expect(told(toBoth(90_000))).not.toContain("Cut here");
  });

  it("[TL53] have a quarter of a model beside a chat that fills it", () => {
    const chat = [QUESTION, ASKED, OUTPUTS, toMessage("end", "assistant", "abcd".repeat(900))];
    const next = [
      { ...QUESTION, id: "q2", parentId: "end" },
      { ...ASKED, id: "a2", parentId: "q2" },
      { ...toBoth(9_000), parentId: "a2" },
    ];
    const text = JSON.stringify(tell([...chat, ...next], 1_000, null, 1_000));
    expect(text).toContain("first abcd");
    expect(estimateTokens(text)).toBeLessThan(1_200);
  });
});
