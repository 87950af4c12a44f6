/**
 * One answer as one client receives it: gapless numbers, and nothing that changes once it was shown, except what a
 * rewind takes back on the live wire. Rules SM30 to SM32.
 */
import { isDeepStrictEqual } from "node:util";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
  toOpenCalls,
  toStepParts,
  type AnswerPart,
} from "../../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import { waitsForWords } from "../../../src/session/tools/tool-words.ts";

const TERMINAL = new Set<AnswerChunk["type"]>(["finish", "error", "abort"]);

export class AnswerStream {
  chunks: AnswerChunk[] = [];
  hasEnded = false;
  /** Nothing up to this one is taken back any more; -1 for none. */
  durable = -1;
  private readonly isLive: boolean;
  private readonly onBug: (bug: string) => void;
  /** What was shown, or was told to be durable, as texts. */
  private seen: string[] = [];

  constructor(isLive: boolean, onBug: (bug: string) => void) {
    this.isLive = isLive;
    this.onBug = onBug;
  }

  get messageId(): string | null {
    const [first] = this.chunks;
    return first?.type === "start" ? first.messageId : null;
  }

  get lastSequence(): number | null {
    return this.chunks.length === 0 ? null : this.chunks.length - 1;
  }

  /** Where this chunk stands among the words that were heard back last; behind everything when it does not. */
  findWordAgain(chunk: AnswerChunk): number {
    const behind = this.chunks.findLastIndex(({ type }) => type !== "tool-approval-response") + 1;
    const at = this.chunks.findIndex((known, index) => index >= behind && isDeepStrictEqual(known, chunk));
    return at === -1 ? this.chunks.length : at;
  }

  has(sequence: number, chunk: AnswerChunk): boolean {
    return isDeepStrictEqual(this.chunks[sequence], chunk);
  }

  take(sequence: number, chunk: AnswerChunk): void {
    if (this.hasEnded) this.onBug(`[SM31] chunk ${sequence} came after the end`);
    if (sequence !== this.chunks.length) {
      this.onBug(`[SM31] chunk ${sequence} came when ${this.chunks.length} was due`);
      return;
    }
    const text = JSON.stringify(chunk);
    const before = this.seen[sequence];
    if (before === undefined) this.seen.push(text);
    else if (before !== text) this.onBug(`[SM32] chunk ${sequence} was ${before} and is ${text}`);
    this.chunks.push(chunk);
  }

  noteDurable(sequence: number): void {
    if (sequence >= this.chunks.length) this.onBug(`[SM32] chunk ${sequence} is durable and was not sent`);
    this.durable = Math.max(this.durable, sequence);
  }

  /** A crash has taken back what came after `sequence`. */
  rewind(sequence: number): void {
    if (!this.isLive) this.onBug("[SM32] the stock wire cannot be rewound");
    if (sequence >= this.chunks.length)
      this.onBug(`[SM31] a rewind to ${sequence} with ${this.chunks.length} chunks`);
    if (sequence !== -1 && sequence < this.durable) {
      this.onBug(`[SM32] a rewind to ${sequence}, and ${this.durable} was durable`);
    }
    this.chunks.splice(sequence + 1);
    this.seen.splice(Math.max(sequence, this.durable) + 1);
  }

  /** It is sent once more from its beginning: what was shown must come again. */
  startOver(): void {
    this.chunks = [];
    this.hasEnded = false;
  }

  /** On the stock wire a request also ends where a person's word is waited for; the answer does not. */
  end(): void {
    const last = this.chunks.at(-1);
    const isOver = last !== undefined && TERMINAL.has(last.type);
    const running = { draft: { parts: this.toDraftParts() }, givenWords: new Set<string>() };
    if (!isOver && !this.isLive && waitsForWords(running)) return;
    this.hasEnded = true;
    if (!isOver) this.onBug(`[SM31] the end came after ${last?.type ?? "nothing"}`);
  }

  /** The calls of the step that runs which wait for a word, by the ids of their approvals. */
  listQuestions(): readonly { readonly approvalId: string; readonly toolCallId: string }[] {
    if (this.hasEnded) return [];
    return toOpenCalls(toStepParts(this.toDraftParts())).flatMap(({ state, approval, toolCallId }) =>
      state === "approval-requested" && approval !== undefined
        ? [{ approvalId: approval.id, toolCallId }]
        : [],
    );
  }

  /** The parts as they stand, open ones too. */
  toDraftParts(): readonly AnswerPart[] {
    const draft = startAnswerDraft();
    for (const chunk of this.chunks) applyAnswerChunk(draft, chunk);
    return draft.parts;
  }

  /** The message as it is put together from what was received. */
  toParts(upTo = this.chunks.length): AnswerPart[] {
    const draft = startAnswerDraft();
    for (const chunk of this.chunks.slice(0, upTo)) applyAnswerChunk(draft, chunk);
    return closeAnswerDraft(draft);
  }

  toText(upTo = this.chunks.length): string {
    return toPartsText(this.toParts(upTo));
  }
}

export function toPartsText(parts: readonly { readonly type: string }[]): string {
  return parts.map((part) => (part.type === "text" && "text" in part ? String(part.text) : "")).join("");
}
