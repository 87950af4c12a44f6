/**
 * The answer of a chat as it is followed (AI SDK's UI message stream), in the events of an answer of ours. Rules HT113,
 * HT114.
 */
import { createParser } from "eventsource-parser";
import type { AnswerChunk } from "../../../protocol/answer-chunk.ts";
import { AnswerChunk as AnswerChunkShape } from "../../../protocol/answer-chunk.ts";
import type { FinishReason, Receipt, TokenUsage } from "../../../protocol/answer.ts";
import type { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";
import { readAnswerParts, type ToolPart } from "../../../protocol/answer-parts.ts";
import type { StoredMessage } from "../../../protocol/session-frame.ts";
import { sumUsage } from "../../../protocol/sum-known.ts";
import { toLeftCalls } from "../../../protocol/tool-output.ts";
import { toProviderId } from "../../../providers/provider-config.ts";
import type { AnswerEnd, AnswerEvent } from "../../../routing/run-plan.ts";

const DONE = "[DONE]";

/** The stream has nothing to say, and is alive. */
export const STILL_HERE = "still-here";

/** The chunks of the stream, as they come. Leaving the loop stops following, and nothing else. */
export async function* readChunks(
  events: ReadableStream<Uint8Array>,
): AsyncGenerator<AnswerChunk | typeof STILL_HERE, void, undefined> {
  const waiting: (string | null)[] = [];
  const parser = createParser({
    onEvent: ({ data }) => waiting.push(data),
    onComment: () => waiting.push(null),
  });
  const decoder = new TextDecoder();
  for await (const bytes of events) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    for (const data of waiting.splice(0)) {
      if (data === null) yield STILL_HERE;
      else if (data !== DONE) yield AnswerChunkShape.parse(JSON.parse(data));
    }
  }
}

/** What is known of the answer so far. */
export class KeptAnswer {
  /** Calls without a result so far: those that the answer ends with are its caller's to make. */
  private readonly openCalls = new Map<string, AnswerEvent>();
  private hasSaid = false;
  messageId: string | null = null;
  receipt: Receipt | null = null;
  /** Null until it ended well. */
  finishReason: FinishReason | null = null;
  /** A crash made its chat take back what was shown: who saw it has to read it again. */
  isTakenBack = false;
  private errorText: string | null = null;

  /** Notes a chunk; what of it belongs to an answer on this wire. Tools that the service runs do not. */
  take(chunk: AnswerChunk): AnswerEvent[] {
    const events = this.toEvents(chunk);
    if (events.some(({ type }) => type !== "leg-start")) this.hasSaid = true;
    return events;
  }

  private toEvents(chunk: AnswerChunk): AnswerEvent[] {
    switch (chunk.type) {
      case "start":
        this.messageId = chunk.messageId;
        return this.noteReceipt(chunk.messageMetadata);
      case "message-metadata":
        return this.noteReceipt(chunk.messageMetadata);
      case "finish":
        this.finishReason = chunk.finishReason;
        return [...this.noteReceipt(chunk.messageMetadata), ...this.toLeftCalls()];
      case "text-delta":
        return [{ type: "text-delta", text: chunk.delta }];
      case "reasoning-delta":
        return [{ type: "reasoning-delta", text: chunk.delta }];
      case "tool-input-available":
        this.openCalls.set(chunk.toolCallId, toCallEvent(chunk));
        return [];
      case "tool-output-available":
      case "tool-output-error":
      case "tool-output-denied":
        this.openCalls.delete(chunk.toolCallId);
        return [];
      case "reset-step":
        this.isTakenBack = this.hasSaid;
        this.openCalls.clear();
        return [];
      case "error":
        this.errorText = chunk.errorText;
        return [];
      default:
        return [];
    }
  }

  /** A sentence about an answer that did not end well. */
  get complaint(): string {
    return this.receipt?.notice ?? this.errorText ?? "The answer did not come to its end.";
  }

  get usage(): TokenUsage {
    return sumUsage((this.receipt?.legs ?? []).map((leg) => leg.usage));
  }

  /** Of one that ended well. */
  toEnd(): AnswerEnd {
    const { receipt } = this;
    return {
      type: "answer-end",
      status: "complete",
      finishReason: this.finishReason,
      native: [],
      failure: null,
      attempts: [],
      legs: receipt?.legs ?? [],
      firstTokenMs: receipt?.firstTokenMs ?? null,
      durationMs: receipt?.durationMs ?? 0,
      usage: this.usage,
      costMicroUsd: receipt?.costMicroUsd ?? null,
    };
  }

  toBreakwaterEnd(): BreakwaterEnd {
    const { receipt } = this;
    const status = receipt === null || receipt.status === "streaming" ? "incomplete" : receipt.status;
    return {
      status,
      legs: receipt?.legs ?? [],
      attempts: receipt?.attempts ?? 0,
      costMicroUsd: receipt?.costMicroUsd ?? null,
      selectionId: receipt?.selectionId ?? "",
    };
  }

  /** Told at the end: what breaks before is asked for again, and nobody has seen it. */
  private toLeftCalls(): AnswerEvent[] {
    return this.finishReason === "tool-calls" ? [...this.openCalls.values()] : [];
  }

  /** The first target that is named is the one who speaks. */
  private noteReceipt(receipt: Receipt): AnswerEvent[] {
    const wasNamed = (this.receipt?.legs.length ?? 0) > 0;
    this.receipt = receipt;
    const leg = receipt.legs.at(0);
    if (wasNamed || leg === undefined) return [];
    const target = { provider: toProviderId(leg.provider), model: leg.model };
    return [{ type: "leg-start", target, attempt: Math.max(1, receipt.attempts) }];
  }
}

function toCallEvent({
  toolCallId,
  toolName,
  input,
}: Pick<ToolPart, "toolCallId" | "toolName" | "input">): AnswerEvent {
  return { type: "tool-call", toolCallId, toolName, input: JSON.stringify(input) };
}

/** What was said in an answer that has ended well, and the calls that it leaves to its caller. */
export function toSaidEvents(answer: StoredMessage): AnswerEvent[] {
  const left = new Set(toLeftCalls(answer).map(({ toolCallId }) => toolCallId));
  return readAnswerParts(answer).flatMap((part): AnswerEvent[] => {
    if (part.type === "text") return [{ type: "text-delta", text: part.text }];
    if (part.type === "reasoning") return [{ type: "reasoning-delta", text: part.text }];
    return part.type === "dynamic-tool" && left.has(part.toolCallId) ? [toCallEvent(part)] : [];
  });
}
