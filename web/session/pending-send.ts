/**
 * What this tab wants sent and the server has not confirmed: a question, or a wish for another answer. Pure; where
 * it is kept across a reload is outbox.ts.
 */
import { z } from "zod";
import type { SendFrame, StoredMessage } from "../../src/protocol/session-frame.ts";

/** PERSISTED in the tab's session storage. */
export const PendingSend = z.object({
  trigger: z.enum(["submit-message", "regenerate-message"]),
  requestId: z.string(),
  /** The question's own id, or the id of the answer to give anew. */
  messageId: z.string(),
  /** Empty for another answer. */
  text: z.string(),
  model: z.string(),
  sent: z.boolean(),
});
export type PendingSend = Readonly<z.infer<typeof PendingSend>>;

/** The frame that asks for it. */
export function toSendFrame(sessionId: string, pending: PendingSend): SendFrame {
  const isQuestion = pending.trigger === "submit-message";
  return {
    type: "send",
    requestId: pending.requestId,
    id: sessionId,
    trigger: pending.trigger,
    ...(isQuestion ? {} : { messageId: pending.messageId }),
    messages: isQuestion
      ? [{ id: pending.messageId, role: "user", parts: [{ type: "text", text: pending.text }] }]
      : [],
    headers: {},
    body: { model: pending.model },
  };
}

/**
 * What is still pending after a hello. A question that is not in the chat goes again under its own id, which the
 * server takes once. A wish for another answer has no such id: once sent it is not repeated.
 */
export function keepPending(
  pending: PendingSend | null,
  messages: readonly StoredMessage[],
): PendingSend | null {
  if (pending === null) return null;
  if (pending.trigger === "regenerate-message") return pending.sent ? null : pending;
  return messages.some((message) => message.id === pending.messageId) ? null : { ...pending, sent: false };
}
