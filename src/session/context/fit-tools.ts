/**
 * Of the tools of a chat as many as the asked models take beside all else: each is sent with every call, and servers list
 * more than a small model holds. Pure. Rule TL50.
 */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { estimateTokens } from "../../routing/estimate-tokens.ts";

/** Of what a model takes. The rest is for the chat, and for what the tools give. */
const TOOLS_SHARE = 0.5;

export interface FittedTools {
  /** In the order in which they were given. */
  readonly tools: readonly LanguageModelV4FunctionTool[];
  readonly leftOut: readonly LanguageModelV4FunctionTool[];
  /** Of the definitions of those that are kept. */
  readonly tokens: number;
}

/** The largest are left out first: one of those costs a model many others. */
export function fitTools(tools: readonly LanguageModelV4FunctionTool[], roomTokens: number): FittedTools {
  const maxTokens = Math.floor(roomTokens * TOOLS_SHARE);
  const allTokens = countDefinitionTokens(tools);
  // Nearly always: they are written out once then, before a first word.
  if (allTokens <= maxTokens) return { tools, leftOut: [], tokens: allTokens };
  const rising = tools
    .map((tool) => ({ tool, tokens: countDefinitionTokens([tool]) }))
    .toSorted((one, other) => one.tokens - other.tokens);
  const kept = new Set<LanguageModelV4FunctionTool>();
  let left = maxTokens;
  for (const { tool, tokens } of rising) {
    left -= tokens;
    if (left < 0) break;
    kept.add(tool);
  }
  const offered = tools.filter((tool) => kept.has(tool));
  return {
    tools: offered,
    leftOut: tools.filter((tool) => !kept.has(tool)),
    tokens: countDefinitionTokens(offered),
  };
}

export function countDefinitionTokens(tools: readonly unknown[]): number {
  return tools.length === 0 ? 0 : estimateTokens(JSON.stringify(tools));
}
