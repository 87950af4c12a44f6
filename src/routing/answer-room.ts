/**
 * How much one answer may hold where all of it is kept in one place: its words, thoughts and calls, as bytes of JSON. One
 * room for one answer. Rule SE171.
 */
import { countJsonBytes } from "../base/json-bytes.ts";
import type { LegEvent } from "./attempt/drive-attempt.ts";

/** A control character, or half of a sign, is six bytes of JSON. */
const MOST_BYTES_OF_A_CHARACTER = 6;
/** What stands around a call and what becomes of it: states, an approval. */
const BYTES_AROUND_A_CALL = 300;

export class AnswerRoom {
  private left: number;
  private full: boolean;
  /** Nothing is counted exactly before it could be too much: each word would pay for it. */
  private uncounted = "";

  constructor(maxBytes: number) {
    this.left = maxBytes;
    this.full = maxBytes <= 0;
  }

  /** Something did not fit: the answer has to end. */
  get isFull(): boolean {
    return this.full;
  }

  /** The events with as many of their words as there is room for. Calls of tools come all at once, and stay together. */
  fit(events: LegEvent[]): LegEvent[] {
    if (this.takeFewWords(events)) return events;
    const callBytes = events.reduce((sum, event) => sum + countCallBytes(event), 0);
    if (callBytes > 0) this.takeCalls(callBytes);
    return events.flatMap((event) => {
      if (event.type === "text-delta" || event.type === "reasoning-delta") return this.fitWords(event);
      return this.full && isAboutCall(event) ? [] : [event];
    });
  }

  /** True for what every word comes to: words that fit however their signs are written, and nothing else. */
  private takeFewWords(events: readonly LegEvent[]): boolean {
    let words = "";
    for (const event of events) {
      if (event.type === "text-delta" || event.type === "reasoning-delta") words += event.text;
      else if (isAboutCall(event)) return false;
    }
    if (this.full || (this.uncounted.length + words.length) * MOST_BYTES_OF_A_CHARACTER > this.left)
      return false;
    this.uncounted += words;
    return true;
  }

  private takeCalls(bytes: number): void {
    this.settle();
    if (bytes > this.left) this.full = true;
    else this.left -= bytes;
  }

  private fitWords(event: Extract<LegEvent, { type: "text-delta" | "reasoning-delta" }>): LegEvent[] {
    if (this.full) return [];
    this.settle();
    const bytes = countTextBytes(event.text);
    if (bytes <= this.left) {
      this.left -= bytes;
      return [event];
    }
    this.full = true;
    const text = cutToBytes(event.text, this.left);
    return text === "" ? [] : [{ ...event, text }];
  }

  private settle(): void {
    this.left -= countTextBytes(this.uncounted);
    this.uncounted = "";
  }
}

const encoder = new TextEncoder();

/** Of a text within a JSON text, without its quotes. */
export function countTextBytes(text: string): number {
  return text === "" ? 0 : countJsonBytes(text) - 2;
}

/** The longest beginning that has no more bytes of JSON, and ends with a whole sign. */
function cutToBytes(text: string, maxBytes: number): string {
  let [fits, length] = [0, text.length];
  while (fits < length) {
    const middle = Math.ceil((fits + length) / 2);
    if (countTextBytes(text.slice(0, middle)) <= maxBytes) fits = middle;
    else length = middle - 1;
  }
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(fits - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(fits));
  return text.slice(0, isHalf ? fits - 1 : fits);
}

function countCallBytes(event: LegEvent): number {
  if (event.type !== "tool-call") return 0;
  const { toolCallId, toolName, input } = event;
  return BYTES_AROUND_A_CALL + countTextBytes(toolCallId + toolName) + encoder.encode(input).length;
}

function isAboutCall({ type }: LegEvent): boolean {
  return type === "tool-input-start" || type === "tool-input-delta" || type === "tool-call";
}
