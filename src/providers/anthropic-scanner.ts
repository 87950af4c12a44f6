/**
 * Reads the stream of Anthropic's Messages wire: text in, model events out. It knows nothing of connections. Rules PR110 to
 * PR120. Source: Anthropic's API reference, "Streaming Messages".
 */
import type { EventSourceMessage, EventSourceParser } from "eventsource-parser";
import type { FinishReason } from "../protocol/answer.ts";
import { isObject } from "./is-object.ts";
import type { ThoughtProof } from "./provider.ts";
import { toDataLine } from "./scanned-events.ts";
import { foldAnthropicUsage } from "./token-usage.ts";
import { ToolCallReader } from "./tool-call-reader.ts";
import { WireScanner } from "./wire-scanner.ts";

/** A name becomes a line in what is passed on: one with a line break in it could say that the answer is whole. */
const EVENT_NAME = /^\w{1,64}$/;

type Json = Record<string, unknown>;

function toFinishReason(reason: string): FinishReason {
  switch (reason) {
    case "end_turn":
    case "stop_sequence":
      return "stop";
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "tool_use":
      return "tool-calls";
    case "refusal":
      return "content-filter";
    default:
      return "other";
  }
}

/** Who asked: in this wire's own words (its events go along), in ours and for the proofs of thoughts, or in ours. */
export type AskedIn = "native" | "proven" | "neutral";

export class AnthropicScanner extends WireScanner {
  readonly #parser: EventSourceParser;
  readonly #toolCalls: ToolCallReader;
  /** The event with the reason; null until it has come. */
  #end: { readonly event: Json; readonly reason: FinishReason } | null = null;
  /** A block of thoughts is open, whose words may stay hidden. */
  #isThinking = false;
  /** The places of calls that are ours to make. */
  readonly #toolBlocks = new Set<number>();
  readonly #asked: AskedIn;

  constructor(secrets: readonly string[], asked: AskedIn) {
    super(secrets, "a stop reason");
    this.#asked = asked;
    this.#toolCalls = new ToolCallReader(this.found);
    this.#parser = this.found.openParser((message) => this.#read(message));
  }

  protected override readText(text: string): void {
    this.#parser.feed(text);
  }

  protected override readBody(body: Json): void {
    if (body["type"] === "error") return this.found.failWith(body);
    const { content, stop_reason: reason } = body;
    if (!Array.isArray(content) || typeof reason !== "string") {
      return this.found.fail("stream-cut", "the answer has no content or no stop reason");
    }
    this.found.usage = foldAnthropicUsage(this.found.usage, { type: "message_start", message: body });
    for (const [index, block] of content.entries()) this.#readBlock(index, block, true);
    this.#toolCalls.close(toFinishReason(reason) === "length");
    this.found.finish(toFinishReason(reason), [body]);
  }

  #read({ data, event: name }: EventSourceMessage): void {
    const event = this.found.parse(data);
    if (event === null) return;
    this.#readEvent(event, name === "error" ? "error" : event["type"], data);
  }

  #readEvent(event: Json, type: unknown, data: string): void {
    switch (type) {
      case "error":
        // Behind the reason there is nothing left that could fail.
        return this.finishAsTold() ? undefined : this.found.failWith(event);
      case "ping":
        // Nothing else is heard of a model that thinks without telling what.
        return this.#isThinking ? this.#showThinking() : undefined;
      case "message_delta":
        return this.#readEnd(event);
      case "message_stop":
        if (!this.finishAsTold()) this.found.fail("stream-cut", "the message stopped without a stop reason");
        return undefined;
      default:
        if (typeof type !== "string" || !EVENT_NAME.test(type)) {
          return this.found.fail("malformed", "an event of the stream has no name");
        }
        if (this.#asked === "native") this.found.noteWire(`event: ${type}\n${toDataLine(data, event)}`);
        return this.#readContent(event, type);
    }
  }

  #readContent(event: Json, type: unknown): void {
    const { index } = event;
    if (type === "message_start") this.found.usage = foldAnthropicUsage(this.found.usage, event);
    else if (typeof index !== "number") return;
    else if (type === "content_block_stop") this.#isThinking = false;
    else if (type === "content_block_start") this.#readBlock(index, event["content_block"], false);
    else if (type === "content_block_delta") this.#readDelta(index, event["delta"]);
  }

  /** The beginning of a block, or all of it. */
  #readBlock(index: number, block: unknown, isWhole: boolean): void {
    if (!isObject(block)) return;
    switch (block["type"]) {
      case "text":
        return this.#showText(block["text"]);
      case "thinking":
        this.#isThinking = !isWhole;
        if (!isWhole) this.#showThinking();
        this.#showThought(block["thinking"]);
        return this.#showSignature(block["signature"]);
      case "redacted_thinking":
        if (typeof block["data"] === "string") {
          this.#showProof({ redactedData: block["data"] });
        }
        return undefined;
      case "tool_use": {
        const { id, name, input } = block;
        // In a stream the input comes in pieces, and what stands here is empty; but it need not be.
        const isThere = isWhole || (isObject(input) && Object.keys(input).length > 0);
        const whole = isThere ? this.found.toJson(input ?? {}) : "";
        if (whole === null) return undefined;
        this.#toolBlocks.add(index);
        return this.#toolCalls.read({ index, id, function: { name, arguments: whole } }, index, "");
      }
    }
  }

  #readDelta(index: number, delta: unknown): void {
    if (!isObject(delta)) return;
    switch (delta["type"]) {
      case "text_delta":
        return this.#showText(delta["text"]);
      case "thinking_delta":
        return this.#showThought(delta["thinking"]);
      case "signature_delta":
        return this.#showSignature(delta["signature"]);
      case "input_json_delta":
        // That of a tool that ran at the provider is its own.
        if (!this.#toolBlocks.has(index)) return undefined;
        return this.#toolCalls.read({ index, function: { arguments: delta["partial_json"] } }, index, "");
    }
  }

  #showText(text: unknown): void {
    if (typeof text === "string" && text !== "") this.found.show({ type: "text-delta", text });
  }

  /** A sign of life: it thinks, and has said nothing of it yet. */
  #showThinking(): void {
    this.found.show({ type: "reasoning-delta", text: "" });
  }

  #showThought(text: unknown): void {
    if (typeof text === "string" && text !== "") this.found.show({ type: "reasoning-delta", text });
  }

  #showSignature(signature: unknown): void {
    if (typeof signature === "string" && signature !== "") this.#showProof({ signature });
  }

  #showProof(proof: ThoughtProof): void {
    if (this.#asked !== "neutral") this.found.show({ type: "reasoning-delta", text: "", proof });
  }

  /** Why the message ends; it has ended when that is said, too. */
  #readEnd(event: Json): void {
    this.found.usage = foldAnthropicUsage(this.found.usage, event);
    const delta = event["delta"];
    const told = isObject(delta) ? delta["stop_reason"] : null;
    if (typeof told !== "string" || told === "") return;
    const reason = toFinishReason(told);
    this.#toolCalls.close(reason === "length");
    this.#end = { event, reason };
  }

  protected override finishAsTold(): boolean {
    if (this.#end === null) return false;
    if (this.found.hasEnded) return true;
    const { event, reason } = this.#end;
    // The end of the last block, and what has no meaning outside of this wire.
    this.found.passWire(true);
    this.found.finish(reason, this.#asked === "native" ? [event] : null);
    return true;
  }
}
