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

/** A wire on which a caller's own request can be passed on as it is. */
export type NativeWire = "openai-chat" | "anthropic";

/**
 * A request as its caller wrote it. A provider on the same wire is sent this instead of a translation, and its answer is
 * passed on in its own words; everybody else is sent the neutral call.
 */
export interface NativeRequest {
  readonly wire: NativeWire;
  /** Without what the door decides: the model, whether it streams, and what is Breakwater's own. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Fields that the neutral call has no place for: who does not speak this wire cannot take the request. */
  readonly onlyHere: readonly string[];
  /** False: the answer is wanted whole. */
  readonly stream: boolean;
}

/** What shows a provider that thoughts are its own: a signature under them, or, where it hides them, all there is. */
export type ThoughtProof = { readonly signature: string } | { readonly redactedData: string };

/** One call of one model, in the neutral shape every adapter translates from. */
export interface ModelCall {
  /** The provider's own name for the model, passed on as it is. */
  readonly modelId: string;
  /** AI SDK's neutral prompt: system, user, assistant and tool messages with typed parts. */
  readonly prompt: LanguageModelV4Prompt;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  readonly tools?: readonly LanguageModelV4FunctionTool[];
  readonly toolChoice?: LanguageModelV4ToolChoice;
  readonly responseFormat?:
    | { readonly type: "text" }
    | {
        readonly type: "json";
        readonly schema?: Record<string, unknown>;
        readonly name?: string;
        readonly description?: string;
        /** The caller was promised that the answer fits the schema; who knows no such promise does what it can. */
        readonly strict?: boolean;
      };
  readonly reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high";
  /** The caller gives a model's thoughts back to it: their proofs are wanted too. */
  readonly wantsProofs?: boolean;
  /** The same in the words of the wire it came in; left out where there are none. */
  readonly native?: NativeRequest;
}

export type ModelEvent =
  /** Response headers with a good status are in. Sent once, before everything else. */
  | { readonly type: "response-start" }
  /** Of an answer in one piece only: more of its bytes are in. `isBlank` while nothing but blanks has come. */
  | { readonly type: "bytes"; readonly isBlank: boolean }
  /**
   * Of a native call only: whole events of the wire, as they came, whose meaning is in the events that follow in the same
   * batch. `isProse` is false when there is more in them than words and thoughts.
   */
  | { readonly type: "wire"; readonly text: string; readonly isProse: boolean }
  | { readonly type: "text-delta"; readonly text: string }
  /** A proof ends the thoughts that it is for, and has no text of its own; it comes only where it is wanted. */
  | { readonly type: "reasoning-delta"; readonly text: string; readonly proof?: ThoughtProof }
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
  | {
      readonly type: "finish";
      readonly finishReason: FinishReason;
      readonly usage: TokenUsage;
      /** Of a native call only: the objects that the wire ended with, or the whole answer. */
      readonly native?: readonly Record<string, unknown>[];
    }
  /**
   * Terminal: anything else. `usage` is what the provider had already reported (Anthropic sends its input count
   * first), so that an interrupted answer can still be billed right.
   */
  | { readonly type: "fail"; readonly failure: ProviderFailure; readonly usage: TokenUsage };

/** The request as its caller wrote it, for who speaks its wire; null where there is none, or it is in other words. */
export function toNative(
  { native }: Pick<ModelCall, "native">,
  wire: NativeWire | undefined,
): NativeRequest | null {
  return native !== undefined && native.wire === wire ? native : null;
}

export interface Provider {
  readonly id: ProviderId;
  /** The wire on which native requests are sent as they are; left out: none. */
  readonly nativeWire?: NativeWire;
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
