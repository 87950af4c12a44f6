/** An answer of a chat together with what was asked for it, for a program that comes back for it. Rule HT193. */
import type { CallSettings } from "../../protocol/call-settings.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import type { SessionStore } from "../store/session-store.ts";

export interface AskedAnswer {
  /** Null while it is being written, or waits. */
  readonly message: StoredMessage | null;
  readonly requested: readonly string[];
  readonly settings: CallSettings | null;
  /** The answer that its question follows; null for the first one of a chat. */
  readonly previousId: string | null;
  readonly createdAtMs: number;
}

/** Null for an id that is no answer of this chat. */
export function readAskedAnswer(store: SessionStore, messageId: string): AskedAnswer | null {
  const turn = store.readSession() === null ? null : store.findTurnByAnswer(messageId);
  if (turn === null) return null;
  const isOpen = turn.status === "queued" || turn.status === "running";
  const message = isOpen ? null : store.messages.find(messageId);
  if (message === null && !isOpen) return null;
  return {
    message,
    requested: turn.requested,
    settings: store.readCallSettings(turn.position),
    previousId: store.messages.find(turn.parentId)?.parentId ?? null,
    createdAtMs: turn.createdAtMs,
  };
}
