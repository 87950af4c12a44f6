/** What is known of a chat's answer where it is told as a response. */
import { expect, it } from "vitest";
import { KeptAnswer } from "../../../../src/http/openai/responses/kept-answer.ts";
import { UNKNOWN_USAGE } from "../../../../src/protocol/answer.ts";
import { RECEIPT } from "../../session/answer-fixtures.ts";

it("[HT370] what one of an answer's legs did not count is unknown of the whole, and no part of the sum is told", () => {
  const leg = { provider: "openai", model: "gpt-6-sol", costMicroUsd: 5, estimated: false };
  const usages = [
    { ...UNKNOWN_USAGE, inputTokens: 100, cachedInputTokens: 80, outputTokens: 7 },
    { ...UNKNOWN_USAGE, inputTokens: 120, outputTokens: 5 },
  ];
  const answer = new KeptAnswer();
  expect(answer.usage).toEqual(UNKNOWN_USAGE);
  const legs = usages.map((usage) => ({ ...leg, usage }));
  answer.take({ type: "message-metadata", messageMetadata: { ...RECEIPT, legs } });
  expect(answer.usage).toEqual({ ...UNKNOWN_USAGE, inputTokens: 220, outputTokens: 12 });
});
