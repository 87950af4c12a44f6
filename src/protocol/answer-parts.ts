/**
 * Puts a message's parts together from the chunks of its answer. One reducer for the object that stores the
 * message and the page that shows it, so both always hold the same text (rule SE3).
 */
import { z } from "zod";
import type { AnswerChunk } from "./answer-chunk.ts";
import type { StoredMessage } from "./session-frame.ts";

export type AnswerPart =
  | { type: "step-start" }
  | { type: "text"; text: string; state: "streaming" | "done" }
  | { type: "reasoning"; text: string; state: "streaming" | "done" }
  | ToolPart;

/** A tool call and what became of it, in AI SDK's shape. */
export type ToolPart = {
  type: "dynamic-tool";
  toolCallId: string;
  toolName: string;
  state:
    | "input-streaming"
    | "input-available"
    | "approval-requested"
    | "approval-responded"
    | "output-available"
    | "output-error"
    | "output-denied";
  input: unknown;
  approval?: { id: string; approved?: boolean };
  output?: unknown;
  errorText?: string;
};

/** What the error of a call begins with that a stop of the answer ended: nothing failed. */
export const CALL_STOPPED = "The answer was stopped before the tool was done.";

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
    case "reset-step":
      resetStep(draft);
      return;
    default:
      applyToolResult(draft, chunk);
  }
}

/** The step begins again: what it gave so far is taken back. */
function resetStep(draft: AnswerDraft): void {
  const start = draft.parts.findLastIndex((part) => part.type === "step-start");
  draft.parts.splice(start + 1);
  draft.openBlocks.clear();
  draft.toolInputs.clear();
}

function applyToolResult(draft: AnswerDraft, chunk: AnswerChunk): void {
  switch (chunk.type) {
    case "tool-approval-request":
      changeTool(draft, (part) => part.toolCallId === chunk.toolCallId, {
        state: "approval-requested",
        approval: { id: chunk.approvalId },
      });
      return;
    case "tool-approval-response":
      changeTool(draft, (part) => part.approval?.id === chunk.approvalId, {
        state: "approval-responded",
        approval: { id: chunk.approvalId, approved: chunk.approved },
      });
      return;
    case "tool-output-available":
      changeTool(draft, (part) => part.toolCallId === chunk.toolCallId, {
        state: "output-available",
        output: chunk.output,
      });
      return;
    case "tool-output-error":
      changeTool(draft, (part) => part.toolCallId === chunk.toolCallId, {
        state: "output-error",
        errorText: chunk.errorText,
      });
      return;
    case "tool-output-denied":
      changeTool(draft, (part) => part.toolCallId === chunk.toolCallId, { state: "output-denied" });
      return;
    default:
      return;
  }
}

function changeTool(
  draft: AnswerDraft,
  isMeant: (part: ToolPart) => boolean,
  change: Partial<ToolPart>,
): void {
  // Of calls under one id, which some models make, the last one that has no result yet.
  const open = draft.parts.findLastIndex((each) => isOpenCall(each) && isMeant(each));
  const index = open === -1 ? draft.parts.findLastIndex((each) => isCall(each) && isMeant(each)) : open;
  const part = draft.parts[index];
  if (part?.type === "dynamic-tool") draft.parts[index] = { ...part, ...change };
}

/** The parts of the step that runs: everything behind the last `step-start`. */
export function toStepParts(parts: readonly AnswerPart[]): readonly AnswerPart[] {
  return parts.slice(parts.findLastIndex((part) => part.type === "step-start") + 1);
}

/**
 * The parts to keep when the answer is over: no block is left open, and a tool call whose arguments never became
 * whole is dropped, since it must not look like something that was asked for.
 */
export function closeAnswerDraft(draft: AnswerDraft): AnswerPart[] {
  return draft.parts
    .filter((part) => part.type !== "dynamic-tool" || part.state !== "input-streaming")
    .map((part) => ("text" in part ? { ...part, state: "done" as const } : part));
}

/** Calls of a step that have no result yet. */
export function toOpenCalls(parts: readonly AnswerPart[]): ToolPart[] {
  return parts.filter(isOpenCall);
}

const OPEN_STATES: ReadonlySet<ToolPart["state"]> = new Set([
  "input-available",
  "approval-requested",
  "approval-responded",
]);

const isCall = (part: AnswerPart): part is ToolPart => part.type === "dynamic-tool";
const isOpenCall = (part: AnswerPart): part is ToolPart => isCall(part) && OPEN_STATES.has(part.state);

const StoredAnswerPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("step-start") }),
  z.object({ type: z.enum(["text", "reasoning"]), text: z.string(), state: z.literal("done").catch("done") }),
  z.object({
    type: z.literal("dynamic-tool"),
    toolCallId: z.string(),
    toolName: z.string(),
    state: z.enum([
      "input-available",
      "approval-requested",
      "approval-responded",
      "output-available",
      "output-error",
      "output-denied",
    ]),
    input: z.unknown(),
    output: z.unknown().optional(),
    errorText: z.string().optional(),
  }),
]);

/** The parts of a stored answer; kinds that an answer of ours does not have are left out. */
export function readAnswerParts({ parts }: Pick<StoredMessage, "parts">): AnswerPart[] {
  return parts.flatMap((part): AnswerPart[] => {
    const parsed = StoredAnswerPart.safeParse(part);
    if (!parsed.success) return [];
    const { data } = parsed;
    if (data.type !== "dynamic-tool") return [data];
    const { errorText, ...tool } = data;
    return [errorText === undefined ? tool : { ...tool, errorText }];
  });
}
