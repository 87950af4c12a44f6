/**
 * The models Breakwater knows by name and what they can do, as data. Ids and context sizes agree with
 * `@pydantic/genai-prices`, output limits with the AI SDK's own catalogs; null where no source says. Not the
 * prices (price.ts) and not which of them are configured (catalog.ts).
 */

export interface KnownModel {
  readonly provider: string;
  readonly modelId: string;
  readonly displayName: string;
  /** Prompt and answer together, in tokens. */
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly vision: boolean;
  readonly tools: boolean;
  /** It thinks before it answers, so a small output limit can end an answer before its first word. */
  readonly reasoning: boolean;
}

const GPT_6_CONTEXT = 1_050_000;
const MILLION = 1_000_000;

export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    provider: "anthropic",
    modelId: "claude-haiku-4-5",
    displayName: "Claude Haiku 4.5",
    contextTokens: 200_000,
    maxOutputTokens: 64_000,
    vision: true,
    tools: true,
    reasoning: false,
  },
  {
    provider: "anthropic",
    modelId: "claude-sonnet-5",
    displayName: "Claude Sonnet 5",
    contextTokens: MILLION,
    maxOutputTokens: 128_000,
    vision: true,
    tools: true,
    reasoning: false,
  },
  {
    provider: "anthropic",
    modelId: "claude-opus-5-5",
    displayName: "Claude Opus 5.5",
    contextTokens: MILLION,
    maxOutputTokens: 128_000,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "openai",
    modelId: "gpt-6-luna",
    displayName: "GPT-6 Luna",
    contextTokens: GPT_6_CONTEXT,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "openai",
    modelId: "gpt-6-sol",
    displayName: "GPT-6 Sol",
    contextTokens: GPT_6_CONTEXT,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "openai",
    modelId: "gpt-6-astra",
    displayName: "GPT-6 Astra",
    contextTokens: GPT_6_CONTEXT,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "google",
    modelId: "gemini-3.5-flash-lite",
    displayName: "Gemini 3.5 Flash Lite",
    contextTokens: MILLION,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "google",
    modelId: "gemini-3.8-flash",
    displayName: "Gemini 3.8 Flash",
    contextTokens: MILLION,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "google",
    modelId: "gemini-3.1-pro-preview",
    displayName: "Gemini 3.1 Pro",
    contextTokens: null,
    maxOutputTokens: null,
    vision: true,
    tools: true,
    reasoning: true,
  },
  {
    provider: "deepseek",
    modelId: "deepseek-v4-flash",
    displayName: "DeepSeek V4 Flash",
    contextTokens: MILLION,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: true,
  },
  {
    provider: "deepseek",
    modelId: "deepseek-v4-pro",
    displayName: "DeepSeek V4 Pro",
    contextTokens: MILLION,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: true,
  },
  {
    provider: "workers-ai",
    modelId: "@cf/zai-org/glm-5.3-flash",
    displayName: "GLM 5.3 Flash",
    contextTokens: null,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: true,
  },
  {
    provider: "workers-ai",
    modelId: "@cf/openai/gpt-oss-120b",
    displayName: "gpt-oss 120B",
    contextTokens: 128_000,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: true,
  },
  {
    provider: "workers-ai",
    modelId: "@cf/moonshotai/kimi-k2.6",
    displayName: "Kimi K2.6",
    contextTokens: null,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: true,
  },
];

/**
 * Models that go on from the beginning of an answer when the request ends with it (a prefill), as `provider/model`.
 * Anthropic's newer models refuse one, OpenAI's begin anew, DeepSeek's want another endpoint for it: only who is known
 * to take it is here, the others are asked in words (src/routing/legs/continuation.ts).
 */
export const PREFILL_MODELS: ReadonlySet<string> = new Set(["anthropic/claude-haiku-4-5"]);

export interface KnownClass {
  readonly name: string;
  readonly description: string;
  /** Pinned targets in the order they are tried; the first that is configured and healthy answers. */
  readonly targets: readonly string[];
}

/** Each class begins with another provider and names at least four, so that one provider's death leaves three. */
export const KNOWN_CLASSES: readonly KnownClass[] = [
  {
    name: "fast",
    description: "The quickest and cheapest answer: short questions, drafts, titles.",
    targets: [
      "openai/gpt-6-luna",
      "google/gemini-3.5-flash-lite",
      "anthropic/claude-haiku-4-5",
      "deepseek/deepseek-v4-flash",
      "workers-ai/@cf/zai-org/glm-5.3-flash",
    ],
  },
  {
    name: "balanced",
    description: "Good answers at a fair price: the default for a chat.",
    targets: [
      "anthropic/claude-sonnet-5",
      "openai/gpt-6-sol",
      "google/gemini-3.8-flash",
      "deepseek/deepseek-v4-pro",
      "workers-ai/@cf/openai/gpt-oss-120b",
    ],
  },
  {
    name: "frontier",
    description: "The most capable model of each provider, whatever it costs.",
    targets: [
      "google/gemini-3.1-pro-preview",
      "anthropic/claude-opus-5-5",
      "openai/gpt-6-astra",
      "deepseek/deepseek-v4-pro",
      "workers-ai/@cf/moonshotai/kimi-k2.6",
    ],
  },
  {
    name: "reasoning",
    description: "Models that think before they answer: mathematics, planning, hard bugs.",
    targets: [
      "deepseek/deepseek-v4-pro",
      "openai/gpt-6-astra",
      "anthropic/claude-opus-5-5",
      "google/gemini-3.1-pro-preview",
      "workers-ai/@cf/openai/gpt-oss-120b",
    ],
  },
];
