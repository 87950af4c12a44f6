/**
 * An answer as the pages draw it: put together from chunks while it streams, by the same reducer that stores it
 * (src/protocol/answer-parts.ts), or read from a stored message once it has ended. Pure.
 */
import { z } from "zod";
import type { Receipt } from "../../src/protocol/answer.ts";
import { applyAnswerChunk, CALL_STOPPED, startAnswerDraft } from "../../src/protocol/answer-parts.ts";
import type { AnswerDraft, ToolPart } from "../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../src/protocol/answer-chunk.ts";
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { leavesCalls, ToolOutputPart } from "../../src/protocol/tool-output.ts";

/** A call of a tool: what was asked, and what became of it. Texts are for reading: JSON with line breaks. */
export interface ViewTool {
  readonly type: "tool";
  readonly callId: string;
  readonly name: string;
  readonly input: string;
  /**
   * `left-to-caller`: the answer ended with it, and whoever asked has to make the call. `stopped`: with the answer,
   * and `stopped-unasked` before anybody had said that it may be made.
   */
  readonly state: ToolPart["state"] | "left-to-caller" | "stopped" | "stopped-unasked";
  /** Empty until there is one. */
  readonly output: string;
  readonly errorText: string;
  /** What to name when saying yes or no; empty when nobody is asked. */
  readonly approvalId: string;
}

export interface ViewFile {
  readonly type: "file";
  readonly mediaType: string;
  readonly filename: string;
  readonly url: string;
}

/** What a call gave that an answer had left to its caller: a part of the question behind it. */
export interface ViewOutput {
  readonly type: "output";
  readonly name: string;
  readonly text: string;
}

/** `isOpen` says that more may come. */
export type ViewPart =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly isOpen: boolean }
  | ViewTool
  | ViewOutput
  | ViewFile;

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

/** A text as it is, anything else as JSON. */
function toReadable(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Only what both a draft and a stored message have: a stored part may come from another version. */
const ToolFields = z.object({
  type: z.literal("dynamic-tool"),
  toolCallId: z.string().default(""),
  toolName: z.string(),
  state: z
    .enum([
      "input-streaming",
      "input-available",
      "approval-requested",
      "approval-responded",
      "output-available",
      "output-error",
      "output-denied",
    ])
    .catch("input-available"),
  input: z.unknown().optional(),
  approval: z.object({ id: z.string(), approved: z.boolean().optional() }).optional(),
  output: z.unknown().optional(),
  errorText: z.string().default(""),
});

/** Nothing tells a stop from a failure on the wire but its words. Rule WB135. */
function toViewState({ state, approval, errorText }: z.infer<typeof ToolFields>): ViewTool["state"] {
  if (state !== "output-error" || !errorText.startsWith(CALL_STOPPED)) return state;
  return approval !== undefined && approval.approved === undefined ? "stopped-unasked" : "stopped";
}

function toViewTool(part: z.infer<typeof ToolFields>, inputSoFar: string | undefined): ViewTool {
  const { toolCallId, toolName, state, input, approval, output, errorText } = part;
  return {
    type: "tool",
    callId: toolCallId,
    name: toolName,
    input: state === "input-streaming" ? (inputSoFar ?? "") : toReadable(input),
    state: toViewState(part),
    output: toReadable(output),
    errorText,
    approvalId: approval?.id ?? "",
  };
}

/** The parts of a streaming answer; steps have nothing to show. */
export function toStreamedParts({ draft }: StreamedAnswer): ViewPart[] {
  return draft.parts.flatMap((part): ViewPart[] => {
    if (part.type === "step-start") return [];
    if (part.type === "dynamic-tool") {
      const { errorText = "" } = part;
      return [toViewTool({ ...part, errorText }, draft.toolInputs.get(part.toolCallId))];
    }
    return [{ type: part.type, text: part.text, isOpen: part.state === "streaming" }];
  });
}

const StoredTextPart = z.object({ type: z.enum(["text", "reasoning"]), text: z.string() });
const StoredFilePart = z.object({
  type: z.literal("file"),
  mediaType: z.string(),
  filename: z.string().default("file"),
  url: z.string(),
});

/** The parts of a stored message; kinds the pages cannot draw (steps, those of the future) are passed over. */
export function toStoredParts(message: Pick<StoredMessage, "parts"> & Partial<StoredMessage>): ViewPart[] {
  const isLeaving = leavesCalls(message);
  return message.parts.flatMap((part): ViewPart[] => {
    const text = StoredTextPart.safeParse(part);
    if (text.success) return [{ type: text.data.type, text: text.data.text, isOpen: false }];
    const file = StoredFilePart.safeParse(part);
    if (file.success) return [file.data];
    const output = ToolOutputPart.safeParse(part);
    if (output.success) return [toViewOutput(output.data)];
    const tool = ToolFields.safeParse(part);
    if (!tool.success) return [];
    const view = toViewTool(tool.data, undefined);
    return [isLeaving && view.state === "input-available" ? { ...view, state: "left-to-caller" } : view];
  });
}

/** What a person would copy or quote of a message: its text without reasoning and tools. */
export function toPlainText(parts: readonly ViewPart[]): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n\n")
    .trim();
}

function toViewOutput({ data }: ToolOutputPart): ViewOutput {
  return { type: "output", name: data.toolName, text: data.output };
}

/** What tools of the asking program gave. */
export function toOutputs(parts: readonly ViewPart[]): ViewOutput[] {
  return parts.filter((part) => part.type === "output");
}

/** Pictures and texts that came with a question. */
export function toFiles(parts: readonly ViewPart[]): ViewFile[] {
  return parts.filter((part) => part.type === "file");
}
