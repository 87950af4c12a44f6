/**
 * One chat: a thin shell that accepts sockets, parses frames, wakes up and drains the outbox. What a chat does is
 * in src/session/chat.ts, its rows are in src/session/store.ts. Rules SE10 to SE19, SE36 to SE44.
 */
import { DurableObject } from "cloudflare:workers";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import migrations from "../drizzle/chat-session/migrations.js";
import * as tables from "../schema/chat-session.ts";
import { ObjectPrincipal, PRINCIPAL_HEADER, TICKET_HEADER } from "../src/auth/principal.ts";
import { describeError } from "../src/auth/store/describe-error.ts";
import { newMessageId, newSelectionId, newTurnId } from "../src/base/id.ts";
import type { Bindings } from "../src/env.ts";
import { MAX_TITLE_CHARACTERS, type SessionTicket } from "../src/protocol/session-api.ts";
import {
  ClientFrame,
  LIVE_SUBPROTOCOL,
  LiveClientFrame,
  MAX_FRAME_BYTES,
  PING,
  PONG,
  type StoredMessage,
} from "../src/protocol/session-frame.ts";
import { resolveModels } from "../src/routing/run-answer.ts";
import { Chat, LOG_KEPT_MS } from "../src/session/chat.ts";
import { isLongerThan, toCloseReason } from "../src/session/frame-text.ts";
import { SessionStore } from "../src/session/store.ts";
import type { ChatSocket } from "../src/session/turn-runner.ts";
import { openWiring, type Wiring } from "../src/wiring.ts";
import { Alarms } from "./alarms.ts";

/** A hundred tabs on one chat are somebody's mistake; many more are an attack. */
const MAX_SOCKETS = 200;
const TICKET_LIFETIME_MS = 60_000;
/** How long after a crash at the latest an unfinished turn is looked at. */
const WATCH_EVERY_MS = 30_000;
const DRAIN_RETRY_MS = 5_000;
const DRAIN_BATCH = 50;

/** Close codes of this product, in the range that RFC 6455 leaves to applications. */
const CLOSE_BAD_FRAME = 1008;
const CLOSE_TOO_BIG = 1009;
const CLOSE_DELETED = 4404;

type AlarmName = "watch" | "drain" | "retire-log";

