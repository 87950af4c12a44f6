/**
 * What legs have cost whose provider did not come to count them, since a crash ended their turn: an estimate by what
 * came of them and what they were sent. Pure. Rule SE46.
 */
import type { Leg, TokenUsage } from "../../protocol/answer.ts";
import { estimateTokensOfLength } from "../../routing/estimate-tokens.ts";

export interface CountLegsFacts {
  /** Characters of words and thoughts that came of each leg. */
  readonly charactersOfLegs: readonly number[];
  /** An estimate for what a leg was sent. */
  readonly inputTokens: () => number;
  /** Micro-dollars, or null when the price is unknown. */
  readonly priceUsage: (target: Pick<Leg, "provider" | "model">, usage: TokenUsage) => number | null;
}

export function countLegs(legs: readonly Leg[], facts: CountLegsFacts): Leg[] {
  return legs.map((leg, index) => {
    if (leg.usage.outputTokens !== null) return leg;
    const usage: TokenUsage = {
      ...leg.usage,
      inputTokens: leg.usage.inputTokens ?? facts.inputTokens(),
      outputTokens: estimateTokensOfLength(facts.charactersOfLegs[index] ?? 0),
    };
    return { ...leg, usage, costMicroUsd: facts.priceUsage(leg, usage), estimated: true };
  });
}
