/**
 * Paths through a chat's tree of messages, read from a leaf upwards: out of memory as far as it goes, from disk above
 * that. Reading a path costs what is read of it, however long the chat is. Rules SE70, SE74, SE99.
 */
import { eq, sql } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import * as tables from "../../../schema/chat-session.ts";
import type { PathPage, StoredMessage } from "../../protocol/session-frame.ts";
import type { PathLimits, TurnRow } from "../rows.ts";
import { toStoredMessage } from "./message-row.ts";
import type { RecentMessages } from "./recent-messages.ts";

/** A row as a recursive query gives it, which Drizzle cannot map itself. */
const RawRow = z.object({
  position: z.number(),
  message_id: z.string(),
  parent_id: z.string().nullable(),
  role: z.enum(["user", "assistant"]),
  parts: z.string().transform((text): unknown => JSON.parse(text)),
  metadata: z
    .string()
    .nullable()
    .transform((text): unknown => (text === null ? null : JSON.parse(text))),
  created_at_ms: z.number(),
});

/** Where a message is in the tree. */
const MessagePlace = z.object({ id: z.string(), parentId: z.string().nullable() });
type MessagePlace = z.infer<typeof MessagePlace>;

/** How far up a path was climbed. */
interface Climb {
  readonly at: string | null;
  /** So many ids were read. */
  readonly climbed: number;
}

/** Answers that are being written, or are still to be: a path of stored messages ends below one, and goes on above it. */
class OpenAnswers {
  private readonly questionIds: Map<string, string>;

  constructor(turns: readonly TurnRow[]) {
    this.questionIds = new Map(turns.map(({ messageId, parentId }) => [messageId, parentId]));
  }

  /** The message to read from: the question of an open answer, which is passed once, or that message itself. */
  pass(messageId: string): string {
    const questionId = this.questionIds.get(messageId);
    this.questionIds.delete(messageId);
    return questionId ?? messageId;
  }

  /** The open answer with that id; null where none is, and the path has ended. */
  findAt(messageId: string | null): string | null {
    return messageId !== null && this.questionIds.has(messageId) ? messageId : null;
  }
}

export class MessagePaths {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly recent: RecentMessages;

  constructor(db: DrizzleSqliteDODatabase, recent: RecentMessages) {
    this.db = db;
    this.recent = recent;
  }

  /**
   * The path down to `leafMessageId`, oldest first, as far up as the limits allow. Answers that are still open are no
   * messages yet: `openTurns` says which question each of them belongs to, so that the path goes on above them.
   */
  read(
    leafMessageId: string | null,
    openTurns: readonly TurnRow[],
    limits: PathLimits,
  ): Pick<PathPage, "messages" | "hasOlder"> {
    const open = new OpenAnswers(openTurns);
    const messages: StoredMessage[] = [];
    let id = leafMessageId;
    while (id !== null && messages.length < limits.maxMessages) {
      const piece = this.readUpwards(open.pass(id), limits, limits.maxMessages - messages.length);
      messages.unshift(...piece.messages);
      if (piece.isCut) return { messages, hasOlder: true };
      id = open.findAt(piece.messages[0]?.parentId ?? null);
    }
    return { messages, hasOlder: id !== null };
  }

  private readUpwards(
    messageId: string,
    { maxCharacters, stopBelow }: PathLimits,
    maxMessages: number,
  ): { readonly messages: StoredMessage[]; readonly isCut: boolean } {
    const upwards: StoredMessage[] = [];
    let left = maxCharacters ?? Number.MAX_SAFE_INTEGER;
    let id: string | null = messageId;
    // One message more than asked for tells whether there are older ones.
    const isWanted = (): boolean =>
      left > 0 && upwards.length <= maxMessages && stopBelow?.has(id ?? "") !== true;
    for (let message = this.recent.find(id); message !== null && isWanted();) {
      upwards.push(message);
      left -= this.recent.countCharacters(message.id);
      id = message.parentId;
      message = id === null ? null : this.recent.find(id);
    }
    if (id !== null && isWanted()) {
      upwards.push(...this.readRows(id, stopBelow ?? new Set(), left, maxMessages - upwards.length));
    }
    const messages = upwards.toReversed();
    this.recent.remember(messages);
    if (messages.length > maxMessages) return { messages: messages.slice(1), isCut: true };
    const top = messages[0]?.parentId ?? null;
    const isStopped = top !== null && (stopBelow?.has(top) ?? false);
    return { messages, isCut: isStopped || (top !== null && maxCharacters !== undefined && this.has(top)) };
  }

