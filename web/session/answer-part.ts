/**
 * An answer as the pages draw it: put together from chunks while it streams, by the same reducer that stores it
 * (src/protocol/answer-parts.ts), or read from a stored message once it has ended. Pure.
 */
import { z } from "zod";
import type { Receipt } from "../../src/protocol/answer.ts";
import { applyAnswerChunk, startAnswerDraft } from "../../src/protocol/answer-parts.ts";
import type { AnswerDraft } from "../../src/protocol/answer-parts.ts";
import type { AnswerChunk, StoredMessage } from "../../src/protocol/session-frame.ts";

/** `isOpen` says that more may come. */
export type ViewPart =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly isOpen: boolean }
  | { readonly type: "tool"; readonly name: string; readonly input: string };

/** An answer while it streams. */
export interface StreamedAnswer {
  readonly draft: AnswerDraft;
  /** The receipt as it stands; null before the `start` chunk. */
  readonly receipt: Receipt | null;
}

export const EMPTY_ANSWER: StreamedAnswer = { draft: startAnswerDraft(), receipt: null };

function copyDraft(draft: AnswerDraft): AnswerDraft {
  return {
    parts: [...draft.parts],
    openBlocks: new Map(draft.openBlocks),
    toolInputs: new Map(draft.toolInputs),
  };
}

/** The answer with one more chunk in it. Chunks of a turn come in order and once; `applyChatEvent` sees to that. */
export function applyChunk(answer: StreamedAnswer, chunk: AnswerChunk): StreamedAnswer {
  if (chunk.type === "start") return { draft: startAnswerDraft(), receipt: chunk.messageMetadata };
  // The reducer changes its draft in place, and a state that was shown must not change.
  const draft = copyDraft(answer.draft);
  applyAnswerChunk(draft, chunk);
  const isReceipt = chunk.type === "message-metadata" || chunk.type === "finish";
  return { draft, receipt: isReceipt ? chunk.messageMetadata : answer.receipt };
}

function toJsonText(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** The parts of a streaming answer; steps have nothing to show. */
export function toStreamedParts({ draft }: StreamedAnswer): ViewPart[] {
  return draft.parts.flatMap((part): ViewPart[] => {
    if (part.type === "step-start") return [];
    if (part.type !== "dynamic-tool")
      return [{ type: part.type, text: part.text, isOpen: part.state === "streaming" }];
    const whole = part.state === "input-available";
    const input = whole ? toJsonText(part.input) : (draft.toolInputs.get(part.toolCallId) ?? "");
    return [{ type: "tool", name: part.toolName, input }];
  });
}

const StoredTextPart = z.object({ type: z.enum(["text", "reasoning"]), text: z.string() });
const StoredToolPart = z.object({
  type: z.literal("dynamic-tool"),
  toolName: z.string(),
  input: z.unknown(),
});

/** The parts of a stored message; kinds the pages cannot draw (steps, files of the future) are passed over. */
export function toStoredParts(message: StoredMessage): ViewPart[] {
  return message.parts.flatMap((part): ViewPart[] => {
    const text = StoredTextPart.safeParse(part);
    if (text.success) return [{ type: text.data.type, text: text.data.text, isOpen: false }];
    const tool = StoredToolPart.safeParse(part);
    return tool.success
      ? [{ type: "tool", name: tool.data.toolName, input: toJsonText(tool.data.input) }]
      : [];
  });
}

/** What a person would copy or quote of a message: its text without reasoning and tools. */
export function toPlainText(parts: readonly ViewPart[]): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n\n")
    .trim();
}
