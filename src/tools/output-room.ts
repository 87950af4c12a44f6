/** What the tools of one answer may give together: all of it lies in one message, which is one row. Rule SE112. */
import { countJsonBytes } from "../base/json-bytes.ts";
import type { AnswerChunk } from "../protocol/answer-chunk.ts";
import type { AnswerPart } from "../protocol/answer-parts.ts";
import { limitText } from "./limit-text.ts";

/** As JSON. A row has at most 2 MB: there is as much again for what the models say. */
export const MAX_ANSWER_OUTPUT_BYTES = 1_000_000;

export class OutputRoom {
  private left = MAX_ANSWER_OUTPUT_BYTES;

  /** `parts` are the answer's so far: what they hold is taken, also by an earlier life of its turn. */
  constructor(parts: readonly AnswerPart[]) {
    for (const part of parts) {
      if (part.type !== "dynamic-tool") continue;
      if (part.output !== undefined) this.left -= countJsonBytes(part.output);
      if (part.errorText !== undefined) this.left -= countJsonBytes(part.errorText);
    }
  }

  /** The chunk with as much of what its tool gave as there is room for. */
  fit(chunk: AnswerChunk): AnswerChunk {
    if (chunk.type === "tool-output-available") {
      const isLarge = countJsonBytes(chunk.output) > this.left;
      return { ...chunk, output: this.take(isLarge ? this.cut(chunk.output) : chunk.output) };
    }
    if (chunk.type !== "tool-output-error") return chunk;
    return { ...chunk, errorText: this.take(this.cut(chunk.errorText)) };
  }

  private take<Value>(value: Value): Value {
    this.left -= countJsonBytes(value);
    return value;
  }

  private cut(value: unknown): string {
    const whole = typeof value === "string" ? value : JSON.stringify(value ?? null);
    let bytes = Math.max(0, this.left);
    let text = limitText(whole, bytes);
    // Quotes and control characters take more bytes as JSON than as text.
    for (let size = countJsonBytes(text); size > this.left && bytes > 0; size = countJsonBytes(text)) {
      bytes = Math.floor((bytes * Math.max(0, this.left)) / size);
      text = limitText(whole, bytes);
    }
    return text;
  }
}
