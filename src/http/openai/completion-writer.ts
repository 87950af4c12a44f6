/**
 * Writes an answer as OpenAI's chat completion: chunk objects for a stream, one object otherwise. Pure; one writer
 * for one answer. Rules HT45 to HT52.
 */
import { toServerSentEvent } from "../../base/event-stream.ts";
import type { FinishReason, TokenUsage } from "../../protocol/answer.ts";
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import type { AnswerNames, WireRefusal, WireWriter } from "../door/wire-writer.ts";
import { NativeWords } from "./native-words.ts";
import { toOpenAiError, INTERNAL_ERROR } from "./openai-error.ts";

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

interface ToolCallDraft {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  arguments: string;
  /** True when its arguments were sent piece by piece, so that the whole is not sent again. */
  streamed: boolean;
}

export class CompletionWriter implements WireWriter {
  private readonly facts: CompletionFacts;
  private created: number;
  /** One for the whole answer, as clients expect: who went on with it is named among the legs. */
  private model: string | null = null;
  private text = "";
  private reasoning = "";
  private readonly toolCalls = new Map<string, ToolCallDraft>();
  private started = false;
  /** The leg that is speaking does so in the wire's own words: they are passed on. Null while it does not. */
  private native: NativeWords | null = null;

  constructor(facts: CompletionFacts) {
    this.facts = facts;
    this.created = facts.created;
  }

  /** Forgets what was said so far: another target begins anew, and nobody has seen a word. */
  startOver(): void {
    this.model = null;
    this.text = "";
    this.reasoning = "";
    this.toolCalls.clear();
  }

  write(events: readonly AnswerEvent[]): string {
    const deltas: object[] = [];
    let passed = "";
    for (const event of events) {
      if (event.type === "leg-start") this.native = null;
      if (event.type === "wire") passed += this.pass(event.text);
      else this.take(event, deltas);
    }
    // What the wire's own events mean is in the others: they are not said twice.
    if (this.native !== null) return passed;
    if (deltas.length === 0) return "";
    return this.toBeginning() + deltas.map((delta) => toServerSentEvent(this.toChunk(delta, null))).join("");
  }

  /** The reason, then the usage if it was asked for, then the mark. */
  end(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    if (this.native !== null && end.native !== undefined) {
      const chunks = this.native.toEnd(end.native, this.facts, breakwater);
      return `${chunks.map((chunk) => toServerSentEvent(chunk)).join("")}data: [DONE]\n\n`;
    }
    const last = this.toChunk({}, FINISH_REASONS[end.finishReason ?? "other"]);
    const chunks = this.facts.includeUsage
      ? [last, { ...this.toChunk({}, null), choices: [], usage: toUsage(end.usage), breakwater }]
      : [{ ...last, breakwater }];
    return `${this.toBeginning()}${chunks.map((chunk) => toServerSentEvent(chunk)).join("")}data: [DONE]\n\n`;
  }

  /** An error object, and never the mark. */
  fail(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    return toServerSentEvent({ error: toOpenAiError(end).error, breakwater });
  }

  crash(): string {
    return toServerSentEvent({ error: INTERNAL_ERROR });
  }

  toRefusal(end: AnswerEnd, breakwater: BreakwaterEnd): WireRefusal {
    const { status, error } = toOpenAiError(end);
    return { status, body: { error, breakwater } };
  }

  /** The whole completion, for a call without a stream. */
  toWhole(end: AnswerEnd, breakwater: BreakwaterEnd): object {
    const whole = end.native?.[0];
    if (whole !== undefined) return { ...whole, ...this.toNames(), breakwater };
    const toolCalls = [...this.toolCalls.values()].map(toToolCall);
    return {
      id: this.facts.id,
      object: "chat.completion",
      created: this.created,
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

  private pass(text: string): string {
    this.native ??= new NativeWords(text, this.toNames());
    this.started = true;
    // Who goes on with this answer says the time that it began with.
    this.created = this.native.created ?? this.created;
    return this.native.toText(text, this.facts.includeUsage);
  }

  private toNames(): AnswerNames {
    return { id: this.facts.id, model: this.model ?? this.facts.model };
  }

  /** The chunk with the role, once. */
  private toBeginning(): string {
    if (this.started) return "";
    this.started = true;
    return toServerSentEvent(this.toChunk({ role: "assistant", content: "" }, null));
  }

  private toChunk(delta: object, finishReason: OpenAiFinishReason | null): Record<string, unknown> {
    return {
      id: this.facts.id,
      object: "chat.completion.chunk",
      created: this.created,
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
      case "wire":
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
