/**
 * Reads the stream of the OpenAI Chat Completions wire: text in, model events out. The hot path of the product:
 * most providers speak this wire, and every word of an answer comes through here, so a chunk is looked at with
 * plain checks; zod is kept for what is rare. It knows nothing of connections. Rules PR53 to PR62.
 */
import { createParser } from "eventsource-parser";
import type { EventSourceMessage, EventSourceParser } from "eventsource-parser";
import { UNKNOWN_USAGE } from "../protocol/answer.ts";
import type { FinishReason, TokenUsage } from "../protocol/answer.ts";
import { describeError } from "./classify-response.ts";
import { toFailureMessage } from "./failure-message.ts";
import type { ProviderFailureKind } from "./failure.ts";
import type { ModelEvent } from "./provider.ts";
import { parseOpenAiUsage } from "./token-usage.ts";

/** One event of this wire is a few hundred bytes; a megabyte without an end is not this wire. */
const MAX_EVENT_CHARACTERS = 1_048_576;
/** All arguments of one call together; larger ones would not fit a socket frame anyway. */
const MAX_TOOL_INPUT_CHARACTERS = 1_048_576;
/** More calls than any model makes in one answer. */
const MAX_TOOL_CALLS = 128;

interface OpenToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  input: string;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function toFinishReason(reason: string): FinishReason {
  switch (reason) {
    case "stop":
      return "stop";
    case "length":
      return "length";
    case "content_filter":
      return "content-filter";
    case "tool_calls":
    case "function_call":
      return "tool-calls";
    default:
      return "other";
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The answer is the boolean; the caller reports it.
    return false;
  }
}

/** Ids of answers have a few dozen. */
const MAX_ID_CHARACTERS = 100;

