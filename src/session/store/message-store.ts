/**
 * The messages of one chat as a tree: found by id, branches beside each other. Paths through
 * it are in message-paths.ts. Rules SE22, SE70 to SE74.
 */
import { and, asc, desc, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import * as tables from "../../../schema/chat-session.ts";
import type { Branches, StoredMessage } from "../../protocol/session-frame.ts";
import { MessagePaths } from "./message-paths.ts";
import { toStoredMessage, type MessageRow } from "./message-row.ts";
import { RecentMessages } from "./recent-messages.ts";

/** Questions and answers that were stored while an answer was open: of 64 turns at the most (session-store.ts). */
const MOST_ROWS_WAITING = 128;
/** A scan goes in steps, so that a chat of any length fits into memory: a message may have a megabyte. */
const SCAN_ROWS = 20;

export class MessageStore {
  readonly paths: MessagePaths;
  private readonly recent = new RecentMessages();
  private readonly db: DrizzleSqliteDODatabase;
  private readonly prepared: ReturnType<typeof prepareQueries>;

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
    this.paths = new MessagePaths(db, this.recent);
    this.prepared = prepareQueries(db);
  }

  /** Every row is about to go. */
  forget(): void {
    this.recent.forget();
  }

  find(messageId: string): StoredMessage | null {
    const known = this.recent.find(messageId);
    if (known !== null) return known;
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
    this.recent.remember([message]);
  }

  /** `messageId` gets a place beside `besideId`: from now on both have each other as branches. */
  noteBranch(parentId: string | null, besideIds: readonly string[], messageId: string): void {
    const parent = parentId ?? "";
    const known = new Set(this.listBranchesBelow(parentId));
    const missing = [...besideIds, messageId].filter((id) => !known.has(id));
    if (missing.length === 0) return;
    this.db
      .insert(tables.branch)
      .values(missing.map((id) => ({ parentId: parent, messageId: id })))
      .run();
  }

  /** The messages at one place that have got others beside them, oldest first. */
  listBranchesBelow(parentId: string | null): string[] {
    return this.db
      .select({ messageId: tables.branch.messageId })
      .from(tables.branch)
      .where(eq(tables.branch.parentId, parentId ?? ""))
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
