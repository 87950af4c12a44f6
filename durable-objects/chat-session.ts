/**
 * One chat: a thin shell that accepts sockets, parses frames, wakes up and hands records over. What a chat does is in
 * src/session, put together in open-chat.ts. Rules SE10 to SE17, SE32, SE33, SE42, SE83 to SE86.
 */
import { DurableObject } from "cloudflare:workers";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import migrations from "../drizzle/chat-session/migrations.js";
import { readObjectPrincipal, TICKET_HEADER, type ObjectPrincipal } from "../src/auth/principal.ts";
import { describeError } from "../src/auth/store/describe-error.ts";
import { hashSecret } from "../src/auth/store/hash-secret.ts";
import type { Bindings } from "../src/env.ts";
import {
  MAX_TITLE_CHARACTERS,
  type SessionMessages,
  type SessionSearchHit,
  type SessionShareState,
  type SessionTicket,
  type SharedChat,
} from "../src/protocol/session-api.ts";
import { LIVE_SUBPROTOCOL, PING, PONG } from "../src/protocol/session-frame.ts";
import type { ChatQuestion } from "../src/protocol/chat-question.ts";
import type { StoredMessage } from "../src/protocol/session-frame.ts";
import type { ChatReply } from "../src/session/log/answer-stream.ts";
import { readAskedAnswer, type AskedAnswer } from "../src/session/views/asked-answer.ts";
import type { Chat } from "../src/session/chat.ts";
import { hearFrame } from "../src/session/frames/hear-frame.ts";
import { readClientFrame } from "../src/session/frames/read-frame.ts";
import { refuseFrame } from "../src/session/frames/send-frame.ts";
import type { AttachmentRow } from "../src/session/store/extras-store.ts";
import { SessionStore } from "../src/session/store/session-store.ts";
import { UNTITLED } from "../src/session/title.ts";
import { openWiring, type Wiring } from "../src/wiring.ts";
import { ChatFiles } from "./chat-files.ts";
import { ChatLink } from "./chat-link.ts";
import { ChatSockets } from "./chat-sockets.ts";
import { ChatStreams } from "./chat-streams.ts";
import { toLeftAnswer } from "./left-answer.ts";
import { openChat } from "./open-chat.ts";
import { exportChat } from "./export-stream.ts";
import { removeChat } from "./remove-chat.ts";
import { SelectionOutbox } from "./selection-outbox.ts";
import { closeSilentSockets } from "./silent-sockets.ts";
import { VouchForSockets } from "./vouch-for-sockets.ts";
import { WakeUp } from "./wake-up.ts";

/** A hundred tabs on one chat are somebody's mistake; many more are an attack. */
const MAX_SOCKETS = 200;
const TICKET_LIFETIME_MS = 60_000;
/** How long after a crash at the latest an unfinished turn is looked at. */
const WATCH_WITHIN_MS = 30_000;
const DRAIN_AGAIN_MS = 5_000;

const NO_CHAT: ChatReply = { type: "unknown-chat" };

