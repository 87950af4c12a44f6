/** What is drawn of an answer, and what is said of its tools. Rules WB33, WB68. */
import { expect, it } from "vitest";
import { CALL_STOPPED, closeAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import { toApprovalWords, toToolWords } from "../../../web/chat/answer/tool-words.ts";
import {
  applyChunk,
  EMPTY_ANSWER,
  toFiles,
  toOutputs,
  toPlainText,
  toStoredParts,
  toStreamedParts,
} from "../../../web/session/answer-part.ts";
import type { StreamedAnswer } from "../../../web/session/answer-part.ts";
import { makeAnswer, makeReceipt } from "./chat-fixture.ts";

const CHUNKS: AnswerChunk[] = [
  { type: "start", messageId: "a", messageMetadata: makeReceipt({ status: "streaming" }) },
  { type: "start-step" },
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Let me " },
  { type: "reasoning-delta", id: "r", delta: "think." },
  { type: "reasoning-end", id: "r" },
  { type: "tool-input-start", toolCallId: "t", toolName: "search", dynamic: true },
  { type: "tool-input-delta", toolCallId: "t", inputTextDelta: '{"query":' },
  {
    type: "tool-input-available",
    toolCallId: "t",
    toolName: "search",
    input: { query: "sea" },
    dynamic: true,
  },
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "One" },
  { type: "text-end", id: "0" },
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "Two" },
  { type: "text-end", id: "0" },
  { type: "finish", finishReason: "stop", messageMetadata: makeReceipt() },
];
const take = (chunks: readonly AnswerChunk[]): StreamedAnswer => chunks.reduce(applyChunk, EMPTY_ANSWER);

it("[WB33] is the same while it streams and once it is stored", () => {
  const streamed = take(CHUNKS);
  const stored = { ...makeAnswer("a", "q"), parts: closeAnswerDraft(streamed.draft) };
  const parts = toStreamedParts(streamed);
  expect(parts).toEqual(toStoredParts(stored));
  expect(parts.map((part) => part.type)).toEqual(["reasoning", "tool", "text", "text"]);
  expect(toPlainText(parts)).toBe("One\n\nTwo");
  expect(streamed.receipt?.status).toBe("complete");
});

it("[WB33] shows open parts as open, a tool's arguments as they arrive, and passes over what it cannot draw", () => {
  expect(toStreamedParts(take(CHUNKS.slice(0, 4)))).toEqual([
    { type: "reasoning", text: "Let me ", isOpen: true },
  ]);
  expect(toStreamedParts(take(CHUNKS.slice(0, 8))).at(-1)).toEqual({
    type: "tool",
    callId: "t",
    name: "search",
    input: '{"query":',
    state: "input-streaming",
    output: "",
    errorText: "",
    approvalId: "",
  });
  const future = { ...makeAnswer("a", "q"), parts: [{ type: "hologram" }, { type: "text", text: "Seen" }] };
  expect(toStoredParts(future)).toEqual([{ type: "text", text: "Seen", isOpen: false }]);
});

const CALL: AnswerChunk[] = [
  { type: "start-step" },
  { type: "tool-input-start", toolCallId: "t", toolName: "book", dynamic: true },
  { type: "tool-input-available", toolCallId: "t", toolName: "book", input: { nights: 3 }, dynamic: true },
  { type: "tool-approval-request", approvalId: "ap", toolCallId: "t" },
];
const ALLOWED: AnswerChunk = { type: "tool-approval-response", approvalId: "ap", approved: true };
const toTool = (chunks: readonly AnswerChunk[]) =>
  toStreamedParts(take(chunks)).find((part) => part.type === "tool");

it("[WB68] a call shows what it was given and what became of it", () => {
  expect(toTool(CALL)).toMatchObject({
    state: "approval-requested",
    approvalId: "ap",
    input: '{\n  "nights": 3\n}',
  });
  const output: AnswerChunk = {
    type: "tool-output-available",
    toolCallId: "t",
    output: "Berth 12",
    dynamic: true,
  };
  expect(toTool([...CALL, ALLOWED, output])).toMatchObject({ state: "output-available", output: "Berth 12" });
  const error: AnswerChunk = {
    type: "tool-output-error",
    toolCallId: "t",
    errorText: "Full.",
    dynamic: true,
  };
  expect(toTool([...CALL, ALLOWED, error])).toMatchObject({ state: "output-error", errorText: "Full." });
  const denied: AnswerChunk = { type: "tool-output-denied", toolCallId: "t" };
  expect(toTool([...CALL, { ...ALLOWED, approved: false }, denied])).toMatchObject({
    state: "output-denied",
  });
  const stored = { ...makeAnswer("a", "q"), parts: closeAnswerDraft(take([...CALL, ALLOWED, output]).draft) };
  expect(toStoredParts(stored)).toEqual(toStreamedParts(take([...CALL, ALLOWED, output])));
});

