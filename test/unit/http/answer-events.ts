/** What an answer is made of, for tests of the wires that it is written in. */
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { targetOf } from "../routing/ranking/plan-facts.ts";

export const startOf = (name: string, attempt = 1): AnswerEvent => ({
  type: "leg-start",
  target: targetOf(name),
  attempt,
});
export const text = (said: string): AnswerEvent => ({ type: "text-delta", text: said });
export const thought = (said: string): AnswerEvent => ({ type: "reasoning-delta", text: said });
export const toolCall = (toolCallId: string): AnswerEvent[] => [
  { type: "tool-input-start", toolCallId, toolName: "look" },
  { type: "tool-input-delta", toolCallId, text: '{"at":' },
  { type: "tool-input-delta", toolCallId, text: "1}" },
  { type: "tool-call", toolCallId, toolName: "look", input: '{"at":1}' },
];
