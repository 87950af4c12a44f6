/**
 * The seam between Breakwater and every model provider. One small interface, one contract suite
 * (test/contract/provider) that each implementation passes over real TCP.
 *
 * An adapter speaks the wire and classifies failures. It does not retry, does not time out, does not choose and
 * does not log: deadlines and fallback are routing's, for all providers alike.
 */
import type {
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4ToolChoice,
} from "@ai-sdk/provider";
import type { ProviderId } from "../base/id.ts";
import type { FinishReason, TokenUsage } from "../protocol/answer.ts";
import type { ProviderFailure } from "./failure.ts";

/** One call of one model, in the neutral shape every adapter translates from. */
export interface ModelCall {
  /** The provider's own name for the model, passed on as it is. */
  readonly modelId: string;
  /** AI SDK's neutral prompt: system, user, assistant and tool messages with typed parts. */
  readonly prompt: LanguageModelV4Prompt;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  readonly tools?: readonly LanguageModelV4FunctionTool[];
  readonly toolChoice?: LanguageModelV4ToolChoice;
  readonly responseFormat?:
    | { readonly type: "text" }
    | { readonly type: "json"; readonly schema?: Record<string, unknown>; readonly name?: string };
  readonly reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high";
}

export type ModelEvent =
  /** Response headers with a good status are in. Sent once, before everything else. */
  | { readonly type: "response-start" }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "tool-input-start"; readonly toolCallId: string; readonly toolName: string }
  | { readonly type: "tool-input-delta"; readonly toolCallId: string; readonly text: string }
  /** The call is whole; `input` is the JSON text of its arguments, checked to be JSON. */
  | {
      readonly type: "tool-call";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: string;
    }
  /** Terminal: the provider said that it was done. */
  | { readonly type: "finish"; readonly finishReason: FinishReason; readonly usage: TokenUsage }
  /**
   * Terminal: anything else. `usage` is what the provider had already reported (Anthropic sends its input count
   * first), so that an interrupted answer can still be billed right.
   */
  | { readonly type: "fail"; readonly failure: ProviderFailure; readonly usage: TokenUsage };

export interface Provider {
  readonly id: ProviderId;
  /**
   * Starts the call at once and yields events in batches, one batch for each network read, so that a burst costs
   * one turn of the loop. The last event of the last batch is `finish` or `fail`, exactly one; the iterable never
   * throws. Aborting `signal` closes the upstream connection and ends with `fail` of kind `cancelled`. Leaving the
   * loop early (`return()`) closes the connection too.
   */
  stream(call: ModelCall, signal: AbortSignal): AsyncIterable<readonly ModelEvent[]>;
  /**
   * The cheapest request that proves key and path: listing models. Resolves to null when it worked. Costs no
   * tokens. Never throws.
   */
  ping(signal: AbortSignal): Promise<ProviderFailure | null>;
}