it("[WB68] a call that nothing more will come of is not said to be under way", () => {
  const words = (state: Parameters<typeof toToolWords>[0]["state"], isLive: boolean) =>
    toToolWords({ name: "book", state }, isLive);
  expect(words("input-available", true)).toEqual({ text: "Calling book…", tone: "busy" });
  expect(words("input-available", false).tone).toBe("bad");
  expect(words("approval-requested", false).text).toMatch(/nobody said/);
  expect(words("output-available", false)).toEqual({ text: "Called book", tone: "done" });
  expect(words("output-denied", true).text).toBe("book was not allowed");
});

it("[WB68] an answer that waits for somebody says so aloud, and only then", () => {
  expect(toApprovalWords(toStreamedParts(take(CALL)))).toMatch(/may book be called/);
  expect(toApprovalWords(toStreamedParts(take([...CALL, ALLOWED])))).toBe("");
});

it("[WB135] a call that was stopped has not failed, and one that waited for a word was not made", () => {
  const stop: AnswerChunk = {
    type: "tool-output-error",
    toolCallId: "t",
    errorText: CALL_STOPPED,
    dynamic: true,
  };
  const wordsOf = (chunks: readonly AnswerChunk[]) => {
    const stored = { ...makeAnswer("a", "q"), parts: closeAnswerDraft(take(chunks).draft) };
    const tool = toStoredParts(stored).find((part) => part.type === "tool");
    expect(tool).toEqual(toTool(chunks));
    if (tool === undefined) throw new Error("the call is gone");
    return toToolWords(tool, false);
  };
  expect(wordsOf([...CALL, stop])).toEqual({
    text: "book was not called: the answer was stopped",
    tone: "done",
  });
  const doubtful = { ...stop, errorText: `${CALL_STOPPED} It is not known whether the call was made.` };
  for (const running of [[...CALL, ALLOWED], CALL.slice(0, -1)]) {
    expect(wordsOf([...running, doubtful])).toEqual({ text: "book was stopped", tone: "done" });
  }
  expect(wordsOf([...CALL, ALLOWED, { ...stop, errorText: "Full." }]).text).toBe("book failed");
});

it("[WB81] a call that a complete answer left to its caller is the caller's to make", () => {
  const call = {
    type: "dynamic-tool",
    toolCallId: "c1",
    toolName: "weather",
    state: "input-available",
    input: {},
  };
  const { metadata, ...rest } = makeAnswer("a", "q");
  const ended = metadata === null ? null : { ...metadata, finishReason: "tool-calls" as const };
  const answer = { ...rest, metadata: ended, parts: [call] };
  const [left] = toStoredParts(answer);
  expect(left).toMatchObject({ type: "tool", state: "left-to-caller" });
  expect(toToolWords({ name: "weather", state: "left-to-caller" }, false)).toEqual({
    text: "Left weather to the program that asked",
    tone: "done",
  });
  expect(toStoredParts({ ...answer, metadata })).toMatchObject([{ state: "input-available" }]);
  const output = {
    type: "data-tool-output",
    data: { toolCallId: "c1", toolName: "weather", output: "Rain" },
  };
  const given = { ...makeAnswer("b", "q"), parts: [output] };
  expect(toOutputs(toStoredParts(given))).toEqual([{ type: "output", name: "weather", text: "Rain" }]);
  expect(toPlainText(toStoredParts(given))).toBe("");
});

it("[WB33] files of a question are shown apart from its text", () => {
  const file = { type: "file", mediaType: "image/png", filename: "sea.png", url: "/x" };
  const question = {
    ...makeAnswer("a", "q"),
    parts: [{ type: "text", text: "Look" }, file, { type: "file" }],
  };
  expect(toFiles(toStoredParts(question))).toEqual([file]);
  expect(toPlainText(toStoredParts(question))).toBe("Look");
});
