/** What is drawn of an answer. Rule WB33. */
import { expect, it } from "vitest";
import { closeAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../../src/protocol/session-frame.ts";
import {
  applyChunk,
  EMPTY_ANSWER,
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
    name: "search",
    input: '{"query":',
  });
  const future = { ...makeAnswer("a", "q"), parts: [{ type: "hologram" }, { type: "text", text: "Seen" }] };
  expect(toStoredParts(future)).toEqual([{ type: "text", text: "Seen", isOpen: false }]);
});
