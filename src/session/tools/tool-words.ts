/**
 * A person's words on tool calls as AI SDK's own clients bring them: with the next request, in their copy of the answer
 * that waits, whose calls have become `approval-responded`. Such a client's request ends where a word is waited for, and
 * this one goes on behind what it was shown. Pure. Rules SE96, SE97.
 */
import { z } from "zod";
import { AnswerChunk } from "../../protocol/answer-chunk.ts";
import { toOpenCalls, toStepParts, type AnswerPart } from "../../protocol/answer-parts.ts";
import type { ClientMessage, SendFrame } from "../../protocol/session-frame.ts";
import { MAX_TOOL_CALL_ID_CHARACTERS } from "../../protocol/tool-call-id.ts";

export interface ToolWords {
  /** The answer whose calls they are about. */
  readonly messageId: string;
  /** By the id of the approval: yes or no. At least one. */
  readonly words: ReadonlyMap<string, boolean>;
  /** What the client has of the step: approvals that were asked for, and calls with an output. */
  readonly approvalIds: ReadonlySet<string>;
  readonly outputIds: ReadonlySet<string>;
}

/** A tool call in a client's copy of an answer; its tool may be known to it by name (`tool-search`) or not. */
const CopiedCall = z.object({
  type: z.string().regex(/^(?:dynamic-tool$|tool-)/),
  toolCallId: z.string().max(MAX_TOOL_CALL_ID_CHARACTERS),
  state: z.string().max(40),
  approval: z.object({ id: z.string().max(200), approved: z.boolean().optional() }).optional(),
});

/** Null where the newest message, or the one that is named, is no answer whose last step has been given a word. */
export function readToolWords(
  frame: Pick<SendFrame, "trigger" | "messageId" | "messages">,
): ToolWords | null {
  if (frame.trigger !== "submit-message") return null;
  const named = frame.messages.find(({ id }) => id === frame.messageId);
  const message = named ?? frame.messages.at(-1);
  if (message?.role !== "assistant") return null;
  const calls = readLastCalls(message);
  const words = new Map<string, boolean>();
  for (const { state, approval } of calls) {
    if (state === "approval-responded" && approval?.approved !== undefined) {
      words.set(approval.id, approval.approved);
    }
  }
  if (words.size === 0) return null;
  return {
    messageId: message.id,
    words,
    approvalIds: new Set(calls.flatMap(({ approval }) => approval?.id ?? [])),
    outputIds: new Set(
      calls.flatMap(({ state, toolCallId }) => (state.startsWith("output-") ? [toolCallId] : [])),
    ),
  };
}

/** Of a client's copy of an answer what words on its calls are read from, and nothing of what it says. */
export function toWordsAlone(message: ClientMessage): ClientMessage {
  const parts = readLastCalls(message).map(({ toolCallId, state, approval }) => ({
    type: "dynamic-tool",
    toolCallId,
    state,
    ...(approval === undefined ? {} : { approval }),
  }));
  return { id: message.id, role: message.role, parts };
}

function readLastCalls({ parts }: ClientMessage): z.infer<typeof CopiedCall>[] {
  const lastStep = parts.slice(parts.findLastIndex(({ type }) => type === "step-start") + 1);
  return lastStep.flatMap((part) => {
    const call = CopiedCall.safeParse(part);
    return call.success ? [call.data] : [];
  });
}

interface ReadableLog {
  readonly nextSequence: number;
  /** The chunk as JSON text. */
  readonly read: (sequence: number) => string;
}

/**
 * Where the client's copy ends in the answer's log: behind the last request for a word that it has, and behind the
 * outputs that it has of the same step. Null when no such request is there.
 */
export function findPlaceBehind(log: ReadableLog, { approvalIds, outputIds }: ToolWords): number | null {
  let place = log.nextSequence;
  while (!isOneOf(readToolChunk(log, place - 1), approvalIds)) {
    place -= 1;
    if (place <= 0) return null;
  }
  // Calls of other steps may have the same ids.
  for (let sequence = place; sequence < log.nextSequence; sequence += 1) {
    const chunk = readToolChunk(log, sequence);
    if (chunk === null) break;
    if (isOneOf(chunk, outputIds)) place = sequence + 1;
  }
  return place;
}

/** Null for a chunk that is not about a tool call, and where there is none. */
function readToolChunk(log: ReadableLog, sequence: number): AnswerChunk | null {
  const text = sequence < 0 ? "" : log.read(sequence);
  return text.startsWith('{"type":"tool-') ? AnswerChunk.parse(JSON.parse(text)) : null;
}

/** The request of one of these approvals, or the output of one of these calls. */
function isOneOf(chunk: AnswerChunk | null, ids: ReadonlySet<string>): boolean {
  switch (chunk?.type) {
    case "tool-approval-request":
      return ids.has(chunk.approvalId);
    case "tool-output-available":
    case "tool-output-error":
    case "tool-output-denied":
      return ids.has(chunk.toolCallId);
    default:
      return false;
  }
}

interface RunningAnswer {
  readonly draft: { readonly parts: readonly AnswerPart[] };
  /** Approvals that have been given their word. */
  readonly givenWords: ReadonlySet<string>;
}

/** The approvals of a running answer that wait for a word which nobody has given. */
export function listQuestions({ draft, givenWords }: RunningAnswer): string[] {
  return toOpenCalls(toStepParts(draft.parts)).flatMap(({ state, approval }) =>
    state === "approval-requested" && approval !== undefined && !givenWords.has(approval.id)
      ? [approval.id]
      : [],
  );
}

/** Nothing of the running step is under way: each of its calls has an output or waits for a word that nobody has given. */
export function waitsForWords(running: RunningAnswer): boolean {
  const open = toOpenCalls(toStepParts(running.draft.parts));
  return open.length > 0 && open.length === listQuestions(running).length;
}
