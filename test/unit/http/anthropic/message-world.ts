/** What the tests of Anthropic's writer share: an end, what is said of it, and a writer. */
import { MessageWriter } from "../../../../src/http/anthropic/message-writer.ts";
import { UNKNOWN_USAGE } from "../../../../src/protocol/answer.ts";
import type { AnswerEnd } from "../../../../src/routing/run-plan.ts";

export const END: AnswerEnd = {
  type: "answer-end",
  status: "complete",
  finishReason: "stop",
  failure: null,
  attempts: [],
  native: [],
  legs: [],
  firstTokenMs: 10,
  durationMs: 20,
  usage: { ...UNKNOWN_USAGE, inputTokens: 20, cachedInputTokens: 5, cacheWriteTokens: 3, outputTokens: 10 },
  costMicroUsd: 60,
};

export const BREAKWATER = {
  status: END.status,
  legs: END.legs,
  attempts: 2,
  costMicroUsd: 60,
  selectionId: "sel_1",
} as const;

export const createWriter = (): MessageWriter =>
  new MessageWriter({ id: "msg_1", model: "balanced", requestId: "req_1" });
