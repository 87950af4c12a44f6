/** One price for everything in the simulated world; null for a call of which nothing was told. Micro-dollars. */
import type { TokenUsage } from "../../src/protocol/answer.ts";

const INPUT_MICRO_USD_PER_TOKEN = 2;
const OUTPUT_MICRO_USD_PER_TOKEN = 10;

export function priceUsage({ inputTokens, outputTokens }: TokenUsage): number | null {
  if (inputTokens === null && outputTokens === null) return null;
  return (inputTokens ?? 0) * INPUT_MICRO_USD_PER_TOKEN + (outputTokens ?? 0) * OUTPUT_MICRO_USD_PER_TOKEN;
}
