/**
 * Turns an answer's events into the chunks of AI SDK's UI message stream. Neighbouring deltas become one chunk, so
 * a burst from a provider is one frame. Pure; one writer for one answer. Rules SE1 to SE5.
 */
import { assertNever } from "../../base/assert.ts";
import { UNKNOWN_USAGE, type Leg, type Receipt } from "../../protocol/answer.ts";
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { Target } from "../../routing/ranking/plan.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import { toTerminalChunks } from "./terminal-chunks.ts";

type BlockType = "text" | "reasoning";

export class AnswerWriter {
  private blocks = 0;
  private open: { readonly type: BlockType; readonly id: string } | null = null;
  private stepOpen = false;
  private stepHasText = false;
  private stepHasParts = false;

  private receipt: Receipt;
  private nowMs: number | null = null;
  /** Provider calls of the steps before the one that runs. */
  private attemptsBefore: number;

  /** `receipt` as it stands at the start; legs are filled in as they begin. */
  constructor(receipt: Receipt) {
    this.receipt = receipt;
    this.attemptsBefore = receipt.attempts;
  }

  /**
   * The writer of an answer that a crash interrupted, as it was behind those chunks. `lostAttempts`: calls of the step that
   * ran of which whoever goes on with it knows nothing.
   */
  static behind(chunks: readonly AnswerChunk[], receipt: Receipt, lostAttempts = 0): AnswerWriter {
    const writer = new AnswerWriter(receipt);
    for (const chunk of chunks) writer.note(chunk);
    writer.attemptsBefore += lostAttempts;
    return writer;
  }

  get isStepOpen(): boolean {
    return this.stepOpen;
  }

  start(messageId: string): AnswerChunk[] {
    return [{ type: "start", messageId, messageMetadata: this.receipt }];
  }

  /** `atMs`: so many milliseconds after the turn began; the first leg's is told, and outlives a crash. */
  write(events: readonly AnswerEvent[], atMs: number | null = null): AnswerChunk[] {
    const chunks: AnswerChunk[] = [];
    this.nowMs = atMs;
    for (const event of events) this.writeEvent(event, chunks);
    return chunks;
  }

  /** A model has asked for tools and another step follows: the receipt as it stands is told, and outlives a crash. */
  endModelCall(receipt: Receipt): AnswerChunk[] {
    const chunks: AnswerChunk[] = [];
    this.closeBlock(chunks);
    this.receipt = receipt;
    chunks.push({ type: "message-metadata", messageMetadata: receipt });
    return chunks;
  }

  /** The tools have answered. */
  endStep(): AnswerChunk[] {
    this.stepOpen = false;
    this.attemptsBefore = this.receipt.attempts;
    return [{ type: "finish-step" }];
  }

  /** The chunks that end the stream; `receipt` is that of this end. */
  end(end: AnswerEnd, receipt: Receipt): AnswerChunk[] {
    const chunks: AnswerChunk[] = [];
    this.closeBlock(chunks);
    if (this.stepOpen && end.status === "complete") chunks.push({ type: "finish-step" });
    return [...chunks, ...toTerminalChunks(receipt)];
  }

  private writeEvent(event: AnswerEvent, chunks: AnswerChunk[]): void {
    switch (event.type) {
      case "leg-start":
        this.startLeg(event.target, event.attempt, chunks);
        return;
      case "wire":
        // A chat's calls are never native: its wire is our own.
        return;
      case "text-delta":
        this.writeDelta("text", event.text, chunks);
        return;
      case "reasoning-delta":
        this.writeDelta("reasoning", event.text, chunks);
        return;
      case "tool-input-start":
        this.closeBlock(chunks);
        chunks.push({
          type: "tool-input-start",
          toolCallId: event.toolCallId,
          toolName: event.toolName,
          dynamic: true,
        });
        return;
      case "tool-input-delta":
        chunks.push({ type: "tool-input-delta", toolCallId: event.toolCallId, inputTextDelta: event.text });
        return;
      case "tool-call": {
        // Some adapters give a call whole, without a start that would have closed the block.
        this.closeBlock(chunks);
        const input: unknown = JSON.parse(event.input);
        const { toolCallId, toolName } = event;
        chunks.push({ type: "tool-input-available", toolCallId, toolName, input, dynamic: true });
        return;
      }
      case "answer-end":
        return;
      default:
        assertNever(event);
    }
  }

  /** Who answers is told with the first word, and stored: after a crash it is still known. */
  private startLeg(target: Target, attempt: number, chunks: AnswerChunk[]): void {
    const leg: Leg = { ...target, usage: UNKNOWN_USAGE, costMicroUsd: null, estimated: false };
    const attempts = this.attemptsBefore + attempt;
    const firstTokenMs = this.receipt.firstTokenMs ?? this.nowMs;
    this.receipt = { ...this.receipt, legs: [...this.receipt.legs, leg], attempts, firstTokenMs };
    if (!this.stepOpen) {
      chunks.push({ type: "start-step" });
    } else if (this.stepHasParts && !this.stepHasText) {
      // Thoughts of a target that broke are not gone on with: the next one thinks for itself.
      chunks.push({ type: "reset-step" });
      this.open = null;
    }
    if (!this.stepOpen || !this.stepHasText) this.startStep();
    chunks.push({ type: "message-metadata", messageMetadata: this.receipt });
  }

  private startStep(): void {
    this.stepOpen = true;
    this.stepHasText = false;
    this.stepHasParts = false;
  }

  /** Takes note of a chunk that was written before. */
  private note(chunk: AnswerChunk): void {
    switch (chunk.type) {
      case "text-start":
      case "reasoning-start":
        this.open = { type: chunk.type === "text-start" ? "text" : "reasoning", id: chunk.id };
        this.blocks += 1;
        this.stepHasParts = true;
        if (chunk.type === "text-start") this.stepHasText = true;
        return;
      case "text-end":
      case "reasoning-end":
        this.open = null;
        return;
      case "start-step":
      case "reset-step":
        this.open = null;
        this.startStep();
        return;
      case "finish-step":
        this.stepOpen = false;
        this.attemptsBefore = this.receipt.attempts;
        return;
      case "start":
        this.attemptsBefore = chunk.messageMetadata.attempts;
        this.receipt = chunk.messageMetadata;
        return;
      case "message-metadata":
        this.receipt = chunk.messageMetadata;
        return;
      default:
        return;
    }
  }

  private writeDelta(type: BlockType, delta: string, chunks: AnswerChunk[]): void {
    if (delta === "") return;
    if (this.open?.type !== type) {
      this.closeBlock(chunks);
      this.open = { type, id: `${type}-${this.blocks}` };
      this.blocks += 1;
      this.stepHasParts = true;
      if (type === "text") this.stepHasText = true;
      chunks.push({ type: `${type}-start`, id: this.open.id });
    }
    const last = chunks.at(-1);
    if (last?.type === `${type}-delta` && "delta" in last) last.delta += delta;
    else chunks.push({ type: `${type}-delta`, id: this.open.id, delta });
  }

  private closeBlock(chunks: AnswerChunk[]): void {
    if (this.open === null) return;
    chunks.push({ type: `${this.open.type}-end`, id: this.open.id });
    this.open = null;
  }
}