  /** From that one upwards, with one message more than `maxMessages` where there is one. */
  private readRows(
    messageId: string,
    stopBelow: ReadonlySet<string>,
    maxCharacters: number,
    maxMessages: number,
  ): StoredMessage[] {
    // One parameter, however many they are: a statement may have a hundred.
    const isStop = sql`m.message_id IN (SELECT value FROM json_each(${JSON.stringify([...stopBelow])}))`;
    const columns = sql`m.position, m.message_id, m.parent_id, m.role, m.parts, m.metadata, m.created_at_ms`;
    const rows = this.db.all(sql`
      WITH RECURSIVE path AS (
        SELECT ${columns}, 1 AS depth, length(m.parts) AS total FROM message m
        WHERE m.message_id = ${messageId} AND NOT ${isStop}
        UNION ALL
        SELECT ${columns}, path.depth + 1, path.total + length(m.parts) FROM message m
        JOIN path ON m.message_id = path.parent_id
        WHERE path.depth <= ${maxMessages} AND path.total < ${maxCharacters} AND NOT ${isStop}
      )
      SELECT * FROM path ORDER BY depth`);
    return rows.map((row) => toRawMessage(RawRow.parse(row)));
  }

  /** True when the message is on the path down to the leaf. Only ids are read, however long the path is. */
  includes(leafMessageId: string | null, openTurns: readonly TurnRow[], messageId: string): boolean {
    for (const ids of this.listUpwards(leafMessageId, openTurns)) if (ids.includes(messageId)) return true;
    return false;
  }

  /** The ids of the path down to the leaf, oldest first. */
  listIds(leafMessageId: string | null, openTurns: readonly TurnRow[]): string[] {
    return [...this.listUpwards(leafMessageId, openTurns)].flat().toReversed();
  }

  private *listUpwards(
    leafMessageId: string | null,
    openTurns: readonly TurnRow[],
  ): Generator<string[], void, undefined> {
    const open = new OpenAnswers(openTurns);
    let id = leafMessageId;
    while (id !== null) {
      const rows = this.readIdsUpwards(open.pass(id));
      yield rows.map((row) => row.id);
      id = open.findAt(rows.at(-1)?.parentId ?? null);
    }
  }

  /**
   * The first of `stops` above that message; where none is within `maxIds`, the id to go on from, or null at the top.
   * Out of memory as far as it goes.
   */
  climb(messageId: string, stops: ReadonlySet<string>, maxIds: number): Climb {
    let at: string | null = messageId;
    let climbed = 0;
    while (at !== null && climbed < maxIds && (climbed === 0 || !stops.has(at))) {
      const places: readonly MessagePlace[] = this.readPlaces(at, stops, maxIds - climbed);
      at = places.at(-1)?.parentId ?? null;
      climbed += Math.max(1, places.length);
    }
    return { at, climbed };
  }

  private readPlaces(messageId: string, stops: ReadonlySet<string>, maxIds: number): readonly MessagePlace[] {
    const known = this.recent.find(messageId);
    return known === null ? this.readIdsUpwards(messageId, stops, maxIds) : [known];
  }

  /** Without one of `stops` and what is above it. */
  readIdsUpwards(messageId: string, stops: ReadonlySet<string> = new Set(), maxIds?: number): MessagePlace[] {
    const rows = this.db.all(sql`
      WITH RECURSIVE path AS (
        SELECT m.message_id, m.parent_id, 1 AS depth FROM message m WHERE m.message_id = ${messageId}
        UNION ALL
        SELECT m.message_id, m.parent_id, path.depth + 1 FROM message m JOIN path ON m.message_id = path.parent_id
        WHERE path.depth < ${maxIds ?? Number.MAX_SAFE_INTEGER}
          AND m.message_id NOT IN (SELECT value FROM json_each(${JSON.stringify([...stops])}))
      )
      SELECT message_id AS id, parent_id AS parentId FROM path ORDER BY depth`);
    return rows.map((row) => MessagePlace.parse(row));
  }

  private has(messageId: string): boolean {
    if (this.recent.find(messageId) !== null) return true;
    const found = this.db
      .select({ position: tables.message.position })
      .from(tables.message)
      .where(eq(tables.message.messageId, messageId))
      .get();
    return found !== undefined;
  }
}

function toRawMessage(row: z.infer<typeof RawRow>): StoredMessage {
  return toStoredMessage({
    position: row.position,
    messageId: row.message_id,
    parentId: row.parent_id,
    role: row.role,
    parts: row.parts,
    metadata: row.metadata,
    createdAtMs: row.created_at_ms,
  });
}
