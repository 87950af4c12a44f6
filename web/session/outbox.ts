/**
 * Keeps the question that is on its way in the tab's session storage, so that a reload or the step from the first
 * page to the new chat does not lose it. Sending it twice does no harm: its id is the same. One entry a chat.
 */
import { PendingSend } from "./pending-send.ts";

const PREFIX = "breakwater.outbox.";

/** The pending question of a chat, or null. What cannot be read is dropped. */
export function readOutbox(storage: Storage, sessionId: string): PendingSend | null {
  try {
    const text = storage.getItem(PREFIX + sessionId);
    return text === null ? null : PendingSend.parse(JSON.parse(text));
  } catch {
    // Storage may be forbidden or hold the shape of an older version: then there is nothing to send.
    return null;
  }
}

/** Keeps the pending question of a chat; null removes it. */
export function saveOutbox(storage: Storage, sessionId: string, pending: PendingSend | null): void {
  try {
    if (pending === null || pending.trigger !== "submit-message") storage.removeItem(PREFIX + sessionId);
    else storage.setItem(PREFIX + sessionId, JSON.stringify(pending));
  } catch {
    // A full or forbidden storage only means that a reload at this very moment would lose the question.
  }
}
