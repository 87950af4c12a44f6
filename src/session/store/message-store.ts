/**
 * The messages of one chat as a tree: found by id, read as a path from a leaf upwards, branches beside each other.
 * Reading a path costs what is read of it, however long the chat is. Rules SE22, SE70 to SE76.
 */
import { and, asc, desc, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import * as tables from "../../../schema/chat-session.ts";
import { Receipt } from "../../protocol/answer.ts";
import { StoredMessage, type Branches, type PathPage } from "../../protocol/session-frame.ts";
import type { PathLimits, TurnRow } from "../rows.ts";

type MessageRow = typeof tables.message.$inferSelect;

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

const IdRow = z.object({ id: z.string(), parentId: z.string().nullable() });

/** Questions and answers that were stored while an answer was open: of 64 turns at the most (session-store.ts). */
const MOST_ROWS_WAITING = 128;
/** A scan goes in steps, so that a chat of any length fits into memory: a message may have a megabyte. */
const SCAN_ROWS = 20;

export class MessageStore {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly prepared: ReturnType<typeof prepareQueries>;

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
    this.prepared = prepareQueries(db);
  }

  find(messageId: string): StoredMessage | null {
    const row = this.prepared.find.get({ messageId });
    return row === undefined ? null : toStoredMessage(row);
  }

  append(message: StoredMessage): void {
    this.prepared.append.run({
      messageId: message.id,
      parentId: message.parentId,
      role: message.role,
      parts: message.parts,
      metadata: message.metadata,
      createdAtMs: Date.parse(message.createdAt),
    });
  }

  /**
   * The path down to `leafMessageId`, oldest first, as far up as the limits allow. Answers that are still open are no
   * messages yet: `openTurns` says which question each of them belongs to, so that the path goes on above them.
   */
  readPath(
    leafMessageId: string | null,
    openTurns: readonly TurnRow[],
    limits: PathLimits,
  ): Pick<PathPage, "messages" | "hasOlder"> {
    const openById = new Map(openTurns.map((turn) => [turn.messageId, turn]));
    const messages: StoredMessage[] = [];
    let id = leafMessageId;
    while (id !== null && messages.length < limits.maxMessages) {
      const open = openById.get(id);
      openById.delete(id);
      const piece = this.readUpwards(open?.parentId ?? id, limits, limits.maxMessages - messages.length);
      messages.unshift(...piece.messages);
      const above: string | null = piece.messages[0]?.parentId ?? null;
      if (piece.isCut) return { messages, hasOlder: true };
      // A path ends at a first message, or below an answer that is still open.
      id = above !== null && openById.has(above) ? above : null;
    }
    return { messages, hasOlder: id !== null };
  }

  private readUpwards(
    messageId: string,
    { maxCharacters, stopBelow, withoutReceipts = false }: PathLimits,
    maxMessages: number,
  ): { readonly messages: StoredMessage[]; readonly isCut: boolean } {
    const stops = [...(stopBelow ?? [])];
    const most = maxCharacters ?? Number.MAX_SAFE_INTEGER;
    // One parameter, however many they are: a statement may have a hundred.
    const isStop = sql`m.message_id IN (SELECT value FROM json_each(${JSON.stringify(stops)}))`;
    const receipt = withoutReceipts ? sql`NULL AS metadata` : sql`m.metadata`;
    const columns = sql`m.position, m.message_id, m.parent_id, m.role, m.parts, ${receipt}, m.created_at_ms`;
    // One row more than asked for tells whether there are older ones.
    const rows = this.db.all(sql`
      WITH RECURSIVE path AS (
        SELECT ${columns}, 1 AS depth, length(m.parts) AS total FROM message m
        WHERE m.message_id = ${messageId} AND NOT ${isStop}
        UNION ALL
        SELECT ${columns}, path.depth + 1, path.total + length(m.parts) FROM message m
        JOIN path ON m.message_id = path.parent_id
        WHERE path.depth <= ${maxMessages} AND path.total < ${most} AND NOT ${isStop}
      )
      SELECT * FROM path ORDER BY depth DESC`);
    const messages = rows.map((row) => toRawMessage(RawRow.parse(row)));
    if (messages.length > maxMessages) return { messages: messages.slice(1), isCut: true };
    const top = messages[0]?.parentId ?? null;
    const isStopped = top !== null && (stopBelow?.has(top) ?? false);
    return { messages, isCut: isStopped || (top !== null && maxCharacters !== undefined && this.has(top)) };
  }

  /** True when the message is on the path down to the leaf. Only ids are read, however long the path is. */
  isOnPath(leafMessageId: string | null, openTurns: readonly TurnRow[], messageId: string): boolean {
    const openById = new Map(openTurns.map((turn) => [turn.messageId, turn]));
    let id = leafMessageId;
    while (id !== null) {
      const open = openById.get(id);
      openById.delete(id);
      const rows = this.readIdsUpwards(open?.parentId ?? id);
      if (rows.some((row) => row.id === messageId)) return true;
      const above: string | null = rows.at(-1)?.parentId ?? null;
      id = above !== null && openById.has(above) ? above : null;
    }
    return false;
  }

  private readIdsUpwards(messageId: string): { readonly id: string; readonly parentId: string | null }[] {
    const rows = this.db.all(sql`
      WITH RECURSIVE path AS (
        SELECT m.message_id, m.parent_id, 1 AS depth FROM message m WHERE m.message_id = ${messageId}
        UNION ALL
        SELECT m.message_id, m.parent_id, path.depth + 1 FROM message m JOIN path ON m.message_id = path.parent_id
      )
      SELECT message_id AS id, parent_id AS parentId FROM path ORDER BY depth`);
    return rows.map((row) => IdRow.parse(row));
  }

  private has(messageId: string): boolean {
    const found = this.db
      .select({ position: tables.message.position })
      .from(tables.message)
      .where(eq(tables.message.messageId, messageId))
      .get();
    return found !== undefined;
  }

  /** `messageId` gets a place beside `besideId`: from now on both have each other as branches. */
  noteBranch(parentId: string | null, besideIds: readonly string[], messageId: string): void {
    const parent = parentId ?? "";
    const known = new Set(this.readBeside(parent));
    const missing = [...besideIds, messageId].filter((id) => !known.has(id));
    if (missing.length === 0) return;
    this.db
      .insert(tables.branch)
      .values(missing.map((id) => ({ parentId: parent, messageId: id })))
      .run();
  }

  private readBeside(parent: string): string[] {
    return this.db
      .select({ messageId: tables.branch.messageId })
      .from(tables.branch)
      .where(eq(tables.branch.parentId, parent))
      .orderBy(asc(tables.branch.id))
      .all()
      .map(({ messageId }) => messageId);
  }

  /** The ids beside each of these messages, where there are any. */
  readBranches(messages: readonly { readonly id: string; readonly parentId: string | null }[]): Branches {
    const rows = this.db.select().from(tables.branch).orderBy(asc(tables.branch.id)).all();
    if (rows.length === 0) return {};
    const byParent = new Map<string, string[]>();
    for (const { parentId, messageId } of rows) {
      const beside = byParent.get(parentId);
      if (beside === undefined) byParent.set(parentId, [messageId]);
      else beside.push(messageId);
    }
    const branches: Branches = {};
    for (const { id, parentId } of messages) {
      const beside = byParent.get(parentId ?? "");
      if (beside !== undefined && beside.length > 1 && beside.includes(id)) branches[id] = beside;
    }
    return branches;
  }

  /**
   * The newest message below this one that has nothing below itself; itself when there is nothing. One pass over what
   * was stored since: a question that waited stands before the answer that it follows.
   */
  findLeafBelow(messageId: string): string {
    const { message } = tables;
    const start = this.db
      .select({ position: message.position })
      .from(message)
      .where(eq(message.messageId, messageId))
      .get();
    if (start === undefined) return messageId;
    const rows = this.db
      .select({ id: message.messageId, parentId: message.parentId, position: message.position })
      .from(message)
      .where(gt(message.position, start.position - MOST_ROWS_WAITING))
      .orderBy(asc(message.position))
      .all();
    const below = Map.groupBy(rows, ({ parentId }) => parentId);
    let leaf = { id: messageId, position: 0 };
    const open = [...(below.get(messageId) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const children = below.get(next.id) ?? [];
      if (children.length === 0 && next.position > leaf.position) leaf = next;
      open.push(...children);
    }
    return leaf.id;
  }

  /** All messages of all branches in pieces, newest first or oldest first. */
  *scan(order: "newest" | "oldest"): Generator<StoredMessage[], void, undefined> {
    const { message } = tables;
    let last: number | null = null;
    for (;;) {
      const beyond = order === "newest" ? lt : gt;
      const rows: MessageRow[] = this.db
        .select()
        .from(message)
        .where(last === null ? undefined : and(beyond(message.position, last)))
        .orderBy(order === "newest" ? desc(message.position) : asc(message.position))
        .limit(SCAN_ROWS)
        .all();
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.position;
      yield rows.map(toStoredMessage);
    }
  }

  /** The answers that a question has. One pass over the chat: for a wish that is rare. */
  findChildren(parentId: string): string[] {
    return this.db
      .select({ id: tables.message.messageId })
      .from(tables.message)
      .where(inArray(tables.message.parentId, [parentId]))
      .orderBy(asc(tables.message.position))
      .all()
      .map(({ id }) => id);
  }
}

/** The queries of every turn, put together once: building one costs more than running it. */
function prepareQueries(db: DrizzleSqliteDODatabase) {
  const { message } = tables;
  const at = sql.placeholder;
  const row = {
    messageId: at("messageId"),
    parentId: at("parentId"),
    role: at("role"),
    parts: at("parts"),
    metadata: at("metadata"),
    createdAtMs: at("createdAtMs"),
  };
  return {
    find: db
      .select()
      .from(message)
      .where(eq(message.messageId, at("messageId")))
      .prepare(),
    append: db.insert(message).values(row).prepare(),
  };
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

function toStoredMessage(row: MessageRow): StoredMessage {
  return StoredMessage.parse({
    id: row.messageId,
    role: row.role,
    parentId: row.parentId,
    parts: row.parts,
    metadata: row.metadata === null ? null : Receipt.parse(row.metadata),
    createdAt: new Date(row.createdAtMs).toISOString(),
  });
}
