/**
 * Keeps the questions that are on their way in the tab's session storage, so that a reload or the step from the first
 * page to the new chat does not lose them. Sending one twice does no harm: its id is the same. One list a chat.
 */
import { z } from "zod";
import { PendingSend } from "./pending-send.ts";

export const OUTBOX_PREFIX = "breakwater.outbox.";

/** A version before this one kept a single question. */
const Stored = z.union([z.array(PendingSend), PendingSend.transform((one) => [one])]);

/** The pending questions of a chat, in order. What cannot be read is dropped. */
export function readOutbox(storage: Storage, sessionId: string): readonly PendingSend[] {
  try {
    const text = storage.getItem(OUTBOX_PREFIX + sessionId);
    return text === null ? [] : Stored.parse(JSON.parse(text));
  } catch {
    // Storage may be forbidden or hold the shape of an older version: then there is nothing to send.
    return [];
  }
}

/** Keeps the pending questions of a chat in place of those that were kept. */
export function saveOutbox(storage: Storage, sessionId: string, outbox: readonly PendingSend[]): void {
  const questions = outbox.filter(({ trigger }) => trigger === "submit-message");
  try {
    if (questions.length === 0) storage.removeItem(OUTBOX_PREFIX + sessionId);
    else storage.setItem(OUTBOX_PREFIX + sessionId, JSON.stringify(questions));
  } catch {
    // A full or forbidden storage only means that a reload at this very moment would lose the question.
  }
}
