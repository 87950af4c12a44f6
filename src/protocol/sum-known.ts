/** Sums of what may be unknown: one unknown part makes the sum unknown, since a part shown as the whole would be a lie. Pure. */
import type { TokenUsage } from "./answer.ts";

/** Null as soon as one of them is unknown; null for none. */
export function sumKnown(values: readonly (number | null)[]): number | null {
  let sum: number | null = null;
  for (const value of values) {
    if (value === null) return null;
    sum = (sum ?? 0) + value;
  }
  return sum;
}

export function sumUsage(usages: readonly TokenUsage[]): TokenUsage {
  const sum = (read: (usage: TokenUsage) => number | null): number | null => sumKnown(usages.map(read));
  return {
    inputTokens: sum((usage) => usage.inputTokens),
    cachedInputTokens: sum((usage) => usage.cachedInputTokens),
    cacheWriteTokens: sum((usage) => usage.cacheWriteTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    reasoningTokens: sum((usage) => usage.reasoningTokens),
  };
}
