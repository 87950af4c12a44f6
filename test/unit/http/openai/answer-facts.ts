/** The end of a good answer of two legs, for tests of what is written about it. */
import { UNKNOWN_USAGE, type Leg } from "../../../../src/protocol/answer.ts";
import type { BreakwaterEnd } from "../../../../src/protocol/breakwater-end.ts";
import type { AnswerEnd } from "../../../../src/routing/run-plan.ts";

const legOf = (provider: string, estimated: boolean): Leg => ({
  provider,
  model: "m",
  usage: { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 5 },
  costMicroUsd: 30,
  estimated,
});

export const END: AnswerEnd = {
  type: "answer-end",
  status: "complete",
  finishReason: "stop",
  native: [],
  failure: null,
  attempts: [],
  legs: [legOf("openai", true), legOf("google", false)],
  firstTokenMs: 10,
  durationMs: 20,
  usage: { ...UNKNOWN_USAGE, inputTokens: 20, outputTokens: 10 },
  costMicroUsd: 60,
};

export const BREAKWATER: BreakwaterEnd = {
  status: END.status,
  legs: END.legs,
  attempts: 2,
  costMicroUsd: 60,
  selectionId: "sel_1",
};
