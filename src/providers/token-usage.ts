/** Token counts as the wires report them → TokenUsage. Counts that were not reported stay null. Rules PR5, PR61, PR145. */
import { z } from "zod";
import type { ServiceTier, TokenUsage } from "../protocol/answer.ts";
import { isObject } from "./is-object.ts";

/** A count that is no count (negative, fractional, text) is treated as not reported. */
const Count = z.int().nonnegative().nullish().catch(null);

/** OpenAI's names and Anthropic's. Any other is billed in a way that nobody here knows of. */
const SERVICE_TIERS: ReadonlyMap<unknown, ServiceTier> = new Map([
  ["default", "default"],
  ["standard", "default"],
  ["flex", "flex"],
  ["priority", "priority"],
]);

/** The usage with the tier that the provider names; as it is where it names none. */
export function withServiceTier(usage: TokenUsage, told: unknown): TokenUsage {
  const serviceTier = SERVICE_TIERS.get(told);
  return serviceTier === undefined ? usage : { ...usage, serviceTier };
}

/** Usage of the OpenAI chat wire; null when the value is no usage object. By plain checks: every call comes through here. */
export function parseOpenAiUsage(value: unknown): TokenUsage | null {
  if (!isObject(value) || Array.isArray(value)) return null;
  const input = value["prompt_tokens_details"];
  const output = value["completion_tokens_details"];
  return {
    inputTokens: readCount(value, "prompt_tokens"),
    // The second is DeepSeek's name for it.
    cachedInputTokens: readCount(input, "cached_tokens") ?? readCount(value, "prompt_cache_hit_tokens"),
    cacheWriteTokens: readCount(input, "cache_write_tokens"),
    outputTokens: readCount(value, "completion_tokens"),
    reasoningTokens: readCount(output, "reasoning_tokens"),
  };
}

function readCount(from: unknown, name: string): number | null {
  const count = isObject(from) ? from[name] : null;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

const AnthropicUsage = z.object({
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Count,
  cache_creation_input_tokens: Count,
  cache_creation: z.object({ ephemeral_1h_input_tokens: Count }).nullish().catch(null),
  service_tier: z.unknown().optional(),
  output_tokens_details: z.object({ thinking_tokens: Count }).nullish().catch(null),
});
const AnthropicUsageEvent = z.union([
  z.object({ type: z.literal("message_start"), message: z.object({ usage: AnthropicUsage }) }),
  z.object({ type: z.literal("message_delta"), usage: AnthropicUsage }),
]);

/**
 * Folds one raw Anthropic event into the usage known so far. The input arrives first, with the start of the
 * message, so that an answer that breaks off can still be billed for it. Anthropic counts cached tokens beside the
 * input; here they are parts of it.
 */
export function foldAnthropicUsage(known: TokenUsage, raw: unknown): TokenUsage {
  const parsed = AnthropicUsageEvent.safeParse(raw);
  if (!parsed.success) return known;
  const usage = parsed.data.type === "message_start" ? parsed.data.message.usage : parsed.data.usage;
  const cached = usage.cache_read_input_tokens ?? known.cachedInputTokens;
  const written = usage.cache_creation_input_tokens ?? known.cacheWriteTokens;
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? known.cacheWriteHourTokens ?? 0;
  const plain =
    usage.input_tokens ??
    (known.inputTokens === null
      ? null
      : known.inputTokens - (known.cachedInputTokens ?? 0) - (known.cacheWriteTokens ?? 0));
  const folded: TokenUsage = {
    inputTokens: plain === null ? null : plain + (cached ?? 0) + (written ?? 0),
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    ...(hour === 0 ? {} : { cacheWriteHourTokens: hour }),
    outputTokens: usage.output_tokens ?? known.outputTokens,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? known.reasoningTokens,
  };
  return withServiceTier(folded, usage.service_tier ?? known.serviceTier);
}

/**
 * Folds one raw Google event: each carries the totals so far. Thoughts are counted beside the answer, and billed like it.
 * By plain checks: every word comes with one.
 */
export function foldGoogleUsage(known: TokenUsage, raw: unknown): TokenUsage {
  const usage = isObject(raw) ? raw["usageMetadata"] : null;
  if (!isObject(usage)) return known;
  const answer = readCount(usage, "candidatesTokenCount");
  const thoughts = readCount(usage, "thoughtsTokenCount");
  const prompt = readCount(usage, "promptTokenCount");
  const toolPrompt = readCount(usage, "toolUsePromptTokenCount");
  return {
    inputTokens: prompt === null ? known.inputTokens : prompt + (toolPrompt ?? 0),
    cachedInputTokens: readCount(usage, "cachedContentTokenCount") ?? known.cachedInputTokens,
    cacheWriteTokens: null,
    outputTokens: answer === null && thoughts === null ? known.outputTokens : (answer ?? 0) + (thoughts ?? 0),
    reasoningTokens: thoughts ?? known.reasoningTokens,
  };
}