export class ChatSession extends DurableObject<Bindings> {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly store: SessionStore;
  private readonly alarms: Alarms<AlarmName>;
  private readonly wiring: Wiring;
  private readonly chat: Chat;
  private readonly chatSockets = new Map<WebSocket, ChatSocket>();
  private draining: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    const wiring = openWiring(env);
    const db = drizzle(ctx.storage);
    this.db = db;
    this.wiring = wiring;
    this.store = new SessionStore(db);
    this.alarms = new Alarms(ctx.storage, db, tables.alarm, ["watch", "drain", "retire-log"]);
    this.chat = new Chat({
      store: this.store,
      clock: wiring.clock,
      log: wiring.log,
      newIds: () => ({
        turnId: newTurnId(wiring.idSource),
        messageId: newMessageId(wiring.idSource),
        selectionId: newSelectionId(wiring.idSource),
      }),
      sockets: () => ctx.getWebSockets().map((socket) => this.toChatSocket(socket)),
      resolveModels: (requested) => resolveModels(wiring.catalog, requested),
      runAnswer: (input) => wiring.runAnswer(input),
      isSandbox: () => wiring.catalog.providers.some((provider) => wiring.isSandbox(provider)),
      runInBackground: (work) => ctx.waitUntil(work),
      onTurnStart: () => this.alarms.schedule("watch", wiring.clock.nowMs() + WATCH_EVERY_MS),
      onTurnEnd: () => this.afterTurn(),
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      await migrate(db, migrations);
      await this.alarms.ensureArmed();
      if (this.store.readSession() !== null) this.chat.recover();
    });
  }

  /** Makes the chat; again with the same values changes nothing. */
  async create(input: {
    sessionId: string;
    organizationId: string;
    userId: string;
    title: string;
  }): Promise<void> {
    this.store.createSession({ ...input, createdAtMs: this.wiring.clock.nowMs() });
  }

  async rename(title: string): Promise<void> {
    if (this.store.readSession() === null) return;
    this.store.updateSession({ title: title.slice(0, MAX_TITLE_CHARACTERS) });
    this.chat.announceChange(false);
  }

  /** Ends what runs, closes the sockets, forgets everything. What the running turn has cost stays on record. */
  async deleteAll(): Promise<void> {
    this.chat.announceChange(true);
    for (const socket of this.ctx.getWebSockets()) socket.close(CLOSE_DELETED, "This chat was deleted.");
    await this.chat.close();
    await this.drainOutbox();
    await this.ctx.storage.deleteAll();
    // This instance lives on, and whoever calls it must find an empty chat and not a missing table.
    await migrate(this.db, migrations);
  }

  async readMessages(): Promise<StoredMessage[]> {
    return this.store.readSession() === null ? [] : this.chat.readMessages();
  }

  /** A ticket for one socket of one person: 256 random bits, stored as a hash, used once, valid for a minute. */
  async issueTicket(holder: { userId: string; organizationId: string }): Promise<SessionTicket> {
    const ticket = this.wiring.idSource.randomBytes(32).toHex();
    const expiresAtMs = this.wiring.clock.nowMs() + TICKET_LIFETIME_MS;
    this.store.saveTicket({ ...holder, hash: await hashTicket(ticket), expiresAtMs });
    return { ticket, expiresInSeconds: TICKET_LIFETIME_MS / 1_000 };
  }

  /** The socket upgrade. The Worker says who asks, or passes a ticket on. */
  override async fetch(request: Request): Promise<Response> {
    const holder = await this.readHolder(request.headers);
    const session = this.store.readSession();
    const owns =
      holder !== null &&
      session !== null &&
      holder.userId === session.userId &&
      holder.organizationId === session.organizationId;
    if (!owns) return new Response("There is no such chat.", { status: 404 });
    if (this.ctx.getWebSockets().length >= MAX_SOCKETS) {
      return new Response("Too many sockets are open on this chat.", { status: 503 });
    }
    const asked =
      request.headers
        .get("sec-websocket-protocol")
        ?.split(",")
        .map((name) => name.trim()) ?? [];
    const live = asked.includes(LIVE_SUBPROTOCOL);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ live });
    const headers = new Headers(live ? { "sec-websocket-protocol": LIVE_SUBPROTOCOL } : {});
    if (live) this.chat.greet(this.toChatSocket(server));
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const chatSocket = this.toChatSocket(socket);
    if (typeof data !== "string") return socket.close(CLOSE_BAD_FRAME, "Frames are JSON text.");
    if (isLongerThan(data, MAX_FRAME_BYTES)) return socket.close(CLOSE_TOO_BIG, "This frame is too large.");
    const shape = chatSocket.live ? LiveClientFrame : ClientFrame;
    const parsed = shape.safeParse(parseJson(data));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue === undefined ? "" : ` at ${issue.path.join(".") || "its top"}: ${issue.message}`;
      return socket.close(CLOSE_BAD_FRAME, toCloseReason(`Bad frame${where}`));
    }
    this.chat.handleFrame(chatSocket, parsed.data);
  }

  override webSocketClose(socket: WebSocket): void {
    this.forgetSocket(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.forgetSocket(socket);
  }

  override async alarm(): Promise<void> {
    await this.alarms.run(
      (name) => this.runAlarm(name),
      (name, error) =>
        this.wiring.log.write("error", "alarm_failed", {
          object: `chat-session/${this.store.readSession()?.sessionId ?? "unknown"}`,
          alarm: name,
          error: describeError(error),
        }),
    );
  }

  private async runAlarm(name: AlarmName): Promise<void> {
    switch (name) {
      case "watch":
        if (this.chat.isRunning) this.alarms.schedule("watch", this.wiring.clock.nowMs() + WATCH_EVERY_MS);
        else this.chat.recover();
        return;
      case "drain":
        return this.drainOutbox();
      case "retire-log":
        if (!this.chat.isRunning) this.store.dropStreamLogsBefore(Number.MAX_SAFE_INTEGER);
        return;
    }
  }

  private afterTurn(): void {
    const nowMs = this.wiring.clock.nowMs();
    // A turn that waited may have been cancelled while another one runs: that one is still watched over.
    if (this.store.readOpenTurns().length === 0) this.alarms.cancel("watch");
    // In the same transaction as the record: if this object dies now, the alarm hands the record over.
    this.alarms.schedule("drain", nowMs + DRAIN_RETRY_MS);
    this.alarms.schedule("retire-log", nowMs + LOG_KEPT_MS);
    this.ctx.waitUntil(this.drainOutbox());
  }

  /** Hands records to the queue; a row goes only after the queue took it. D1 drops what comes twice. Never throws. */
  private drainOutbox(): Promise<void> {
    this.draining ??= this.drainRows().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  private async drainRows(): Promise<void> {
    try {
      for (;;) {
        const rows = this.store.readOutbox(DRAIN_BATCH);
        if (rows.length === 0) break;
        await this.env.SELECTION_QUEUE.sendBatch(rows.map((row) => ({ body: row.message })));
        this.store.dropOutbox(rows.map((row) => row.id));
      }
      this.alarms.cancel("drain");
    } catch (error) {
      this.alarms.schedule("drain", this.wiring.clock.nowMs() + DRAIN_RETRY_MS);
      this.wiring.log.write("error", "selection_log_failed", {
        request_id: this.store.readLastTurn()?.turnId ?? "",
        error: describeError(error),
      });
    }
  }

  private async readHolder(headers: Headers): Promise<ObjectPrincipal | null> {
    const ticket = headers.get(TICKET_HEADER);
    if (ticket !== null) return this.store.takeTicket(await hashTicket(ticket), this.wiring.clock.nowMs());
    const principal = ObjectPrincipal.safeParse(parseJson(headers.get(PRINCIPAL_HEADER) ?? ""));
    return principal.success ? principal.data : null;
  }

  private toChatSocket(socket: WebSocket): ChatSocket {
    let chatSocket = this.chatSockets.get(socket);
    if (chatSocket === undefined) {
      const attachment: unknown = socket.deserializeAttachment();
      const live =
        typeof attachment === "object" &&
        attachment !== null &&
        "live" in attachment &&
        attachment.live === true;
      chatSocket = {
        live,
        // A socket that is going away is caught up when its client resumes.
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
      };
      this.chatSockets.set(socket, chatSocket);
    }
    return chatSocket;
  }

  private forgetSocket(socket: WebSocket): void {
    const chatSocket = this.toChatSocket(socket);
    this.chatSockets.delete(socket);
    this.chat.removeSocket(chatSocket);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function hashTicket(ticket: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ticket));
  return new Uint8Array(digest).toHex();
}
