/**
 * The rows of one chat (schema/chat-session.ts), read and written through Drizzle over the object's own SQLite.
 * Every call is synchronous: writes without an await between them are one transaction. What comes from disk is
 * parsed. Messages are in message-store.ts, logs in log-store.ts, summaries in summary-store.ts, links and
 * files in extras-store.ts.
 */
import { asc, desc, eq, lt, lte, sql, type SQL } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import * as tables from "../../../schema/chat-session.ts";
import { ObjectPrincipal } from "../../auth/principal.ts";
import { CallSettings } from "../../protocol/call-settings.ts";
import { RoutingPolicy } from "../../protocol/selection.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import type { NewTurn, SessionRow, TurnRow } from "../rows.ts";
import { SelectionMessage, type NewSelectionMessage } from "../selections/selection-message.ts";
import type { StreamLogStore } from "../log/stream-log.ts";
import { ExtrasStore } from "./extras-store.ts";
import { openLogStore, prepareLogStatements, type LogStatements } from "./log-store.ts";
import { MessageStore } from "./message-store.ts";
import { SummaryStore } from "./summary-store.ts";

const Requested = z.array(z.string());
/** One that a later version no longer knows is answered by the default. */
const Policy = RoutingPolicy.nullable().catch(null);
/** As above: a chat is not to be locked by a row that only another version can read. */
const Settings = CallSettings.nullable().catch(null);

function toTurnRow(row: typeof tables.turn.$inferSelect): TurnRow {
  return { ...row, requested: Requested.parse(row.requested), policy: Policy.parse(row.policy) };
}

/** Turns that have not ended are among so many newest ones: no question is taken that would push one out. */
export const NEWEST_TURNS = 64;

/** What every turn does, put into words once: Drizzle's way to a statement takes longer than SQLite's way through it. */
function prepareStatements(db: DrizzleSqliteDODatabase) {
  const { outbox, turn } = tables;
  const at = sql.placeholder;
  return {
    createTurn: db
      .insert(turn)
      .values({
        position: at("position"),
        turnId: at("turnId"),
        requestId: at("requestId"),
        selectionId: at("selectionId"),
        messageId: at("messageId"),
        parentId: at("parentId"),
        requested: at("requested"),
        policy: at("policy"),
        status: at("status"),
        stopRequested: false,
        createdAtMs: at("createdAtMs"),
      })
      .prepare(),
    readOutbox: db.select().from(outbox).orderBy(asc(outbox.id)).limit(at("limit")).prepare(),
    dropOutbox: db
      .delete(outbox)
      .where(lte(outbox.id, at("lastId")))
      .prepare(),
  };
}
type Statements = ReturnType<typeof prepareStatements>;

