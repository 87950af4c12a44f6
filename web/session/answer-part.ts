/**
 * The parts of an answer as the pages draw them, put together from chunks while it streams or read from a stored
 * message once it has ended. Pure: no sockets, no DOM.
 */
import { z } from "zod";
import type { Receipt } from "../../src/protocol/answer.ts";
import type { AnswerChunk, StoredMessage } from "../../src/protocol/session-frame.ts";

export type AnswerPart =
  | { readonly type: "text"; readonly id: string; readonly text: string; readonly done: boolean }
  | { readonly type: "reasoning"; readonly id: string; readonly text: string; readonly done: boolean }
  | { readonly type: "tool"; readonly id: string; readonly name: string; readonly input: string };

/** An answer while it streams. */
export interface AnswerDraft {
  readonly parts: readonly AnswerPart[];
  /** The receipt as it stands; null before the `start` chunk. */
  readonly receipt: Receipt | null;
  /** True once a terminal chunk came: the stored message follows. */
  readonly ended: boolean;
}

export const EMPTY_DRAFT: AnswerDraft = { parts: [], receipt: null, ended: false };

function toTextPart(kind: "text" | "reasoning", id: string): AnswerPart {
  return kind === "text" ? { type: "text", id, text: "", done: false } : { type: "reasoning", id, text: "", done: false };
}

/** Changes the newest open part of that kind and id; ids may be used again after their `…-end`. */
function changeTextPart(
  parts: readonly AnswerPart[],
  kind: "text" | "reasoning",
  id: string,
  change: { readonly delta: string } | { readonly done: true },
): readonly AnswerPart[] {
  const index = parts.findLastIndex((part) => part.type === kind && part.id === id && !part.done);
  const part = parts[index];
  if (part === undefined || part.type === "tool") return parts;
  const next = "delta" in change ? { ...part, text: part.text + change.delta } : { ...part, done: true };
  return parts.with(index, next);
}

function changeToolPart(
  parts: readonly AnswerPart[],
  id: string,
  change: (input: string) => string,
): readonly AnswerPart[] {
  const index = parts.findLastIndex((part) => part.type === "tool" && part.id === id);
  const part = parts[index];
  if (part === undefined || part.type !== "tool") return parts;
  return parts.with(index, { ...part, input: change(part.input) });
}

function addTool(parts: readonly AnswerPart[], id: string, name: string): readonly AnswerPart[] {
  if (parts.some((part) => part.type === "tool" && part.id === id)) return parts;
  return [...parts, { type: "tool", id, name, input: "" }];
}

function toJsonText(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "";
}

/** The draft with one more chunk in it. Chunks of a turn come in order and once; `applyChatEvent` sees to that. */
export function applyChunk(draft: AnswerDraft, chunk: AnswerChunk): AnswerDraft {
  const { parts } = draft;
  switch (chunk.type) {
    case "start":
      return { parts: [], receipt: chunk.messageMetadata, ended: false };
    case "text-start":
      return { ...draft, parts: [...parts, toTextPart("text", chunk.id)] };
    case "reasoning-start":
      return { ...draft, parts: [...parts, toTextPart("reasoning", chunk.id)] };
    case "text-delta":
      return { ...draft, parts: changeTextPart(parts, "text", chunk.id, { delta: chunk.delta }) };
    case "reasoning-delta":
      return { ...draft, parts: changeTextPart(parts, "reasoning", chunk.id, { delta: chunk.delta }) };
    case "text-end":
      return { ...draft, parts: changeTextPart(parts, "text", chunk.id, { done: true }) };
    case "reasoning-end":
      return { ...draft, parts: changeTextPart(parts, "reasoning", chunk.id, { done: true }) };
    case "tool-input-start":
      return { ...draft, parts: addTool(parts, chunk.toolCallId, chunk.toolName) };
    case "tool-input-delta":
      return { ...draft, parts: changeToolPart(parts, chunk.toolCallId, (input) => input + chunk.inputTextDelta) };
    case "tool-input-available": {
      const known = addTool(parts, chunk.toolCallId, chunk.toolName);
      return { ...draft, parts: changeToolPart(known, chunk.toolCallId, () => toJsonText(chunk.input)) };
    }
    case "message-metadata":
      return { ...draft, receipt: chunk.messageMetadata };
    case "finish":
      return { ...draft, receipt: chunk.messageMetadata, ended: true };
    case "error":
    case "abort":
      return { ...draft, ended: true };
    case "start-step":
    case "finish-step":
      return draft;
  }
}

const StoredTextPart = z.object({ type: z.enum(["text", "reasoning"]), text: z.string() });
const StoredToolPart = z.object({
  type: z.literal("dynamic-tool"),
  toolCallId: z.string(),
  toolName: z.string(),
  input: z.unknown(),
});

/** The parts of a stored message; kinds the pages cannot draw (steps, files of the future) are passed over. */
export function toAnswerParts(message: StoredMessage): AnswerPart[] {
  return message.parts.flatMap((part, index): AnswerPart[] => {
    const text = StoredTextPart.safeParse(part);
    if (text.success) return [{ type: text.data.type, id: String(index), text: text.data.text, done: true }];
    const tool = StoredToolPart.safeParse(part);
    if (!tool.success) return [];
    return [{ type: "tool", id: tool.data.toolCallId, name: tool.data.toolName, input: toJsonText(tool.data.input) }];
  });
}

/** What a person would copy or quote of a message: its text without reasoning and tools. */
export function toPlainText(parts: readonly AnswerPart[]): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n\n")
    .trim();
}
