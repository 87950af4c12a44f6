/**
 * Writes an answer as Anthropic's message: named events for a stream, one object otherwise. Blocks are numbered without
 * a gap, and one is closed before the next begins. Pure; one writer for one answer. Rules HT86 to HT90.
 */
import { toServerSentEvent } from "../../base/event-stream.ts";
import type { FinishReason, TokenUsage } from "../../protocol/answer.ts";
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import type { ThoughtProof } from "../../providers/provider.ts";
import type { AnswerNames, WireRefusal, WireWriter } from "../door/wire-writer.ts";
import { toFailureError, toInternalError } from "./anthropic-error.ts";
import { NativeMessage } from "./native-message.ts";

/** `stop_sequence` is not among them: providers do not say alike whether an answer ended by itself or by one. */
type StopReason = "end_turn" | "max_tokens" | "tool_use" | "refusal";

const STOP_REASONS: Readonly<Record<FinishReason, StopReason>> = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
  other: "end_turn",
};

export interface MessageFacts {
  readonly id: string;
  /** What was asked for; the target that speaks first takes its place. */
  readonly model: string;
  readonly requestId: string;
}

type Block =
  | { readonly type: "text"; text: string }
  | { readonly type: "thinking"; thinking: string; signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

type Delta =
  | { readonly type: "text_delta"; readonly text: string }
  | { readonly type: "thinking_delta"; readonly thinking: string }
  | { readonly type: "signature_delta"; readonly signature: string }
  | { readonly type: "input_json_delta"; readonly partial_json: string };

export class MessageWriter implements WireWriter {
  private readonly facts: MessageFacts;
  /** One for the whole answer, as clients expect: who went on with it is named among the legs. */
  private model: string | null = null;
  private blocks: Block[] = [];
  /** The last block can still grow. */
  private isOpen = false;
  private started = false;
  /** The leg that is speaking does so in the wire's own words: they are passed on. Null while it does not. */
  private native: NativeMessage | null = null;
  /** What such a leg said last. */
  private nativeType: "text" | "thinking" = "text";

  constructor(facts: MessageFacts) {
    this.facts = facts;
  }

  startOver(): void {
    this.model = null;
    this.blocks = [];
    this.isOpen = false;
  }

  write(events: readonly AnswerEvent[]): string {
    let sent = "";
    let passed = "";
    for (const event of events) {
      if (event.type === "leg-start") this.leaveNative();
      if (event.type === "wire") passed += this.pass(event.text);
      // What the wire's own events mean is in the others: it is not said twice.
      else if (this.native === null) sent += this.take(event);
      else this.note(event);
    }
    return sent === "" ? passed : this.toBeginning() + sent + passed;
  }

  end(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    const last = end.native?.[0];
    if (this.native !== null && last !== undefined) {
      this.leaveNative();
      return [
        this.close(),
        toEvent("message_delta", { ...last, breakwater }),
        toEvent("message_stop", {}),
      ].join("");
    }
    const delta = { stop_reason: STOP_REASONS[end.finishReason ?? "other"], stop_sequence: null };
    const usage = toUsage(end.usage);
    return [
      this.toBeginning(),
      this.close(),
      toEvent("message_delta", { delta, usage, breakwater }),
      toEvent("message_stop", {}),
    ].join("");
  }

  /** The error event, and never `message_stop`. */
  fail(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    return toEvent("error", { ...toFailureError(end, this.facts.requestId).error, breakwater });
  }

  crash(): string {
    return toEvent("error", toInternalError(this.facts.requestId));
  }

  toRefusal(end: AnswerEnd, breakwater: BreakwaterEnd): WireRefusal {
    const { status, error } = toFailureError(end, this.facts.requestId);
    return { status, body: { ...error, breakwater } };
  }

  toWhole(end: AnswerEnd, breakwater: BreakwaterEnd): object {
    const whole = end.native?.[0];
    if (whole !== undefined) return { ...whole, ...this.toNames(), breakwater };
    return {
      ...this.toMessage(),
      content: this.blocks,
      stop_reason: STOP_REASONS[end.finishReason ?? "other"],
      usage: toUsage(end.usage),
      breakwater,
    };
  }

  /** `message_start`, once. The counts are not known yet: they come at the end. */
  private toBeginning(): string {
    if (this.started) return "";
    this.started = true;
    return toEvent("message_start", { message: this.toMessage() });
  }

  private toNames(): AnswerNames {
    return { id: this.facts.id, model: this.model ?? this.facts.model };
  }

  /** Its words go out as they came, unless others have begun the message: then they are written like everybody's. */
  private pass(text: string): string {
    if (this.native === null && this.started) return "";
    this.native ??= new NativeMessage();
    this.started = true;
    return this.native.pass(text, this.toNames());
  }

  /** What a native leg has said, as far as who goes on has to know it. */
  private note(event: AnswerEvent): void {
    if (event.type === "text-delta") this.nativeType = "text";
    if (event.type === "reasoning-delta") this.nativeType = "thinking";
  }

  /** Somebody goes on behind the blocks of a native leg. */
  private leaveNative(): void {
    if (this.native === null) return;
    const { blocks, isOpen } = this.native;
    const last: Block = this.nativeType === "text" ? { type: "text", text: "" } : toEmptyThinking();
    this.blocks = Array.from({ length: blocks }, () => last);
    this.isOpen = isOpen;
    this.native = null;
  }

  private toMessage() {
    return {
      ...this.toNames(),
      type: "message",
      role: "assistant",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    };
  }

  private take(event: AnswerEvent): string {
    switch (event.type) {
      case "leg-start":
        return this.startLeg(`${event.target.provider}/${event.target.model}`);
      case "text-delta":
        return this.addText(event.text);
      case "reasoning-delta":
        if (event.proof !== undefined) return this.addProof(event.proof);
        return this.addThought(event.text);
      case "tool-call":
        return this.addToolUse(event);
      // A call's input comes with the call: until then it is held back, so that nothing is gained by sending pieces.
      case "tool-input-start":
      case "tool-input-delta":
      case "wire":
      case "answer-end":
        return "";
    }
  }

  /** Words go on where they broke off; thoughts are the model's own and begin a block of their own. */
  private startLeg(model: string): string {
    this.model ??= model;
    return this.blocks.at(-1)?.type === "thinking" ? this.close() : "";
  }

  private addText(text: string): string {
    const last = this.blocks.at(-1);
    const delta: Delta = { type: "text_delta", text };
    if (this.isOpen && last?.type === "text") {
      last.text += text;
      return this.toDelta(delta);
    }
    return this.open({ type: "text", text: "" }, { type: "text", text }) + this.toDelta(delta);
  }

  private addThought(thinking: string): string {
    // An answer that was kept may have the place of a proof, and not the proof.
    if (thinking === "") return "";
    const opened = this.openThinking();
    const last = this.blocks.at(-1);
    if (last?.type === "thinking") last.thinking += thinking;
    return opened + this.toDelta({ type: "thinking_delta", thinking });
  }

  /** What the thoughts may go back to Anthropic with; they are over. */
  private addProof(proof: ThoughtProof): string {
    if ("redactedData" in proof) {
      const block: Block = { type: "redacted_thinking", data: proof.redactedData };
      return this.open(block, block) + this.close();
    }
    const opened = this.openThinking();
    const last = this.blocks.at(-1);
    if (last?.type === "thinking") last.signature = proof.signature;
    return opened + this.toDelta({ type: "signature_delta", signature: proof.signature }) + this.close();
  }

  /** Nothing when such a block is open already. */
  private openThinking(): string {
    if (this.isOpen && this.blocks.at(-1)?.type === "thinking") return "";
    return this.open(toEmptyThinking(), toEmptyThinking());
  }

  private addToolUse({ toolCallId: id, toolName: name, input }: ToolCall): string {
    // Checked by the adapter to be JSON.
    const block: Block = { type: "tool_use", id, name, input: JSON.parse(input) };
    const opened = this.open({ ...block, input: {} }, block);
    return opened + this.toDelta({ type: "input_json_delta", partial_json: input }) + this.close();
  }

  /** Closes what is open and begins the next block: `shown` as the stream sees its start, `block` as it is so far. */
  private open(shown: Block, block: Block): string {
    const closed = this.close();
    this.blocks.push(block);
    this.isOpen = true;
    const start = { index: this.blocks.length - 1, content_block: shown };
    return closed + toEvent("content_block_start", start);
  }

  private close(): string {
    if (!this.isOpen) return "";
    this.isOpen = false;
    return toEvent("content_block_stop", { index: this.blocks.length - 1 });
  }

  private toDelta(delta: Delta): string {
    return toEvent("content_block_delta", { index: this.blocks.length - 1, delta });
  }
}

function toEmptyThinking(): Block {
  return { type: "thinking", thinking: "", signature: "" };
}

type ToolCall = Extract<AnswerEvent, { type: "tool-call" }>;

/** Anthropic's events carry their name twice. */
function toEvent(type: string, data: object): string {
  return toServerSentEvent({ type, ...data }, type);
}

/** Anthropic counts what the cache had and took beside the rest of the input. */
function toUsage(usage: TokenUsage): object {
  const cached = usage.cachedInputTokens ?? 0;
  const written = usage.cacheWriteTokens ?? 0;
  return {
    input_tokens: Math.max(0, (usage.inputTokens ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: usage.outputTokens ?? 0,
  };
}
