/**
 * Of the tools of a chat as many as the asked models take beside all else: each is sent with every call, and servers list
 * more than a small model holds. Pure. Rule TL50.
 */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { estimateTokens } from "../routing/estimate-tokens.ts";

/** Of what a model takes. The rest is for the chat, and for what the tools give. */
const TOOLS_SHARE = 0.5;

export interface FittedTools {
  /** In the order in which they were given. */
  readonly tools: readonly LanguageModelV4FunctionTool[];
  readonly leftOut: readonly LanguageModelV4FunctionTool[];
}

/** The largest are left out first: one of those costs a model many others. */
export function fitTools(tools: readonly LanguageModelV4FunctionTool[], roomTokens: number): FittedTools {
  const rising = tools
    .map((tool) => ({ tool, tokens: countDefinitionTokens([tool]) }))
    .toSorted((one, other) => one.tokens - other.tokens);
  const kept = new Set<LanguageModelV4FunctionTool>();
  let left = Math.floor(roomTokens * TOOLS_SHARE);
  for (const { tool, tokens } of rising) {
    left -= tokens;
    if (left < 0) break;
    kept.add(tool);
  }
  return {
    tools: tools.filter((tool) => kept.has(tool)),
    leftOut: tools.filter((tool) => !kept.has(tool)),
  };
}

export function countDefinitionTokens(tools: readonly unknown[]): number {
  return tools.length === 0 ? 0 : estimateTokens(JSON.stringify(tools));
}
