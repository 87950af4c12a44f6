/**
 * What this tab wants sent and the server has not confirmed: questions, edited questions, wishes for another answer,
 * in order. Pure; where they are kept across a reload is outbox.ts. Rules WB8 to WB12, WB54 to WB58.
 */
import { z } from "zod";
import type {
  AbortFrame,
  ActiveTurn,
  ClientMessage,
  SendFrame,
  StoredMessage,
} from "../../src/protocol/session-frame.ts";
import { toPlainText, toStoredParts } from "./answer-part.ts";

/** A file that was attached to the chat, as a message refers to it. */
export const PendingFile = z.object({
  mediaType: z.string(),
  filename: z.string(),
  url: z.string(),
});
export type PendingFile = Readonly<z.infer<typeof PendingFile>>;

/** PERSISTED in the tab's session storage. */
export const PendingSend = z.object({
  trigger: z.enum(["submit-message", "regenerate-message"]),
  requestId: z.string(),
  /** The question's own id, or the id of the answer to give anew. */
  messageId: z.string(),
  /** Empty for another answer. */
  text: z.string(),
  files: z.array(PendingFile).default([]),
  model: z.string(),
  sent: z.boolean(),
  /** Why the server would not take it, for the reader; it stays until it is taken back or sent once more. */
  refusal: z.string().nullable().default(null),
  /** Taken back when nobody could say whether it had arrived: the next hello tells. */
  takenBack: z.boolean().default(false),
  /** For an edited question: the one it stands beside, and what was beside that one already. */
  edits: z
    .object({ messageId: z.string(), parentId: z.string().nullable(), besideIds: z.array(z.string()) })
    .nullable()
    .default(null),
});
export type PendingSend = Readonly<z.infer<typeof PendingSend>>;

function toParts({ text, files }: Pick<PendingSend, "text" | "files">): ClientMessage["parts"] {
  const fileParts = files.map((file) => ({ type: "file", ...file }));
  return text === "" ? fileParts : [{ type: "text", text }, ...fileParts];
}

/** The frame that asks for it. */
export function toSendFrame(sessionId: string, pending: PendingSend): SendFrame {
  const isQuestion = pending.trigger === "submit-message";
  const replacedId = isQuestion ? pending.edits?.messageId : pending.messageId;
  return {
    type: "send",
    requestId: pending.requestId,
    id: sessionId,
    trigger: pending.trigger,
    ...(replacedId === undefined ? {} : { messageId: replacedId }),
    messages: isQuestion ? [{ id: pending.messageId, role: "user", parts: toParts(pending) }] : [],
    headers: {},
    body: { model: pending.model },
  };
}

/**
 * Takes a stored question back that waits for its turn. Only who follows a turn may abort it, and on a new socket
 * nobody does: the same question again makes this one follow, then the abort means it.
 */
export function toTakeBackFrames(
  sessionId: string,
  requestId: string,
  question: StoredMessage,
): readonly [SendFrame, AbortFrame] {
  const text = toPlainText(toStoredParts(question));
  const again: SendFrame = {
    type: "send",
    requestId,
    id: sessionId,
    trigger: "submit-message",
    messages: [{ id: question.id, role: "user", parts: [{ type: "text", text }] }],
    headers: {},
    body: {},
  };
  return [again, { type: "abort", requestId }];
}

/** Whether that stored message is what was asked. An edited question is stored under an id of the server's. */
export function isStoredAs(pending: PendingSend, message: StoredMessage): boolean {
  if (pending.trigger !== "submit-message") return false;
  if (message.id === pending.messageId) return true;
  const { edits } = pending;
  if (edits === null || message.role !== "user" || message.parentId !== edits.parentId) return false;
  if (edits.besideIds.includes(message.id)) return false;
  return toPlainText(toStoredParts(message)) === pending.text.trim();
}

/**
 * What is still pending after a hello. A question that is not in the chat goes again under its own id, which the
 * server takes once. A wish for another answer has no such id: once sent it is not repeated.
 */
export function keepPending(
  outbox: readonly PendingSend[],
  messages: readonly StoredMessage[],
  activeTurn: ActiveTurn | null,
): readonly PendingSend[] {
  return outbox.flatMap((pending): PendingSend[] => {
    if (pending.takenBack || pending.requestId === activeTurn?.requestId) return [];
    if (pending.trigger === "regenerate-message") return pending.sent ? [] : [pending];
    if (messages.some((message) => isStoredAs(pending, message))) return [];
    return [pending.sent ? { ...pending, sent: false } : pending];
  });
}