/** One scanner for one response. After the terminal event it stays silent. */
export class OpenAiChatScanner {
  readonly #parser: EventSourceParser;
  readonly #secrets: readonly string[];
  #events: ModelEvent[] = [];
  #usage: TokenUsage = UNKNOWN_USAGE;
  #finishReason: FinishReason | null = null;
  readonly #toolCalls = new Map<number, OpenToolCall>();
  /** The provider's own id of this answer; empty until it is told. */
  #answerId = "";
  #hasShown = false;
  #hasEnded = false;
  #hasFinished = false;

  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets;
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onEvent: (message) => {
        if (!this.#hasEnded) this.#read(message);
      },
      onError: (error) => {
        // Unknown fields are to be ignored, the event source format says; only a flood ends the stream.
        if (error.type === "max-buffer-size-exceeded")
          this.#fail("malformed", "an event of the stream is too long");
      },
    });
  }

  /** True when that was, or will be, `finish`. */
  get hasFinished(): boolean {
    return this.#hasFinished;
  }

  /** True once `finish` or `fail` was handed out or is about to be. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Takes the text of one network read and returns what it means, as one batch. */
  feed(text: string): readonly ModelEvent[] {
    if (!this.#hasEnded) this.#parser.feed(text);
    return this.#take();
  }

  /** The body ended cleanly. Without a finish reason before it the answer is cut, however whole it looks. */
  end(): readonly ModelEvent[] {
    if (!this.#hasEnded) {
      if (this.#finishReason !== null) this.#finish(this.#finishReason);
      else
        this.#fail(
          "stream-cut",
          this.#hasShown ? "the stream ended without a finish reason" : "the stream was empty",
        );
    }
    return this.#take();
  }

  /** The connection died. What the provider had already called finished stays finished. */
  breakOff(kind: ProviderFailureKind, message: string): readonly ModelEvent[] {
    if (!this.#hasEnded) {
      if (this.#finishReason !== null && kind !== "cancelled") this.#finish(this.#finishReason);
      else this.#fail(kind, message);
    }
    return this.#take();
  }

  #take(): readonly ModelEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #read({ data, event }: EventSourceMessage): void {
    if (data === "[DONE]") {
      if (this.#finishReason !== null) this.#finish(this.#finishReason);
      else this.#fail("stream-cut", "the stream said [DONE] without a finish reason");
      return;
    }
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      // The bytes may be anything, a prompt too: they are not quoted.
      this.#fail("malformed", "an event of the stream is not JSON");
      return;
    }
    if (!isObject(chunk)) {
      this.#fail("malformed", "an event of the stream is not an object");
      return;
    }
    const error = chunk["error"];
    if (event === "error" || (error !== undefined && error !== null)) {
      const description = describeError(chunk);
      const said = `${description?.words ?? ""} ${description?.message ?? ""}`.trim();
      this.#fail("stream-error", `the provider sent an error in its stream${said === "" ? "" : `: ${said}`}`);
      return;
    }
    const id = chunk["id"];
    if (this.#answerId === "" && typeof id === "string") this.#answerId = id.slice(0, MAX_ID_CHARACTERS);
    const usage = chunk["usage"];
    if (usage !== undefined && usage !== null) this.#usage = parseOpenAiUsage(usage) ?? this.#usage;
    const choices = chunk["choices"];
    if (Array.isArray(choices)) this.#readChoice(choices[0]);
  }

  #readChoice(choice: unknown): void {
    if (!isObject(choice)) return;
    const delta = choice["delta"];
    if (isObject(delta)) this.#readDelta(delta);
    const reason = choice["finish_reason"];
    if (typeof reason === "string" && reason !== "" && !this.#hasEnded) {
      this.#finishReason = toFinishReason(reason);
      this.#closeToolCalls();
    }
  }

  #readDelta(delta: Record<string, unknown>): void {
    // DeepSeek and most others call it reasoning_content, OpenRouter and newer vLLM reasoning.
    const reasoning = delta["reasoning_content"] ?? delta["reasoning"];
    if (typeof reasoning === "string" && reasoning !== "")
      this.#show({ type: "reasoning-delta", text: reasoning });
    const content = delta["content"];
    if (typeof content === "string" && content !== "") this.#show({ type: "text-delta", text: content });
    const refusal = delta["refusal"];
    if (typeof refusal === "string" && refusal !== "") this.#show({ type: "text-delta", text: refusal });
    const toolCalls = delta["tool_calls"];
    if (Array.isArray(toolCalls)) toolCalls.forEach((part, position) => this.#readToolCall(part, position));
  }

  #readToolCall(part: unknown, position: number): void {
    if (!isObject(part) || this.#hasEnded) return;
    const index = typeof part["index"] === "number" ? part["index"] : position;
    const callee = isObject(part["function"]) ? part["function"] : {};
    let open = this.#toolCalls.get(index);
    if (open === undefined) {
      const toolName = callee["name"];
      if (typeof toolName !== "string" || toolName === "" || this.#toolCalls.size >= MAX_TOOL_CALLS) {
        this.#fail("malformed", "a tool call has no name, or there are too many");
        return;
      }
      const id = part["id"];
      // A place alone would come again in the next step of the same answer.
      const ownId = this.#answerId === "" ? `call_${index}` : `call_${this.#answerId}_${index}`;
      open = { toolCallId: typeof id === "string" && id !== "" ? id : ownId, toolName, input: "" };
      this.#toolCalls.set(index, open);
      this.#show({ type: "tool-input-start", toolCallId: open.toolCallId, toolName });
    }
    const text = callee["arguments"];
    if (typeof text !== "string" || text === "") return;
    if (open.input.length + text.length > MAX_TOOL_INPUT_CHARACTERS) {
      this.#fail("malformed", "the arguments of a tool call are too long");
      return;
    }
    open.input += text;
    this.#show({ type: "tool-input-delta", toolCallId: open.toolCallId, text });
  }

  #closeToolCalls(): void {
    for (const { toolCallId, toolName, input } of this.#toolCalls.values()) {
      const whole = input.trim() === "" ? "{}" : input;
      // Cut by the output limit, a call is no call; `finish` with `length` says what happened.
      if (!isJson(whole)) {
        if (this.#finishReason !== "length")
          this.#fail("malformed", "the arguments of a tool call are not JSON");
      } else this.#show({ type: "tool-call", toolCallId, toolName, input: whole });
    }
    this.#toolCalls.clear();
  }

  #show(event: ModelEvent): void {
    this.#hasShown = true;
    this.#events.push(event);
  }

  #finish(finishReason: FinishReason): void {
    this.#hasEnded = true;
    this.#hasFinished = true;
    this.#events.push({ type: "finish", finishReason, usage: this.#usage });
  }

  #fail(kind: ProviderFailureKind, message: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.push({
      type: "fail",
      usage: this.#usage,
      failure: {
        kind,
        phase: this.#hasShown ? "stream" : "first-token",
        status: 200,
        retryAfterMs: null,
        message: toFailureMessage(message, this.#secrets),
      },
    });
  }
}
