import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import type { AnswerPart } from "../../../src/protocol/answer-parts.ts";
import { toToolMessages } from "../../../src/tools/to-tool-messages.ts";
import { toUniqueCallIds } from "../../../src/tools/unique-call-ids.ts";

const toCall = (toolCallId: string, output: string): AnswerPart => ({
  type: "dynamic-tool",
  toolCallId,
  toolName: "f",
  state: "output-available",
  input: {},
  output,
});
const STEP = { type: "step-start" } as const;

/** Each call's id, then each result's with what it gave. */
const readIds = (prompt: LanguageModelV4Prompt): string[] =>
  prompt.flatMap(({ content }) =>
    typeof content === "string"
      ? []
      : content.flatMap((part) => {
          if (part.type === "tool-call") return part.toolCallId;
          return part.type === "tool-result" && part.output.type === "text"
            ? `${part.toolCallId}: ${part.output.value}`
            : [];
        }),
  );

test("[TL45] calls of different steps that were given one id are told under two", () => {
  const parts = [toCall("call_0", "a"), STEP, toCall("call_0", "b"), toCall("call_0_2", "c")];
  expect(readIds(toUniqueCallIds(toToolMessages(parts)))).toEqual([
    ...["call_0", "call_0: a"],
    ...["call_0_2", "call_0_2_2", "call_0_2: b", "call_0_2_2: c"],
  ]);
});

test("[TL45] so are two of one step, each with what it gave", () => {
  const parts = [toCall("c.1", "a"), toCall("c_1", "b"), toCall("c-1", "c")];
  expect(readIds(toUniqueCallIds(toToolMessages(parts)))).toEqual([
    ...["c_1", "c_1_2", "c-1", "c_1: a", "c_1_2: b", "c-1: c"],
  ]);
});

test("[TL45] the longest id has room for what tells it apart", () => {
  const id = "x".repeat(64);
  const ids = readIds(toUniqueCallIds(toToolMessages([toCall(id, "a"), STEP, toCall(id, "b")])));
  expect(ids.slice(0, 1)).toEqual([id]);
  expect(ids[2]).toBe(`${"x".repeat(56)}_2`);
});
