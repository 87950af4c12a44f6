/**
 * An answer as it is kept: gathered from the events of the first one, told again as the events of a later one, so that
 * every wire writes it in its own words. Pure. Rules HT143, HT146, HT344.
 */
import { z } from "zod";
import { assertNever } from "../../../base/assert.ts";
import { FinishReason, Leg, TokenUsage } from "../../../protocol/answer.ts";
import { toProviderId } from "../../../providers/provider-config.ts";
import type { Target } from "../../../routing/ranking/ranking-facts.ts";
import type { AnswerEnd, AnswerEvent } from "../../../routing/run-plan.ts";

/** D1 takes 2,000,000 bytes in a row; no answer of a model comes near the half of it. */
export const MAX_STORED_BYTES = 1_000_000;

const StoredPart = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["text", "reasoning"]), text: z.string() }),
  z.object({ type: z.literal("tool-call"), toolCallId: z.string(), toolName: z.string(), input: z.string() }),
]);
type StoredPart = z.infer<typeof StoredPart>;

/** PERSISTED. A row of another shape counts as none. */
export const StoredAnswer = z.object({
  version: z.literal(1),
  /** The decision that the answer came from. */
  selectionId: z.string(),
  /** Who spoke first. */
  target: z.object({ provider: z.string(), model: z.string() }),
  parts: z.array(StoredPart),
  finishReason: FinishReason,
  /** With what they cost. */
  legs: z.array(Leg),
  usage: TokenUsage,
  costMicroUsd: z.int().nonnegative().nullable(),
});
export type StoredAnswer = z.infer<typeof StoredAnswer>;

export interface GatheredCall {
  readonly selectionId: string;
  /** True when nobody is shown a word before the end: another target begins anew. */
  readonly mayStartOver: boolean;
  /** True when the caller set a limit to the answer: one that reaches it is what was asked for. */
  readonly isLimited: boolean;
}

/** Takes note of an answer while it is given. */
export class AnswerGatherer {
  private readonly call: GatheredCall;
  private target: Target | null = null;
  private parts: StoredPart[] = [];
  private characters = 0;
  /** Its thoughts came with proofs, which are not kept. */
  private isProven = false;

  constructor(call: GatheredCall) {
    this.call = call;
  }

  take(events: readonly AnswerEvent[]): void {
    for (const event of events) this.takeEvent(event);
  }

  /** JSON of a StoredAnswer; null when this one is not to be given again. */
  toStorable(end: AnswerEnd): string | null {
    const { target, parts } = this;
    if (end.status !== "complete" || !this.isWholeReason(end.finishReason)) return null;
    if (target === null || parts.every((part) => part.type === "reasoning")) return null;
    if (this.characters > MAX_STORED_BYTES) return null;
    // Anthropic takes a call back only behind its proven thoughts: without them the conversation could not go on.
    if (this.isProven && parts.some((part) => part.type === "tool-call")) return null;
    const answer: StoredAnswer = {
      version: 1,
      selectionId: this.call.selectionId,
      target,
      parts,
      finishReason: end.finishReason,
      legs: [...end.legs],
      usage: end.usage,
      costMicroUsd: end.costMicroUsd,
    };
    const text = JSON.stringify(answer);
    return countBytes(text) > MAX_STORED_BYTES ? null : text;
  }

  private isWholeReason(reason: FinishReason | null): reason is FinishReason {
    return reason === "stop" || reason === "tool-calls" || (reason === "length" && this.call.isLimited);
  }

  private takeEvent(event: AnswerEvent): void {
    switch (event.type) {
      case "leg-start":
        this.startLeg(event.target);
        return;
      case "text-delta":
        this.append("text", event.text);
        return;
      case "reasoning-delta":
        if (event.proof !== undefined) this.isProven = true;
        this.append("reasoning", event.text);
        return;
      case "tool-call": {
        const { toolCallId, toolName, input } = event;
        this.add({ type: "tool-call", toolCallId, toolName, input }, input.length);
        return;
      }
      // The whole call follows.
      case "tool-input-start":
      case "tool-input-delta":
      // The same in the words of one wire.
      case "wire":
      case "answer-end":
        return;
      default:
        assertNever(event);
    }
  }

  private startLeg(target: Target): void {
    if (this.call.mayStartOver) {
      this.target = null;
      this.parts = [];
      this.characters = 0;
      this.isProven = false;
    }
    const { provider, model } = target;
    this.target ??= { provider, model };
  }

  private append(type: "text" | "reasoning", text: string): void {
    if (text === "") return;
    const last = this.parts.at(-1);
    if (last?.type !== type) {
      this.add({ type, text }, text.length);
      return;
    }
    this.characters += text.length;
    if (this.characters <= MAX_STORED_BYTES) last.text += text;
  }

  /** What is too much already is counted on and not held. */
  private add(part: StoredPart, characters: number): void {
    this.characters += characters;
    if (this.characters <= MAX_STORED_BYTES) this.parts.push(part);
  }
}

/** An event of a stream that is not longer than clients and proxies are used to. */
const PIECE_CHARACTERS = 4_096;

/** The events of the answer, but for its end. */
export function* replayAnswer({ target, parts }: StoredAnswer): Generator<readonly AnswerEvent[]> {
  const { provider, model } = target;
  yield [{ type: "leg-start", target: { provider: toProviderId(provider), model }, attempt: 0 }];
  for (const part of parts) {
    if (part.type === "tool-call") {
      const { toolCallId, toolName, input } = part;
      yield [
        { type: "tool-input-start", toolCallId, toolName },
        { type: "tool-input-delta", toolCallId, text: input },
        { type: "tool-call", toolCallId, toolName, input },
      ];
      continue;
    }
    for (const text of toPieces(part.text)) {
      yield [{ type: part.type === "text" ? "text-delta" : "reasoning-delta", text }];
    }
  }
}

/** Nobody was called, and nothing was paid: the legs say who gave the words when they were given first. */
export function toReplayedEnd(answer: StoredAnswer): AnswerEnd {
  return {
    type: "answer-end",
    status: "complete",
    finishReason: answer.finishReason,
    native: [],
    failure: null,
    attempts: [],
    legs: answer.legs.map((leg) => ({ ...leg, costMicroUsd: 0 })),
    firstTokenMs: null,
    durationMs: 0,
    usage: answer.usage,
    costMicroUsd: 0,
  };
}

/** No character of two units is cut in two. */
function* toPieces(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + PIECE_CHARACTERS);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd8_00 && last <= 0xdb_ff) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}

const encoder = new TextEncoder();

/** As the database counts it. */
export function countBytes(text: string): number {
  return encoder.encode(text).byteLength;
}
