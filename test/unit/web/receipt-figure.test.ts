/** The line under an answer, and its legs. Rules WB36, WB73, WB74. */
import { describe, expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import {
  toLegCost,
  toLegCount,
  toLegsText,
  toReceiptFigures,
} from "../../../web/chat/answer/receipt-figure.ts";
import { makeReceipt } from "./chat-fixture.ts";

const textsOf = (...change: Parameters<typeof makeReceipt>) =>
  toReceiptFigures(makeReceipt(...change)).map(({ text }) => text);
const leg = (provider: string, model: string, inputTokens: number | null) => ({
  provider,
  model,
  usage: { ...UNKNOWN_USAGE, inputTokens, outputTokens: 5 },
  costMicroUsd: inputTokens === null ? null : 10,
  estimated: false,
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

it("[WB36] marks a cost that rests on an estimate of ours, and no unknown one", () => {
  const legs = [{ ...leg("anthropic", "claude", 10), estimated: true }, leg("openai", "gpt", 20)];
  expect(textsOf({ legs, attempts: 2 })).toContain("≈$0.0015");
  expect(textsOf({ legs, costMicroUsd: null })).toContain("price unknown");
});

it("[WB36] claims nothing for an answer nobody gave", () => {
  expect(textsOf({ legs: [], firstTokenMs: null, costMicroUsd: 0, attempts: 3 })).toEqual(["3 attempts"]);
});

describe("legs", () => {
  const names: Readonly<Record<string, string>> = { claude: "Claude Sonnet 5", gpt: "GPT-6 Sol" };
  const textOf = (legs: readonly (readonly [string, string])[], steps: number) =>
    toLegsText(
      legs.map(([provider, model]) => leg(provider, model, 10)),
      steps,
      (_provider, model) => names[model] ?? model,
    );

  it("[WB74] tells who went on, by the names that people know, and after how many faults", () => {
    const claude = ["anthropic", "claude"] as const;
    const gpt = ["openai", "gpt"] as const;
    expect(textOf([claude], 1)).toBe("");
    expect(textOf([claude, gpt], 1)).toBe("Claude Sonnet 5 → GPT-6 Sol, went on after a fault");
    expect(textOf([claude, gpt, claude], 1)).toBe(
      "Claude Sonnet 5 → GPT-6 Sol → Claude Sonnet 5, went on after 2 faults",
    );
    expect(textOf([claude, claude], 1)).toBe("Claude Sonnet 5, went on after a fault");
  });

  it("[WB74] a further step with a tool's result is no fault", () => {
    expect(
      textOf(
        [
          ["anthropic", "claude"],
          ["anthropic", "claude"],
        ],
        2,
      ),
    ).toBe("");
    expect(
      textOf(
        [
          ["anthropic", "claude"],
          ["openai", "gpt"],
        ],
        2,
      ),
    ).toBe("Claude Sonnet 5 → GPT-6 Sol");
  });

  it("[WB74] each leg has its tokens and its cost, marked where they are our estimate", () => {
    const estimated = { ...leg("anthropic", "claude", 10), estimated: true };
    expect(toLegCost(estimated)).toBe("≈$0.00001");
    expect(toLegCount(estimated, 9)).toBe("≈9");
    expect(toLegCost({ ...estimated, costMicroUsd: null })).toBe("price unknown");
    expect(toLegCount(estimated, null)).toBe("–");
    expect(toLegCost(leg("openai", "gpt", 10))).toBe("$0.00001");
    expect(textsOf({ legs: [estimated] })).toContain("≈10 in / 5 out");
  });

  it("[WB73] a shared receipt says nothing of prices, not even that they are unknown", () => {
    const shared = toReceiptFigures(makeReceipt({ costMicroUsd: null }), true);
    expect(shared.map(({ name }) => name)).not.toContain("Cost");
  });
});
