/**
 * Reads the stream of the OpenAI Chat Completions wire: text in, model events out. The hot path of the product:
 * most providers speak this wire, and every word of an answer comes through here, so a chunk is looked at with
 * plain checks; zod is kept for what is rare. It knows nothing of connections. Rules PR53 to PR62.
 */
import type { EventSourceMessage, EventSourceParser } from "eventsource-parser";
import type { FinishReason } from "../protocol/answer.ts";
import { isObject } from "./is-object.ts";
import { readPlainWords } from "./plain-words.ts";
import { toDataLine } from "./scanned-events.ts";
import { parseOpenAiUsage, withServiceTier } from "./token-usage.ts";
import { ToolCallReader } from "./tool-call-reader.ts";
import { WireScanner } from "./wire-scanner.ts";
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

/** Ids of answers have a few dozen. */
const MAX_ID_CHARACTERS = 100;

export class OpenAiChatScanner extends WireScanner {
  readonly #parser: EventSourceParser;
  /** A native call: the wire's own events are handed out too. */
  readonly #isNative: boolean;
  /** The objects that the wire ends with. */
  readonly #nativeEnd: Record<string, unknown>[] = [];
  #finishReason: FinishReason | null = null;
  readonly #toolCalls: ToolCallReader;
  /** The provider's own id of this answer; empty until it is told. */
  #answerId = "";
  /** The parser is at the end of an event: what comes next begins one. */
  #isBetweenEvents = true;

  constructor(secrets: readonly string[] = [], isNative = false) {
    super(secrets, "a finish reason");
    this.#isNative = isNative;
    this.#toolCalls = new ToolCallReader(this.found);
    this.#parser = this.found.openParser((message) => this.#read(message));
  }

  /**
   * Whole events of words are most of what comes, and are read without the parser, which takes several times as long.
   * Whatever does not look like one is left to it, up to the end of its event.
   */
  protected override readText(text: string): void {
    let rest = this.#isBetweenEvents ? this.#takeWords(text) : text;
    while (rest !== "" && !this.found.hasEnded) {
      const end = rest.indexOf("\n\n");
      this.#parser.feed(end < 0 ? rest : rest.slice(0, end + 2));
      this.#isBetweenEvents = end >= 0;
      rest = end < 0 ? "" : this.#takeWords(rest.slice(end + 2));
    }
  }

  /** Reads events of words from the front of a text that begins with an event; returns what is left of it. */
  #takeWords(text: string): string {
    const plain = readPlainWords(text);
    if (plain === null) return text;
    if (this.#isNative) this.found.noteWire(text.slice(0, plain.length));
    if (plain.words !== "") this.found.show({ type: "text-delta", text: plain.words });
    return text.slice(plain.length);
  }

  protected override readBody(body: Record<string, unknown>): void {
    if (body["error"] !== undefined && body["error"] !== null) return this.found.failWith(body);
    this.#readUsage(body);
    const choice: unknown = Array.isArray(body["choices"]) ? body["choices"][0] : null;
    const message = isObject(choice) ? choice["message"] : null;
    const reason = isObject(choice) ? choice["finish_reason"] : null;
    if (!isObject(message) || typeof reason !== "string" || reason === "") {
      return this.found.fail("stream-cut", "the answer has no message or no finish reason");
    }
    this.#nativeEnd.push(body);
    this.#readDelta(message);
    this.#finishReason = toFinishReason(reason);
    this.#toolCalls.close(this.#finishReason === "length");
    this.finishAsTold();
  }

  #read({ data, event }: EventSourceMessage): void {
    if (data === "[DONE]") {
      if (!this.finishAsTold())
        this.found.fail("stream-cut", "the stream said [DONE] without a finish reason");
      return;
    }
    const chunk = this.found.parse(data);
    if (chunk === null) return;
    const error = chunk["error"];
    if (event === "error" || (error !== undefined && error !== null)) {
      this.found.failWith(chunk);
      return;
    }
    if (this.#isNative) this.#noteWire(chunk, data);
    const id = chunk["id"];
    if (this.#answerId === "" && typeof id === "string") this.#answerId = id.slice(0, MAX_ID_CHARACTERS);
    this.#readUsage(chunk);
    const choices = chunk["choices"];
    if (Array.isArray(choices)) this.#readChoice(choices[0]);
  }

  /** The end of an answer is told when it is known to be one, everything else as it comes. */
  #noteWire(chunk: Record<string, unknown>, data: string): void {
    const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : null;
    const isEnd = !isObject(choice) || typeof choice["finish_reason"] === "string";
    if (isEnd) this.#nativeEnd.push(chunk);
    else this.found.noteWire(toDataLine(data, chunk));
  }

  #readUsage(body: Record<string, unknown>): void {
    const { usage: known } = this.found;
    const usage = body["usage"];
    const told = usage === undefined || usage === null ? null : parseOpenAiUsage(usage);
    this.found.usage = withServiceTier(told ?? known, body["service_tier"] ?? known.serviceTier);
  }

  #readChoice(choice: unknown): void {
    if (!isObject(choice)) return;
    const delta = choice["delta"];
    if (isObject(delta)) this.#readDelta(delta);
    const reason = choice["finish_reason"];
    if (typeof reason === "string" && reason !== "" && !this.found.hasEnded) {
      this.#finishReason = toFinishReason(reason);
      this.#toolCalls.close(this.#finishReason === "length");
    }
  }

  #readDelta(delta: Record<string, unknown>): void {
    // DeepSeek and most others call it reasoning_content, OpenRouter and newer vLLM reasoning.
    const reasoning = delta["reasoning_content"] ?? delta["reasoning"];
    if (typeof reasoning === "string" && reasoning !== "")
      this.found.show({ type: "reasoning-delta", text: reasoning });
    const content = delta["content"];
    if (typeof content === "string" && content !== "") this.found.show({ type: "text-delta", text: content });
    const refusal = delta["refusal"];
    if (typeof refusal === "string" && refusal !== "") this.found.show({ type: "text-delta", text: refusal });
    const toolCalls = delta["tool_calls"];
    if (!Array.isArray(toolCalls)) return;
    for (const [position, part] of toolCalls.entries()) {
      if (!this.found.hasEnded) this.#toolCalls.read(part, position, this.#answerId);
    }
  }

  protected override finishAsTold(): boolean {
    if (this.#finishReason === null) return false;
    this.found.finish(this.#finishReason, this.#isNative ? this.#nativeEnd : null);
    return true;
  }
}
