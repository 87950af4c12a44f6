import { expect, test } from "vitest";
import type { AnswerPart } from "../../../src/protocol/answer-parts.ts";
import { toToolMessages } from "../../../src/tools/to-tool-messages.ts";
import { toCall } from "./tool-world.ts";

const START: AnswerPart = { type: "step-start" };

function toText(text: string): AnswerPart {
  return { type: "text", text, state: "done" };
}

test("[TL30] steps are told one after the other, each with its calls and then their results", () => {
  const parts: AnswerPart[] = [
    START,
    toText("I look it up."),
    toCall({
      toolCallId: "a",
      toolName: "search",
      input: { q: 1 },
      state: "output-available",
      output: "found",
    }),
    toCall({ toolCallId: "b", toolName: "sum", input: {}, state: "output-available", output: { sum: 5 } }),
    START,
    toCall({
      toolCallId: "c",
      toolName: "search",
      input: { q: 2 },
      state: "output-error",
      errorText: "Gone.",
    }),
    START,
    toText("It is 5."),
  ];
  expect(toToolMessages(parts)).toEqual([
    {
      role: "assistant",
      content: [
        { type: "text", text: "I look it up." },
        { type: "tool-call", toolCallId: "a", toolName: "search", input: { q: 1 } },
        { type: "tool-call", toolCallId: "b", toolName: "sum", input: {} },
      ],
    },
    {
      role: "tool",
      content: [
        {
          type: "tool-result",
          toolCallId: "a",
          toolName: "search",
          output: { type: "text", value: "found" },
        },
        {
          type: "tool-result",
          toolCallId: "b",
          toolName: "sum",
          output: { type: "json", value: { sum: 5 } },
        },
      ],
    },
    {
      role: "assistant",
      content: [{ type: "tool-call", toolCallId: "c", toolName: "search", input: { q: 2 } }],
    },
    {
      role: "tool",
      content: [
        {
          type: "tool-result",
          toolCallId: "c",
          toolName: "search",
          output: { type: "error-text", value: "Gone." },
        },
      ],
    },
    { role: "assistant", content: [{ type: "text", text: "It is 5." }] },
  ]);
});

test("[TL30] an answer without steps is one", () => {
  expect(toToolMessages([toText("Hello.")])).toEqual([
    { role: "assistant", content: [{ type: "text", text: "Hello." }] },
  ]);
});

test("[TL31] thoughts, empty texts and halves of calls are no part of a prompt", () => {
  const thought: AnswerPart = { type: "reasoning", text: "Hm.", state: "done" };
  const parts = [
    START,
    thought,
    toText(""),
    toCall({ state: "input-streaming", input: undefined }),
    START,
    thought,
  ];
  expect(toToolMessages(parts)).toEqual([]);
  expect(toToolMessages([...parts, toText("Yes.")])).toEqual([
    { role: "assistant", content: [{ type: "text", text: "Yes." }] },
  ]);
});

test.each([
  ["output-denied", { type: "execution-denied", reason: "The user did not allow this call." }],
  ["output-error", { type: "error-text", value: "The tool failed." }],
  ["input-available", { type: "error-text", value: "The answer ended before this call had a result." }],
  ["approval-requested", { type: "error-text", value: "The answer ended before this call had a result." }],
  ["approval-responded", { type: "error-text", value: "The answer ended before this call had a result." }],
] as const)("[TL32] a call in state %s has a result", (state, output) => {
  expect(toToolMessages([toCall({ state })])[1]).toMatchObject({ role: "tool", content: [{ output }] });
});

test("[TL32] an output that is nothing is told as null", () => {
  expect(toToolMessages([toCall({ state: "output-available" })])[1]).toMatchObject({
    content: [{ output: { type: "json", value: null } }],
  });
});

test.each([
  [{ a: 1 }, { a: 1 }],
  ["text", { input: "text" }],
  [[1], { input: [1] }],
  [null, { input: null }],
  [undefined, { input: null }],
])("[TL33] the arguments %j are told as an object", (input, told) => {
  expect(toToolMessages([toCall({ input, state: "output-denied" })])[0]).toMatchObject({
    content: [{ input: told }],
  });
});

test("[TL33] an id is made of characters that every provider takes, in the call and its result", () => {
  const messages = toToolMessages([toCall({ toolCallId: "call:1/ü", state: "output-denied" })]);
  expect(messages).toMatchObject([
    { content: [{ toolCallId: "call_1__" }] },
    { content: [{ toolCallId: "call_1__" }] },
  ]);
});
