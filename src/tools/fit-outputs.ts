/**
 * What tools gave, as far as a model takes it. What is stored stays whole: another model may take more. Pure. Rules TL42,
 * TL43, TL53.
 */
import type { AnswerPart, ToolPart } from "../protocol/answer-parts.ts";
import { estimateTokens } from "../routing/estimate-tokens.ts";
import { limitText } from "./limit-text.ts";

export interface FittedOutputs {
  readonly parts: readonly AnswerPart[];
  /** How many of them are cut. */
  readonly cut: number;
}

/** All outputs are told up to one same length, the greatest with which they fit: none is lost for another. */
export function fitOutputs(parts: readonly AnswerPart[], roomTokens: number): FittedOutputs {
  const sizes = parts.map(countOutputTokens);
  const most = findMost(sizes, roomTokens);
  if (most === null) return { parts, cut: 0 };
  const fitted = parts.map((part, index) => {
    const size = sizes[index] ?? 0;
    return part.type === "dynamic-tool" && size > most ? cutOutput(part, most / size) : part;
  });
  return { parts: fitted, cut: sizes.filter((size) => size > most).length };
}

/** Without what its tools gave. */
export function countOwnTokens(parts: readonly AnswerPart[]): number {
  return parts.reduce((sum, part) => {
    if (part.type === "text") return sum + estimateTokens(part.text);
    return part.type === "dynamic-tool" ? sum + estimateTokens(JSON.stringify(part.input ?? null)) : sum;
  }, 0);
}

/** Texts in the same way. */
export function fitTexts(texts: readonly string[], roomTokens: number): { texts: string[]; cut: number } {
  const sizes = texts.map(estimateTokens);
  const most = findMost(sizes, roomTokens) ?? Number.POSITIVE_INFINITY;
  const fitted = texts.map((text, index) => {
    const size = sizes[index] ?? 0;
    return size > most ? cutText(text, most / size) : text;
  });
  return { texts: fitted, cut: sizes.filter((size) => size > most).length };
}

/** Null where all of them fit as they are. */
function findMost(sizes: readonly number[], roomTokens: number): number | null {
  let left = Math.max(0, roomTokens);
  const rising = sizes.filter((size) => size > 0).toSorted((one, other) => one - other);
  for (const [index, size] of rising.entries()) {
    const share = left / (rising.length - index);
    if (size > share) return share;
    left -= size;
  }
  return null;
}

function countOutputTokens(part: AnswerPart): number {
  return part.type === "dynamic-tool" ? estimateTokens(readOutput(part)) : 0;
}

function readOutput({ output, errorText }: ToolPart): string {
  if (typeof output === "string") return output;
  return output === undefined ? (errorText ?? "") : JSON.stringify(output);
}

function cutOutput(part: ToolPart, share: number): ToolPart {
  const text = cutText(readOutput(part), share);
  return part.output === undefined ? { ...part, errorText: text } : { ...part, output: text };
}

function cutText(whole: string, share: number): string {
  return limitText(whole, Math.floor(new TextEncoder().encode(whole).length * share));
}