export class SessionStore {
  readonly messages: MessageStore;
  readonly extras: ExtrasStore;
  readonly summaries: SummaryStore;
  /** As it is stored: read at every turn and every frame, written by nobody else. */
  private session: SessionRow | null = null;
  private readonly db: DrizzleSqliteDODatabase;
  private readonly statements: Statements;
  private readonly logStatements: LogStatements;
  /** The newest turns as they are stored, newest first: every question is looked for among them. */
  private newestTurns: readonly TurnRow[] | null = null;
  /** Null until somebody has looked: a chat without any is not asked again with every turn. */
  private hasCallSettings: boolean | null = null;

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
    this.statements = prepareStatements(db);
    this.logStatements = prepareLogStatements(db);
    this.messages = new MessageStore(db);
    this.extras = new ExtrasStore(db);
    this.summaries = new SummaryStore(db, this.messages.paths);
  }

  readSession(): SessionRow | null {
    this.session ??= this.db.select().from(tables.session).get() ?? null;
    return this.session;
  }

  /** All that is written in it is stored, or nothing when it throws; what is in memory follows. */
  transact<Value>(work: () => Value): Value {
    try {
      return this.db.transaction(work);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** What is in memory is no longer what is stored. */
  forget(): void {
    this.messages.forget();
    this.extras.forget();
    this.session = null;
    this.summaries.forget();
    this.newestTurns = null;
    this.hasCallSettings = null;
  }

  /** Does nothing when the session is there already: creating is idempotent. */
  createSession(row: Omit<SessionRow, "leafMessageId" | "lastProvider">): void {
    this.db
      .insert(tables.session)
      .values({ id: 1, ...row })
      .onConflictDoNothing()
      .run();
  }

  updateSession(
    change: Partial<Pick<SessionRow, "title" | "titleSource" | "leafMessageId" | "lastProvider">>,
  ): void {
    // Drizzle throws at an update that sets nothing.
    if (Object.keys(change).length === 0) return;
    this.db.update(tables.session).set(change).where(eq(tables.session.id, 1)).run();
    this.session = this.session === null ? null : { ...this.session, ...change };
  }

  createTurn(turn: NewTurn, settings: CallSettings | null = null): TurnRow {
    const newest = this.readNewestTurns();
    // Turns are never deleted, and the newest are in memory: reading the place back would cost as much as the row.
    const position = (newest[0]?.position ?? 0) + 1;
    this.statements.createTurn.run({ ...turn, position });
    const row = { ...turn, position, stopRequested: false, endedAtMs: null, generation: 0, rewoundTo: 0 };
    this.newestTurns = [row, ...newest.slice(0, NEWEST_TURNS - 1)];
    if (settings !== null) {
      this.db.insert(tables.callSettings).values({ id: row.position, body: settings }).run();
      this.hasCallSettings = true;
    }
    return row;
  }

  /** What the turn was asked with beside its question; null for nothing, which is what chats of people have. */
  readCallSettings(turnPosition: number): CallSettings | null {
    const { callSettings } = tables;
    this.hasCallSettings ??=
      this.db.select({ id: callSettings.id }).from(callSettings).limit(1).get() !== undefined;
    if (!this.hasCallSettings) return null;
    const row = this.db.select().from(callSettings).where(eq(callSettings.id, turnPosition)).get();
    return row === undefined ? null : Settings.parse(row.body);
  }

  /** The turn that wrote this answer, or is to write it. */
  findTurnByAnswer(messageId: string): TurnRow | null {
    const newest = this.readNewestTurns().find((turn) => turn.messageId === messageId);
    if (newest !== undefined) return newest;
    return this.findNewestTurn(eq(tables.turn.messageId, messageId));
  }

  /** Queued and running turns, oldest first. */
  readOpenTurns(): TurnRow[] {
    return this.readNewestTurns()
      .filter(({ status }) => status === "queued" || status === "running")
      .toReversed();
  }

  readLastTurn(): TurnRow | null {
    return this.readNewestTurns()[0] ?? null;
  }

  /** When that turn can have begun at the earliest: when it was asked for, or when the last one before it had ended. */
  findEarliestStartMs({ position, createdAtMs }: TurnRow): number {
    const before = this.readNewestTurns().filter((turn) => turn.position < position);
    return Math.max(createdAtMs, ...before.map(({ endedAtMs }) => endedAtMs ?? 0));
  }

  findTurn(turnId: string): TurnRow | null {
    const row = this.db.select().from(tables.turn).where(eq(tables.turn.turnId, turnId)).get();
    return row === undefined ? null : toTurnRow(row);
  }

  /** The newest turn that was asked for under this request id, among the newest turns. */
  findTurnByRequest(requestId: string): TurnRow | null {
    return this.readNewestTurns().find((turn) => turn.requestId === requestId) ?? null;
  }

  private readNewestTurns(): readonly TurnRow[] {
    this.newestTurns ??= this.db
      .select()
      .from(tables.turn)
      .orderBy(desc(tables.turn.position))
      .limit(NEWEST_TURNS)
      .all()
      .map(toTurnRow);
    return this.newestTurns;
  }

  /** The question that such a request asked; null for a request that is new. */
  findAsked(requestId: string): StoredMessage | null {
    const turn = this.findTurnByRequest(requestId);
    return turn === null ? null : this.messages.find(turn.parentId);
  }

  /** The newest turn that answers this message. */
  findTurnByParent(parentId: string): TurnRow | null {
    return this.findNewestTurn(eq(tables.turn.parentId, parentId));
  }

  private findNewestTurn(condition: SQL): TurnRow | null {
    const row = this.db
      .select()
      .from(tables.turn)
      .where(condition)
      .orderBy(desc(tables.turn.position))
      .limit(1)
      .get();
    return row === undefined ? null : toTurnRow(row);
  }

  updateTurn(
    position: number,
    change: Partial<Pick<TurnRow, "status" | "stopRequested" | "endedAtMs" | "generation" | "rewoundTo">>,
  ): void {
    this.db.update(tables.turn).set(change).where(eq(tables.turn.position, position)).run();
    this.newestTurns =
      this.newestTurns?.map((turn) => (turn.position === position ? { ...turn, ...change } : turn)) ?? null;
  }

  openStreamLog(turnPosition: number, isNew = false): StreamLogStore {
    return openLogStore(this.db, this.logStatements, turnPosition, isNew);
  }

  appendOutbox(message: NewSelectionMessage): void {
    this.db.insert(tables.outbox).values({ body: message }).run();
  }

  readOutbox(limit: number): { readonly id: number; readonly message: SelectionMessage }[] {
    const rows = this.statements.readOutbox.all({ limit });
    return rows.map((row) => ({ id: row.id, message: SelectionMessage.parse(row.body) }));
  }

  /** Everything up to this one has been handed over. */
  dropOutbox(lastId: number): void {
    this.statements.dropOutbox.run({ lastId });
  }

  /** Those that nobody used in time go: a client that asks in a loop would fill its chat's object with them. */
  saveTicket(row: ObjectPrincipal & { hash: string; expiresAtMs: number }, nowMs: number): void {
    this.db.delete(tables.ticket).where(lt(tables.ticket.expiresAtMs, nowMs)).run();
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
