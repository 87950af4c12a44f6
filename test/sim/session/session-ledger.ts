/**
 * What the clients of one simulated chat wanted, and what they were told became of it: their side of the books, which
 * the rows have to agree with.
 */
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";

export interface Asked {
  readonly requestId: string;
  readonly client: string;
  readonly kind: "ask" | "edit" | "again";
  /** The id that the client gave to its question; null where it gave none. */
  readonly messageId: string | null;
  /** Nobody else ever says the same; null for a wish for another answer. */
  readonly text: string | null;
  state: "sent" | "accepted" | "refused";
}

export class SessionLedger {
  readonly asked: Asked[] = [];
  /** Every stored message that anybody was told of, by id. */
  readonly told = new Map<string, StoredMessage>();
  /** Turns that somebody stopped while they ran. */
  readonly stopped = new Set<string>();
  /** In which life of the object each turn ended. */
  readonly endedIn = new Map<string, number>();
  /** Calls that somebody allowed. */
  readonly allowed = new Set<string>();
  rewinds = 0;
  frames = 0;
  reconnects = 0;
  private questions = 0;
  private ids = 0;

  newId(prefix: string): string {
    this.ids += 1;
    return `${prefix}-${this.ids}`;
  }

  newQuestionNumber(): number {
    this.questions += 1;
    return this.questions;
  }

  note(asked: Omit<Asked, "state">): Asked {
    const entry: Asked = { ...asked, state: "sent" };
    this.asked.push(entry);
    return entry;
  }

  noteTold(messages: readonly StoredMessage[]): void {
    for (const message of messages) this.told.set(message.id, message);
  }
}
