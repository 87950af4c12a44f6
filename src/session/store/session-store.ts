/**
 * The rows of one chat (schema/chat-session.ts), read and written through Drizzle over the object's own SQLite.
 * Every call is synchronous: writes without an await between them are one transaction. What comes from disk is
 * parsed. Rules SE30 to SE39.
 */
import { and, asc, desc, eq, gte, inArray, lt } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import * as tables from "../../schema/chat-session.ts";
import { ObjectPrincipal } from "../auth/principal.ts";
import type { TerminalState } from "../protocol/answer.ts";
import { Receipt } from "../protocol/answer.ts";
import { RoutingPolicy } from "../protocol/selection.ts";
import { StoredMessage } from "../protocol/session-frame.ts";
import { SelectionMessage } from "./selection-message.ts";
import type { StreamLogStore } from "./stream-log.ts";

/** Chunks of one turn are numbered below this; a 10,000-word answer has about as many. */
const MAX_CHUNKS_PER_TURN = 2 ** 24;

export interface SessionRow {
  readonly sessionId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly title: string;
  readonly leafMessageId: string | null;
  readonly lastProvider: string | null;
  readonly createdAtMs: number;
}

export type TurnStatus = "queued" | "running" | TerminalState;

export interface TurnRow {
  readonly position: number;
  readonly turnId: string;
  readonly requestId: string;
  readonly selectionId: string;
  readonly messageId: string;
  readonly parentId: string;
  readonly requested: readonly string[];
  /** How the candidates are to be put in order; null for the default. */
  readonly policy: RoutingPolicy | null;
  readonly status: TurnStatus;
  readonly stopRequested: boolean;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
}

export type NewTurn = Omit<TurnRow, "position" | "stopRequested" | "endedAtMs">;

const Requested = z.array(z.string());
/** One that a later version no longer knows is answered by the default. */
const Policy = RoutingPolicy.nullable().catch(null);

function toTurnRow(row: typeof tables.turn.$inferSelect): TurnRow {
  return { ...row, requested: Requested.parse(row.requested), policy: Policy.parse(row.policy) };
}

function toStoredMessage(row: typeof tables.message.$inferSelect): StoredMessage {
  return StoredMessage.parse({
    id: row.messageId,
    role: row.role,
    parentId: row.parentId,
    parts: row.parts,
    metadata: row.metadata === null ? null : Receipt.parse(row.metadata),
    createdAt: new Date(row.createdAtMs).toISOString(),
  });
}