export class ChatSession extends DurableObject<Bindings> {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly wiring: Wiring;
  private readonly store: SessionStore;
  private readonly sockets: ChatSockets;
  private readonly files: ChatFiles;
  private readonly streams: ChatStreams;
  private readonly link: ChatLink;
  private readonly wakeUp: WakeUp;
  private readonly outbox: SelectionOutbox;
  /** Made when the rows are there. */
  private chat!: Chat;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    const wiring = openWiring(env);
    this.wiring = wiring;
    this.db = drizzle(ctx.storage);
    this.store = new SessionStore(this.db);
    this.sockets = new ChatSockets(ctx, new VouchForSockets(env, wiring, "chat"));
    this.link = new ChatLink({ store: this.store, clock: wiring.clock, idSource: wiring.idSource });
    this.files = new ChatFiles({ store: this.store, wiring, files: () => env.FILES, chat: () => this.chat });
    this.streams = new ChatStreams(
      wiring.clock,
      toLeftAnswer(ctx.storage, () => this.store.readSession() !== null),
      this.files.questions,
    );
    this.wakeUp = new WakeUp(ctx.storage, () => wiring.clock.nowMs());
    this.outbox = new SelectionOutbox({
      store: this.store,
      queue: () => env.SELECTION_QUEUE,
      log: wiring.log,
      onWaiting: () => this.wakeUp.within(WATCH_WITHIN_MS),
      onRefused: () => this.wakeUp.within(DRAIN_AGAIN_MS),
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      await migrate(this.db, migrations);
      await this.wakeUp.load();
      this.chat = openChat({
        store: this.store,
        wiring,
        files: () => env.FILES,
        sockets: () => this.sockets.list(),
        runInBackground: (work) => ctx.waitUntil(work),
        onTurnStart: () => this.wakeUp.within(WATCH_WITHIN_MS),
        onRecords: () => ctx.waitUntil(this.outbox.drain()),
      });
      // A turn that a crash has ended is paid for all the same.
      if (this.chat.hasOpenTurns) await wiring.readPriceBook();
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
    const titleSource = input.title === UNTITLED ? "none" : "person";
    this.store.createSession({ ...input, titleSource, createdAtMs: this.wiring.clock.nowMs() });
  }

  async rename(title: string): Promise<void> {
    if (this.store.readSession() === null) return;
    this.store.updateSession({ title: title.slice(0, MAX_TITLE_CHARACTERS), titleSource: "person" });
    this.chat.announceChange(false);
  }

  /** Ends what runs, closes the sockets, forgets everything. What the running turn has cost stays on record. */
  async deleteAll(): Promise<void> {
    const { chat, store, outbox, sockets, streams } = this;
    // This instance lives on, and whoever calls it must find an empty chat and not a missing table.
    const empty = (): Promise<void> =>
      this.ctx.blockConcurrencyWhile(async () => {
        store.forget();
        await this.ctx.storage.deleteAll();
        await migrate(this.db, migrations);
      });
    await removeChat({ chat, store, outbox, sockets, streams, files: this.env.FILES, empty });
  }

  /** Asks as a `send` frame on a socket of the stock wire does, and follows the answer. */
  async ask(question: ChatQuestion): Promise<ChatReply> {
    return this.store.readSession() === null ? NO_CHAT : this.streams.ask(this.chat, question);
  }

  /** Follows the answer that is being written, or that a reader has left, from its beginning. */
  async follow(isRead = true): Promise<ChatReply> {
    return this.store.readSession() === null ? NO_CHAT : this.streams.follow(this.chat, isRead);
  }

  /** An answer that has ended, with its receipt; null while it is being written, and for an id that is none. */
  async findAnswer(messageId: string): Promise<StoredMessage | null> {
    const message = this.store.messages.find(messageId);
    return message?.role === "assistant" ? message : null;
  }

  /** An answer and what was asked for it; null for an id that is none, or whose question was taken back. */
  async readAnswer(messageId: string): Promise<AskedAnswer | null> {
    return readAskedAnswer(this.store, messageId);
  }

  /** The newest messages, or those above `before`; without that the running answer as far as it has come too. */
  async readMessages(limit: number, before: string | null): Promise<SessionMessages> {
    if (this.store.readSession() === null) return { messages: [], hasOlder: false };
    if (before === null) return this.chat.view.readWithRunning(limit);
    const { messages, hasOlder } = this.chat.view.readOlder(before, limit);
    return { messages, hasOlder };
  }

  /** Stops what runs and takes back what waits; false when there was nothing. */
  async stop(): Promise<boolean> {
    return this.chat.stopAll();
  }

  async search(query: string, limit: number): Promise<SessionSearchHit[]> {
    if (this.store.readSession() === null) return [];
    return this.chat.view.search(query, limit, () => this.wiring.clock.sleep(0));
  }

  /** The whole chat as a file, as UTF-8; null when there is none. */
  async export(format: "json" | "markdown"): Promise<ReadableStream<Uint8Array> | null> {
    return exportChat(this.store, this.chat.view, format, this.wiring.clock.nowMs());
  }

  /** A new secret for a read-only link, an earlier one stops working; null when there is no such chat. */
  async share(): Promise<string | null> {
    return this.link.renew();
  }

  async readShare(): Promise<SessionShareState> {
    return this.link.readState();
  }

  async unshare(): Promise<void> {
    this.link.drop();
  }

  /** What anybody with the link may see; null for a link that does not work (any more). */
  async readShared(secret: string, limit: number, before: string | null): Promise<SharedChat | null> {
    return this.link.readChat(this.chat.view, secret, limit, before);
  }

  /** Takes note of a file whose bytes are stored. */
  async attach(file: Omit<AttachmentRow, "createdAtMs">): Promise<"taken" | "unknown-chat" | "too-many"> {
    return this.files.note(file);
  }

  async findAttachment(attachmentId: string): Promise<AttachmentRow | null> {
    return this.store.extras.findAttachment(attachmentId);
  }

  /** A ticket for one socket of one person: 256 random bits, stored as a hash, used once, valid for a minute; null without a chat. */
  async issueTicket(holder: ObjectPrincipal): Promise<SessionTicket | null> {
    if (this.store.readSession() === null) return null;
    const ticket = this.wiring.idSource.randomBytes(32).toHex();
    const nowMs = this.wiring.clock.nowMs();
    const expiresAtMs = nowMs + TICKET_LIFETIME_MS;
    this.store.saveTicket({ ...holder, hash: hashSecret(ticket), expiresAtMs }, nowMs);
    return { ticket, expiresInSeconds: TICKET_LIFETIME_MS / 1_000 };
  }

  /** The socket upgrade. The Worker says who asks, or passes a ticket on. */
  override async fetch(request: Request): Promise<Response> {
    const holder = this.readHolder(request.headers);
    const session = this.store.readSession();
    const owns =
      holder !== null &&
      session !== null &&
      holder.userId === session.userId &&
      holder.organizationId === session.organizationId;
    if (!owns) return new Response("There is no such chat.", { status: 404 });
    closeSilentSockets(this.ctx, this.wiring.clock.nowMs());
    if (this.sockets.count >= MAX_SOCKETS) {
      return new Response("Too many sockets are open on this chat.", { status: 503 });
    }
    const asked =
      request.headers
        .get("sec-websocket-protocol")
        ?.split(",")
        .map((name) => name.trim()) ?? [];
    const live = asked.includes(LIVE_SUBPROTOCOL);
    const { 0: client, 1: server } = new WebSocketPair();
    const chatSocket = this.sockets.accept(server, live, holder);
    const headers = new Headers({ "x-request-id": request.headers.get("x-request-id") ?? "" });
    if (live) headers.set("sec-websocket-protocol", LIVE_SUBPROTOCOL);
    if (live) this.chat.greet(chatSocket);
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const chatSocket = this.sockets.find(socket);
    const read = readClientFrame(data, chatSocket.live);
    if (!read.ok) return refuseFrame(chatSocket, read.error);
    const frame = read.value;
    // An `ack` asks for nothing. Nothing is awaited where nobody must be asked: what comes at once is done at once.
    if (frame.type === "ack") return this.chat.handleFrame(chatSocket, frame);
    const may = this.sockets.mayAct(socket);
    if (may !== true && !(await may)) return;
    const take = this.files.take.bind(this.files);
    await this.sockets.inOrder(socket, () => hearFrame(take, chatSocket, frame, this.wiring.log));
    if (socket.readyState !== WebSocket.OPEN) this.chat.forgetFollower(chatSocket);
  }

  override webSocketClose(socket: WebSocket): void {
    this.forgetSocket(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.forgetSocket(socket);
  }

  override async alarm(): Promise<void> {
    this.wakeUp.fired();
    // First of all: whatever happens below, somebody looks again while there is something to do.
    if (this.chat.hasOpenTurns || !this.outbox.isEmpty) this.wakeUp.within(WATCH_WITHIN_MS);
    try {
      closeSilentSockets(this.ctx, this.wiring.clock.nowMs());
      if (!this.chat.isRunning) this.chat.recover();
      await this.outbox.drain();
    } catch (error) {
      this.wiring.log.write("error", "alarm_failed", {
        object: `chat-session/${this.store.readSession()?.sessionId ?? "unknown"}`,
        alarm: "watch",
        error: describeError(error),
      });
    }
  }

  private readHolder(headers: Headers): ObjectPrincipal | null {
    const ticket = headers.get(TICKET_HEADER);
    if (ticket !== null) return this.store.takeTicket(hashSecret(ticket), this.wiring.clock.nowMs());
    return readObjectPrincipal(headers);
  }

  private forgetSocket(socket: WebSocket): void {
    const chatSocket = this.sockets.find(socket);
    this.sockets.forget(socket);
    this.chat.removeSocket(chatSocket);
  }
}
