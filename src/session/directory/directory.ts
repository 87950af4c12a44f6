/**
 * The list of chats: who owns which, and what they are called. What was said is not in here but in each chat's own
 * object. Every question names its owner, so an id that belongs to somebody else is the same as one that does not
 * exist.
 */
import type { SessionId } from "../../base/id.ts";
import type { Result } from "../../base/result.ts";

export interface SessionOwner {
  readonly userId: string;
  readonly organizationId: string;
}

export interface DirectoryEntry {
  readonly id: SessionId;
  readonly title: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface DirectoryPage {
  readonly entries: readonly DirectoryEntry[];
  readonly nextCursor: string | null;
}

export interface SessionDirectory {
  create(
    entry: SessionOwner & { id: SessionId; title: string; createdAtMs: number },
  ): Promise<DirectoryEntry>;
  /** Newest first. `query` searches titles, upper and lower case alike; `limit` is at most 100. */
  list(
    owner: SessionOwner,
    page: { limit: number; cursor?: string | undefined; query?: string | undefined },
  ): Promise<Result<DirectoryPage, "invalid-cursor">>;
  read(owner: SessionOwner, id: SessionId): Promise<DirectoryEntry | null>;
  /** The chat that the owner's client knows by a name of its own making. */
  findByClientChatId(owner: SessionOwner, clientChatId: string): Promise<DirectoryEntry | null>;
  /** As `create`, under a name of the client's making; null when the owner has a chat of that name already. */
  createForClient(
    entry: SessionOwner & { id: SessionId; title: string; createdAtMs: number; clientChatId: string },
  ): Promise<DirectoryEntry | null>;
  /** How many chats the owner has made since then; counts to `limit` and no further. */
  countMadeSince(owner: SessionOwner, sinceMs: number, limit: number): Promise<number>;
  /** Null when the owner has no such chat. */
  rename(owner: SessionOwner, id: SessionId, title: string): Promise<DirectoryEntry | null>;
  /**
   * Names a chat that nobody has named yet, or that still has the name that is to be replaced; changes nothing
   * otherwise. `id` comes from our own records.
   */
  nameUntitled(id: string, title: string, replacedTitle?: string | null): Promise<void>;
  /** False when the owner has no such chat, or had deleted it before. */
  markDeleted(owner: SessionOwner, id: SessionId, atMs: number): Promise<boolean>;
  /** Whether somebody has a chat by this id: for a ticket, whose owner only the object knows. */
  exists(id: SessionId): Promise<boolean>;
}