export class SessionStore {
  private readonly db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
  }

  readSession(): SessionRow | null {
    return this.db.select().from(tables.session).get() ?? null;
  }

  /** Does nothing when the session is there already: creating is idempotent. */
  createSession(row: Omit<SessionRow, "leafMessageId" | "lastProvider">): void {
    this.db
      .insert(tables.session)
      .values({ id: 1, ...row })
      .onConflictDoNothing()
      .run();
  }

  updateSession(change: Partial<Pick<SessionRow, "title" | "leafMessageId" | "lastProvider">>): void {
    // Drizzle throws at an update that sets nothing.
    if (Object.keys(change).length === 0) return;
    this.db.update(tables.session).set(change).where(eq(tables.session.id, 1)).run();
  }

  findMessage(messageId: string): StoredMessage | null {
    const row = this.db.select().from(tables.message).where(eq(tables.message.messageId, messageId)).get();
    return row === undefined ? null : toStoredMessage(row);
  }

  appendMessage(message: StoredMessage): void {
    this.db
      .insert(tables.message)
      .values({
        messageId: message.id,
        parentId: message.parentId,
        role: message.role,
        parts: message.parts,
        metadata: message.metadata,
        createdAtMs: Date.parse(message.createdAt),
      })
      .run();
  }

  /**
   * The path from the first message down to `leafMessageId`, oldest first. Answers that are still open are no
   * messages yet: `openTurns` says which question each of them belongs to, so that the path goes on above them.
   */
  readPath(leafMessageId: string | null, openTurns: readonly TurnRow[]): StoredMessage[] {
    if (leafMessageId === null) return [];
    const rows = this.db.select().from(tables.message).orderBy(asc(tables.message.position)).all();
    const byId = new Map(rows.map((row) => [row.messageId, row]));
    const openById = new Map(openTurns.map((turn) => [turn.messageId, turn]));
    const path: StoredMessage[] = [];
    for (let id: string | null = leafMessageId; id !== null;) {
      const row = byId.get(id);
      // Each id is used once, so that damaged rows cannot make a circle.
      byId.delete(id);
      if (row !== undefined) path.unshift(toStoredMessage(row));
      const open = openById.get(id);
      openById.delete(id);
      id = row?.parentId ?? open?.parentId ?? null;
    }
    return path;
  }

  createTurn(turn: NewTurn): TurnRow {
    const row = this.db
      .insert(tables.turn)
      .values({ ...turn, stopRequested: false })
      .returning()
      .get();
    return toTurnRow(row);
  }

  /** Queued and running turns, oldest first. */
  readOpenTurns(): TurnRow[] {
    const open = inArray(tables.turn.status, ["queued", "running"]);
    return this.db
      .select()
      .from(tables.turn)
      .where(open)
      .orderBy(asc(tables.turn.position))
      .all()
      .map(toTurnRow);
  }

  readLastTurn(): TurnRow | null {
    const row = this.db.select().from(tables.turn).orderBy(desc(tables.turn.position)).limit(1).get();
    return row === undefined ? null : toTurnRow(row);
  }

  /** The newest turn that answers this message. */
  findTurnByParent(parentId: string): TurnRow | null {
    const row = this.db
      .select()
      .from(tables.turn)
      .where(eq(tables.turn.parentId, parentId))
      .orderBy(desc(tables.turn.position))
      .limit(1)
      .get();
    return row === undefined ? null : toTurnRow(row);
  }

  updateTurn(
    position: number,
    change: { status?: TurnStatus; stopRequested?: boolean; endedAtMs?: number },
  ): void {
    this.db.update(tables.turn).set(change).where(eq(tables.turn.position, position)).run();
  }

  /** The rows of one turn's stream log. */
  openStreamLog(turnPosition: number): StreamLogStore {
    const base = turnPosition * MAX_CHUNKS_PER_TURN;
    return {
      append: (firstSequence, chunks) => {
        const body = `[${chunks.join(",")}]`;
        this.db
          .insert(tables.chunk)
          .values({ id: base + firstSequence, body })
          .run();
      },
      readAll: () => {
        const mine = and(gte(tables.chunk.id, base), lt(tables.chunk.id, base + MAX_CHUNKS_PER_TURN));
        const rows = this.db.select().from(tables.chunk).where(mine).orderBy(asc(tables.chunk.id)).all();
        return rows.flatMap((row) =>
          z
            .array(z.unknown())
            .parse(JSON.parse(row.body))
            .map((chunk) => JSON.stringify(chunk)),
        );
      },
    };
  }

  /** Drops the logs of every turn before `turnPosition`: their messages are stored whole. */
  dropStreamLogsBefore(turnPosition: number): void {
    this.db
      .delete(tables.chunk)
      .where(lt(tables.chunk.id, turnPosition * MAX_CHUNKS_PER_TURN))
      .run();
  }

  appendOutbox(message: SelectionMessage): void {
    this.db.insert(tables.outbox).values({ body: message }).run();
  }

  readOutbox(limit: number): { readonly id: number; readonly message: SelectionMessage }[] {
    const rows = this.db.select().from(tables.outbox).orderBy(asc(tables.outbox.id)).limit(limit).all();
    return rows.map((row) => ({ id: row.id, message: SelectionMessage.parse(row.body) }));
  }

  dropOutbox(ids: readonly number[]): void {
    this.db
      .delete(tables.outbox)
      .where(inArray(tables.outbox.id, [...ids]))
      .run();
  }

  saveTicket(row: { hash: string; userId: string; organizationId: string; expiresAtMs: number }): void {
    this.db.insert(tables.ticket).values(row).run();
  }

  /** Removes the ticket whatever its age, and everything that has expired; null when it is unknown or too old. */
  takeTicket(hash: string, nowMs: number): ObjectPrincipal | null {
    const row = this.db.delete(tables.ticket).where(eq(tables.ticket.hash, hash)).returning().get();
    this.db.delete(tables.ticket).where(lt(tables.ticket.expiresAtMs, nowMs)).run();
    if (row === undefined || row.expiresAtMs < nowMs) return null;
    return ObjectPrincipal.parse(row);
  }
}
