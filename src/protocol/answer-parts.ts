/**
 * Puts a message's parts together from the chunks of its answer. One reducer for the object that stores the
 * message and the page that shows it, so both always hold the same text (rule SE3).
 */
import type { AnswerChunk } from "./session-frame.ts";

export type AnswerPart =
  | { type: "step-start" }
  | { type: "text"; text: string; state: "streaming" | "done" }
  | { type: "reasoning"; text: string; state: "streaming" | "done" }
  | {
      type: "dynamic-tool";
      toolCallId: string;
      toolName: string;
      state: "input-streaming" | "input-available";
      input: unknown;
    };

/** The parts so far, and where the open blocks stand in them. */
export interface AnswerDraft {
  readonly parts: AnswerPart[];
  readonly openBlocks: Map<string, number>;
  /** The text of tool arguments that are still arriving, by call. */
  readonly toolInputs: Map<string, string>;
}

export function startAnswerDraft(): AnswerDraft {
  return { parts: [], openBlocks: new Map(), toolInputs: new Map() };
}

function openBlock(draft: AnswerDraft, id: string, part: AnswerPart): void {
  draft.openBlocks.set(id, draft.parts.length);
  draft.parts.push(part);
}

function appendText(draft: AnswerDraft, id: string, delta: string): void {
  const index = draft.openBlocks.get(id);
  const part = index === undefined ? undefined : draft.parts[index];
  if (index === undefined || part === undefined || !("text" in part)) return;
  draft.parts[index] = { ...part, text: part.text + delta };
}

function closeBlock(draft: AnswerDraft, id: string): void {
  const index = draft.openBlocks.get(id);
  const part = index === undefined ? undefined : draft.parts[index];
  if (index === undefined || part === undefined || !("text" in part)) return;
  draft.parts[index] = { ...part, state: "done" };
  draft.openBlocks.delete(id);
}

/** Takes one chunk into the draft. Chunks that carry no part (start, finish, metadata, terminal ones) change nothing. */
export function applyAnswerChunk(draft: AnswerDraft, chunk: AnswerChunk): void {
  switch (chunk.type) {
    case "start-step":
      draft.parts.push({ type: "step-start" });
      return;
    case "text-start":
      openBlock(draft, chunk.id, { type: "text", text: "", state: "streaming" });
      return;
    case "reasoning-start":
      openBlock(draft, chunk.id, { type: "reasoning", text: "", state: "streaming" });
      return;
    case "text-delta":
    case "reasoning-delta":
      appendText(draft, chunk.id, chunk.delta);
      return;
    case "text-end":
    case "reasoning-end":
      closeBlock(draft, chunk.id);
      return;
    case "tool-input-start":
      draft.toolInputs.set(chunk.toolCallId, "");
      openBlock(draft, chunk.toolCallId, {
        type: "dynamic-tool",
        toolCallId: chunk.toolCallId,
        toolName: chunk.toolName,
        state: "input-streaming",
        input: undefined,
      });
      return;
    case "tool-input-delta":
      draft.toolInputs.set(
        chunk.toolCallId,
        (draft.toolInputs.get(chunk.toolCallId) ?? "") + chunk.inputTextDelta,
      );
      return;
    case "tool-input-available": {
      const part: AnswerPart = {
        type: "dynamic-tool",
        toolCallId: chunk.toolCallId,
        toolName: chunk.toolName,
        state: "input-available",
        input: chunk.input,
      };
      const index = draft.openBlocks.get(chunk.toolCallId);
      if (index === undefined) draft.parts.push(part);
      else draft.parts[index] = part;
      draft.openBlocks.delete(chunk.toolCallId);
      return;
    }
    default:
      return;
  }
}

/**
 * The parts to keep when the answer is over: no block is left open, and a tool call whose arguments never became
 * whole is dropped, since it must not look like something that was asked for.
 */
export function closeAnswerDraft(draft: AnswerDraft): AnswerPart[] {
  return draft.parts
    .filter((part) => part.type !== "dynamic-tool" || part.state === "input-available")
    .map((part) => ("text" in part ? { ...part, state: "done" as const } : part));
}
