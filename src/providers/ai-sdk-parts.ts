/**
 * Turns the stream parts of an AI SDK model (LanguageModelV4) into model events. The traps that it knows: a finish
 * may be missing, may say `interrupted` or `error`, and an `error` part does not end the SDK's stream. It knows
 * nothing of connections. Rule PR70.
 */
import { JSONParseError, TypeValidationError } from "@ai-sdk/provider";
import type {
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { parseJson } from "../base/parse-json.ts";
import { UNKNOWN_USAGE } from "../protocol/answer.ts";
import type { FinishReason, TokenUsage } from "../protocol/answer.ts";
import { describeError } from "./classify-response.ts";
import { toFailureMessage, toThrownMessage } from "./failure-message.ts";
import type { ProviderFailureKind } from "./failure.ts";
import type { ModelEvent, ThoughtProof } from "./provider.ts";

/** Reads usage from one raw event of the wire; given when the SDK's own usage comes too late or invents zeros. */
export type FoldUsage = (known: TokenUsage, raw: unknown) => TokenUsage;

type FinishPart = Extract<LanguageModelV4StreamPart, { type: "finish" }>;
type ProvablePart = Extract<LanguageModelV4StreamPart, { type: "reasoning-start" | "reasoning-delta" }>;
type ToolCallPart = Extract<LanguageModelV4StreamPart, { type: "tool-call" }>;

function fromUsage(usage: LanguageModelV4Usage): TokenUsage {
  const input = usage.inputTokens.total ?? null;
  const output = usage.outputTokens.total ?? null;
  // Zeros on both sides are how an SDK says that it was told nothing: no answer costs no tokens.
  if ((input ?? 0) === 0 && (output ?? 0) === 0) return UNKNOWN_USAGE;
  return {
    inputTokens: input,
    cachedInputTokens: usage.inputTokens.cacheRead ?? null,
    cacheWriteTokens: usage.inputTokens.cacheWrite ?? null,
    outputTokens: output,
    reasoningTokens: usage.outputTokens.reasoning ?? null,
  };
}

function toFinishReason(reason: LanguageModelV4FinishReason["unified"]): FinishReason | null {
  switch (reason) {
    case "stop":
    case "length":
    case "content-filter":
    case "tool-calls":
    case "other":
      return reason;
    case "error":
    case "interrupted":
      return null;
  }
}

/** The provider's words about an error, or the thrown thing's message; broken JSON is not quoted. */
function describePartError(error: unknown): { kind: ProviderFailureKind; message: string } {
  if (JSONParseError.isInstance(error))
    return { kind: "malformed", message: "an event of the stream is not JSON" };
  if (TypeValidationError.isInstance(error)) {
    return { kind: "malformed", message: "an event of the stream has another shape than the wire's" };
  }
  // The SDKs wrap the provider's words in plain objects as well as in errors.
  const description = error instanceof Error ? null : describeError(error);
  const said =
    description === null ? toThrownMessage(error) : `${description.words} ${description.message}`.trim();
  return { kind: "stream-error", message: `the provider sent an error in its stream: ${said}` };
}

/** Anthropic alone proves its thoughts. */
function findProof({ providerMetadata }: ProvablePart): ThoughtProof | null {
  const { signature, redactedData } = providerMetadata?.["anthropic"] ?? {};
  if (typeof signature === "string" && signature !== "") return { signature };
  return typeof redactedData === "string" ? { redactedData } : null;
}

/** One reader for one call. After the terminal event it stays silent. */
export class AiSdkPartReader {
  readonly #foldUsage: FoldUsage | null;
  readonly #secrets: readonly string[];
  readonly #wantsProofs: boolean;
  #usage: TokenUsage = UNKNOWN_USAGE;
  readonly #startedCalls = new Set<string>();
  #hasBrokenCall = false;
  #hasShown = false;
  #hasEnded = false;

  constructor(foldUsage: FoldUsage | null, secrets: readonly string[], wantsProofs = false) {
    this.#foldUsage = foldUsage;
    this.#secrets = secrets;
    this.#wantsProofs = wantsProofs;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What one part means; most of the SDK's bookkeeping means nothing here. */
  read(part: LanguageModelV4StreamPart): readonly ModelEvent[] {
    if (this.#hasEnded) return [];
    switch (part.type) {
      case "text-delta":
        return part.delta === "" ? [] : this.#show({ type: "text-delta", text: part.delta });
      case "reasoning-delta":
        if (part.delta !== "") return this.#show({ type: "reasoning-delta", text: part.delta });
        return this.#readProof(part);
      case "reasoning-start":
        return this.#readProof(part);
      case "tool-input-start":
        this.#startedCalls.add(part.id);
        return this.#show({ type: "tool-input-start", toolCallId: part.id, toolName: part.toolName });
      case "tool-input-delta":
        return part.delta === ""
          ? []
          : this.#show({ type: "tool-input-delta", toolCallId: part.id, text: part.delta });
      case "tool-call":
        return this.#readToolCall(part);
      case "raw":
        if (this.#foldUsage !== null) this.#usage = this.#foldUsage(this.#usage, part.rawValue);
        return [];
      case "finish":
        return this.#readFinish(part);
      case "error": {
        const { kind, message } = describePartError(part.error);
        return this.fail(kind, message);
      }
      default:
        return [];
    }
  }

  /** The SDK's stream ended: without a finish before it, the answer is cut. */
  end(): readonly ModelEvent[] {
    return this.fail(
      "stream-cut",
      this.#hasShown ? "the stream ended without a finish" : "the stream was empty",
    );
  }

  /** Ends the call with a failure of an open 200 stream; silent if it has ended already. */
  fail(kind: ProviderFailureKind, message: string): readonly ModelEvent[] {
    if (this.#hasEnded) return [];
    this.#hasEnded = true;
    return [
      {
        type: "fail",
        usage: this.#usage,
        failure: {
          kind,
          phase: this.#hasShown ? "stream" : "first-token",
          status: 200,
          retryAfterMs: null,
          message: toFailureMessage(message, this.#secrets),
        },
      },
    ];
  }

  #show(event: ModelEvent): readonly ModelEvent[] {
    this.#hasShown = true;
    return [event];
  }

  #readProof(part: ProvablePart): readonly ModelEvent[] {
    const proof = this.#wantsProofs ? findProof(part) : null;
    return proof === null ? [] : this.#show({ type: "reasoning-delta", text: "", proof });
  }

  #readToolCall(part: ToolCallPart): readonly ModelEvent[] {
    const { toolCallId, toolName } = part;
    const input = part.input.trim() === "" ? "{}" : part.input;
    if (!parseJson(input).ok) {
      // A call cut by the output limit is no call; the finish that follows tells the two cases apart.
      this.#hasBrokenCall = true;
      return [];
    }
    const call: ModelEvent = { type: "tool-call", toolCallId, toolName, input };
    this.#hasShown = true;
    return this.#startedCalls.has(toolCallId)
      ? [call]
      : [{ type: "tool-input-start", toolCallId, toolName }, call];
  }

  #readFinish(part: FinishPart): readonly ModelEvent[] {
    if (this.#foldUsage === null) this.#usage = fromUsage(part.usage);
    const finishReason = toFinishReason(part.finishReason.unified);
    if (finishReason === null) {
      // Workers AI's SDK calls a truncated stream an error.
      const isCut =
        part.finishReason.unified === "interrupted" || part.finishReason.raw === "stream-truncated";
      return this.fail(
        isCut ? "stream-cut" : "stream-error",
        isCut
          ? "the stream ended without a finish"
          : `the provider finished with ${part.finishReason.raw ?? "an error"}`,
      );
    }
    if (this.#hasBrokenCall && finishReason !== "length") {
      return this.fail("malformed", "the arguments of a tool call are not JSON");
    }
    // A finish that nothing preceded, not even a count of tokens, is an SDK's reading of an empty body.
    if (finishReason === "stop" && !this.#hasShown && this.#usage.outputTokens === null) return this.end();
    this.#hasEnded = true;
    return [{ type: "finish", finishReason, usage: this.#usage }];
  }
}
