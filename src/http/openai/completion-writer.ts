/**
 * Writes an answer as OpenAI's chat completion: chunk objects for a stream, one object otherwise. Pure; one writer
 * for one answer. Rules HT45 to HT52.
 */
import type { FinishReason, Leg, TerminalState, TokenUsage } from "../../protocol/answer.ts";
import type { OpenAiError } from "../../protocol/openai.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import { toNotice } from "../../routing/selection-record.ts";

type OpenAiFinishReason = "stop" | "length" | "tool_calls" | "content_filter";

const FINISH_REASONS: Readonly<Record<FinishReason, OpenAiFinishReason>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "stop",
};

export interface CompletionFacts {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** What was asked for; the target that speaks first takes its place. */
  readonly model: string;
  readonly includeUsage: boolean;
}

/** Breakwater's own end of every stream: its state and who served which part. */
export interface BreakwaterEnd {
  readonly status: TerminalState;
  readonly legs: readonly Leg[];
  readonly attempts: number;
  readonly costMicroUsd: number | null;
  readonly selectionId: string;
}

interface ToolCallDraft {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  arguments: string;
  /** True when its arguments were sent piece by piece, so that the whole is not sent again. */
  streamed: boolean;
}

export class CompletionWriter {
  private readonly facts: CompletionFacts;
  /** One for the whole answer, as clients expect: who went on with it is named among the legs. */
  private model: string | null = null;
  private text = "";
  private reasoning = "";
  private readonly toolCalls = new Map<string, ToolCallDraft>();
  private started = false;

  constructor(facts: CompletionFacts) {
    this.facts = facts;
  }

  /** Forgets what was said so far: another target begins anew, and nobody has seen a word. */
  startOver(): void {
    this.model = null;
    this.text = "";
    this.reasoning = "";
    this.toolCalls.clear();
  }

  /** The chunks for these events, as objects. */
  writeChunks(events: readonly AnswerEvent[]): object[] {
    const deltas: object[] = [];
    for (const event of events) this.take(event, deltas);
    if (deltas.length === 0) return [];
    const chunks = deltas.map((delta) => this.toChunk(delta, null));
    if (!this.started) chunks.unshift(this.toChunk({ role: "assistant", content: "" }, null));
    this.started = true;
    return chunks;
  }

  /** The chunks that end a good stream: the reason, then the usage if it was asked for. */
  writeEnd(end: AnswerEnd, breakwater: BreakwaterEnd): object[] {
    const chunks: object[] = [];
    if (!this.started) chunks.push(this.toChunk({ role: "assistant", content: "" }, null));
    const last = this.toChunk({}, FINISH_REASONS[end.finishReason ?? "other"]);
    chunks.push(this.facts.includeUsage ? last : { ...last, breakwater });
    if (this.facts.includeUsage) {
      chunks.push({ ...this.toChunk({}, null), choices: [], usage: toUsage(end.usage), breakwater });
    }
    return chunks;
  }

  /** The whole completion, for a call without a stream. */
  toCompletion(end: AnswerEnd, breakwater: BreakwaterEnd): object {
    const toolCalls = [...this.toolCalls.values()].map(toToolCall);
    return {
      id: this.facts.id,
      object: "chat.completion",
      created: this.facts.created,
      model: this.model ?? this.facts.model,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: this.text === "" && toolCalls.length > 0 ? null : this.text,
            refusal: null,
            ...(this.reasoning === "" ? {} : { reasoning_content: this.reasoning }),
            ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
          },
          logprobs: null,
          finish_reason: FINISH_REASONS[end.finishReason ?? "other"],
        },
      ],
      usage: toUsage(end.usage),
      breakwater,
    };
  }

  private toChunk(delta: object, finishReason: OpenAiFinishReason | null): Record<string, unknown> {
    return {
      id: this.facts.id,
      object: "chat.completion.chunk",
      created: this.facts.created,
      model: this.model ?? this.facts.model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(this.facts.includeUsage ? { usage: null } : {}),
    };
  }

  private take(event: AnswerEvent, deltas: object[]): void {
    switch (event.type) {
      case "leg-start":
        this.model ??= `${event.target.provider}/${event.target.model}`;
        return;
      case "text-delta":
        this.text += event.text;
        deltas.push({ content: event.text });
        return;
      case "reasoning-delta":
        this.reasoning += event.text;
        deltas.push({ reasoning_content: event.text });
        return;
      case "tool-input-start":
        deltas.push(this.startToolCall(event.toolCallId, event.toolName));
        return;
      case "tool-input-delta":
        this.appendToolInput(event.toolCallId, event.text, deltas);
        return;
      case "tool-call":
        this.finishToolCall(event, deltas);
        return;
      case "answer-end":
        return;
    }
  }

  private startToolCall(id: string, name: string): object {
    const draft: ToolCallDraft = { index: this.toolCalls.size, id, name, arguments: "", streamed: false };
    this.toolCalls.set(id, draft);
    const call = { index: draft.index, id, type: "function", function: { name, arguments: "" } };
    return { tool_calls: [call] };
  }

  private appendToolInput(id: string, text: string, deltas: object[]): void {
    const draft = this.toolCalls.get(id);
    if (draft === undefined || text === "") return;
    draft.arguments += text;
    draft.streamed = true;
    deltas.push({ tool_calls: [{ index: draft.index, function: { arguments: text } }] });
  }

  private finishToolCall(event: Extract<AnswerEvent, { type: "tool-call" }>, deltas: object[]): void {
    if (!this.toolCalls.has(event.toolCallId))
      deltas.push(this.startToolCall(event.toolCallId, event.toolName));
    const draft = this.toolCalls.get(event.toolCallId);
    if (draft === undefined || draft.streamed) return;
    this.appendToolInput(event.toolCallId, event.input, deltas);
  }
}

function toToolCall(draft: ToolCallDraft): object {
  return { id: draft.id, type: "function", function: { name: draft.name, arguments: draft.arguments } };
}

function toUsage(usage: TokenUsage): object {
  const input = usage.inputTokens ?? 0;
  const output = usage.outputTokens ?? 0;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
  };
}

/** The error object of an answer that did not become complete, and the status of a call without a stream. */
export function toOpenAiError(end: AnswerEnd): {
  readonly status: 400 | 404 | 429 | 502 | 503;
  readonly error: OpenAiError;
} {
  const message = toNotice(end) ?? "The answer did not come to its end.";
  const kind = end.failure?.kind;
  if (end.status === "incomplete") {
    return { status: 502, error: { message, type: "server_error", param: null, code: "incomplete_answer" } };
  }
  if (kind === "rate-limited") {
    return {
      status: 429,
      error: { message, type: "rate_limit_error", param: null, code: "rate_limit_exceeded" },
    };
  }
  if (kind === "model-not-found") {
    return {
      status: 404,
      error: { message, type: "invalid_request_error", param: "model", code: "model_not_found" },
    };
  }
  if (kind === "bad-request" || kind === "context-too-long" || kind === "content-refused") {
    const code = kind === "context-too-long" ? "context_length_exceeded" : kind.replaceAll("-", "_");
    return { status: 400, error: { message, type: "invalid_request_error", param: null, code } };
  }
  return { status: 503, error: { message, type: "server_error", param: null, code: "all_providers_failed" } };
}
