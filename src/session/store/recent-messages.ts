/**
 * The messages of a chat that were stored or read last, in memory while its object is awake: a turn does not read from
 * disk what the one before it had. A stored message never changes, so nothing here can be out of date. Rule SE99.
 */
import type { StoredMessage } from "../../protocol/session-frame.ts";

/** More than the default context budget and the first page of a tab; many chats share an isolate's 128 MB. */
const MAX_CHARACTERS = 256 * 1_024;
/** Receipts and ids have a size of their own. */
const MAX_MESSAGES = 200;

interface Entry {
  readonly message: StoredMessage;
  readonly characters: number;
}

export class RecentMessages {
  /** The one that was used last is the last one. */
  private readonly entries = new Map<string, Entry>();
  private characters = 0;

  find(messageId: string): StoredMessage | null {
    return this.entries.get(messageId)?.message ?? null;
  }

  /** Of the stored JSON of its parts; only of a message that is here. */
  countCharacters(messageId: string): number {
    return this.entries.get(messageId)?.characters ?? 0;
  }

  /** Takes messages as they are stored, the most wanted last. */
  remember(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      const entry = this.entries.get(message.id) ?? {
        message,
        characters: JSON.stringify(message.parts).length,
      };
      this.drop(message.id);
      this.entries.set(message.id, entry);
      this.characters += entry.characters;
    }
    for (const id of this.entries.keys()) {
      if (this.characters <= MAX_CHARACTERS && this.entries.size <= MAX_MESSAGES) return;
      this.drop(id);
    }
  }

  forget(): void {
    this.entries.clear();
    this.characters = 0;
  }

  private drop(messageId: string): void {
    this.characters -= this.countCharacters(messageId);
    this.entries.delete(messageId);
  }
}
