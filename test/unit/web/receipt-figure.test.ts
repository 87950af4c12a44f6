/** The line under an answer. Rule WB36. */
import { expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { toReceiptFigures } from "../../../web/chat/receipt-figure.ts";
import { makeReceipt } from "./chat-fixture.ts";

const textsOf = (...change: Parameters<typeof makeReceipt>) =>
  toReceiptFigures(makeReceipt(...change)).map(({ text }) => text);
const leg = (provider: string, model: string, inputTokens: number | null) => ({
  provider,
  model,
  usage: { ...UNKNOWN_USAGE, inputTokens, outputTokens: 5 },
  costMicroUsd: inputTokens === null ? null : 10,
});

it("[WB36] gives provider, model, first token, tokens, cost and attempts", () => {
  expect(textsOf()).toEqual([
    "openai",
    "gpt",
    "first token 340 ms",
    "10 in / 20 out",
    "$0.0015",
    "1 attempt",
  ]);
  expect(textsOf({ sandbox: true }).at(-1)).toBe("sandbox");
});

it("[WB36] names every provider in order, and sums only what is known", () => {
  const legs = [leg("anthropic", "claude", 10), leg("openai", "gpt", 20)];
  expect(textsOf({ legs, attempts: 2 })).toEqual([
    "anthropic → openai",
    "gpt",
    "first token 340 ms",
    "30 in / 10 out",
    "$0.0015",
    "2 attempts",
  ]);
  const unknown = [leg("anthropic", "claude", 10), leg("openai", "gpt", null)];
  expect(textsOf({ legs: unknown, costMicroUsd: null })).toContain("– in / 10 out");
  expect(textsOf({ legs: unknown, costMicroUsd: null })).toContain("price unknown");
});

it("[WB36] claims nothing for an answer nobody gave", () => {
  expect(textsOf({ legs: [], firstTokenMs: null, costMicroUsd: 0, attempts: 3 })).toEqual(["3 attempts"]);
});
