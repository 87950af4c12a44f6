/**
 * One chat while its object is awake: takes frames, runs one turn at a time, tells every tab. It owns the live
 * part (who follows, which turn runs); what must survive is in the store. The object around it only accepts
 * sockets and wakes up. Rules SE1 to SE44.
 */
import type { Clock } from "../base/clock.ts";
import type { ProviderId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import { startAnswerDraft, type AnswerDraft, type AnswerPart } from "../protocol/answer-parts.ts";
import type { Receipt } from "../protocol/answer.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import type {
  ActiveTurn,
  LiveClientFrame,
  LiveServerFrame,
  ResumeFrame,
  SendFrame,
  StoredMessage,
} from "../protocol/session-frame.ts";
import type { AnswerInput, AnswerOutcome, ResolvedModels } from "../routing/run-answer.ts";
import type { AnswerEvent } from "../routing/run-plan.ts";
import { acceptMessage, type Acceptance } from "./accept-message.ts";
import { Followers, toChunkFrame, type FrameSink } from "./followers.ts";
import { recoverTurn } from "./recover.ts";
import { runTurn, toStartReceipt } from "./run-turn.ts";
import type { SessionRow, SessionStore, TurnRow, TurnStatus } from "./store.ts";
import { StreamLog } from "./stream-log.ts";
import { toTitle, UNTITLED } from "./title.ts";
import { toMessageText, toPrompt } from "./to-prompt.ts";

/** An ended turn's log is kept this long for clients that come back: a locked phone, a train tunnel. */
export const LOG_KEPT_MS = 15 * 60_000;

/** A socket as a chat sees it. */
export interface ChatSocket extends FrameSink {
  /** True for the subprotocol that may be told of things it did not ask for. */
  readonly live: boolean;
}

export interface ChatDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly newIds: () => { readonly turnId: string; readonly messageId: string; readonly selectionId: string };
  readonly sockets: () => readonly ChatSocket[];
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: (input: AnswerInput) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  readonly isSandbox: () => boolean;
  /** Keeps the object awake for a turn. */
  readonly runInBackground: (work: Promise<void>) => void;
  /** A turn has begun or ended: dead-man alarm, outbox and log retention are the object's. */
  readonly onTurnStart: () => void;
  readonly onTurnEnd: () => void;
}

interface RunningTurn {
  readonly turn: TurnRow;
  readonly log: StreamLog;
  readonly draft: AnswerDraft;
  readonly controller: AbortController;
}

interface TurnResult {
  readonly status: TurnStatus;
  readonly parts: AnswerPart[];
  readonly receipt: Receipt;
  readonly record: SelectionRecord;
}

export class Chat {
  private readonly deps: ChatDeps;
  private running: RunningTurn | null = null;
  private readonly followers = new Map<number, Followers<ChatSocket>>();

  constructor(deps: ChatDeps) {
    this.deps = deps;
  }

  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Takes one parsed frame of a socket. Answers go out over the socket. */
  handleFrame(socket: ChatSocket, frame: LiveClientFrame): void {
    switch (frame.type) {
      case "send":
        this.handleSend(socket, frame);
        return;
      case "resume":
        this.handleResume(socket, frame);
        return;
      case "abort":
        this.handleAbort(socket, frame.requestId);
        return;
      case "stop":
        this.stop();
        return;
    }
  }

  /** Stops the running turn: the wish is stored first, so that a crash cannot forget it. False when nothing runs. */
  stop(): boolean {
    if (this.running === null) return false;
    this.deps.store.updateTurn(this.running.turn.position, { stopRequested: true });
    this.running.controller.abort();
    return true;
  }

  removeSocket(socket: ChatSocket): void {
    for (const followers of this.followers.values()) followers.remove(socket);
    this.announcePresence(false);
  }

  /** The first frame of a live socket, and the word to the others that somebody came. */
  greet(socket: ChatSocket): void {
    const session = this.session();
    const openTurns = this.deps.store.readOpenTurns();
    this.sendFrame(socket, {
      type: "hello",
      sessionId: session.sessionId,
      title: session.title,
      messages: this.deps.store.readPath(this.leaf(session, openTurns), openTurns),
      activeTurn: this.running === null ? null : toActiveTurn(this.running.turn),
      presence: this.deps.sockets().length,
    });
    this.announcePresence(false);
  }

  announcePresence(deleted: boolean): void {
    const title = this.deps.store.readSession()?.title ?? "";
    const presence = this.deps.sockets().length;
    this.announce({ type: "session-changed", title, presence, deleted });
  }

  /** The active path, with the running answer as far as it is stored. */
  readMessages(): StoredMessage[] {
    const session = this.session();
    const openTurns = this.deps.store.readOpenTurns();
    const path = this.deps.store.readPath(this.leaf(session, openTurns), openTurns);
    const { running } = this;
    if (running === null) return path;
    const at = path.findIndex((message) => message.id === running.turn.parentId);
    const answer: StoredMessage = {
      id: running.turn.messageId,
      role: "assistant",
      parentId: running.turn.parentId,
      parts: running.draft.parts,
      metadata: this.startReceipt(running.turn),
      createdAt: new Date(running.turn.createdAtMs).toISOString(),
    };
    return path.toSpliced(at + 1, 0, answer);
  }

  /** Ends turns that a crash left running, and goes on with those that wait. Called when the object wakes up. */
  recover(): void {
    if (this.running !== null) return;
    for (const turn of this.deps.store.readOpenTurns()) {
      if (turn.status === "running") this.endInterrupted(turn);
    }
    this.startNextTurn();
  }

  private handleSend(socket: ChatSocket, frame: SendFrame): void {
    const { store } = this.deps;
    const requested = frame.body.models ?? (frame.body.model === undefined ? [] : [frame.body.model]);
    const models = this.deps.resolveModels(requested);
    if (!models.ok) return this.refuse(socket, frame.requestId, models.error);
    const session = this.session();
    const openTurns = store.readOpenTurns();
    const accepted = acceptMessage(frame, {
      findMessage: (id) => store.findMessage(id),
      leafMessageId: this.leaf(session, openTurns),
      openTurns: openTurns.length,
    });
    if (!accepted.ok) return this.refuse(socket, frame.requestId, accepted.error);
    if (accepted.value.type === "repeat") return this.repeat(socket, frame.requestId, accepted.value.userMessageId);
    const parentId = this.storeQuestion(accepted.value, session);
    const turn = store.createTurn({
      ...this.deps.newIds(),
      requestId: frame.requestId,
      parentId,
      requested,
      status: "queued",
      createdAtMs: this.deps.clock.nowMs(),
    });
    this.followersOf(turn.position).add(frame.requestId, socket);
    this.startNextTurn();
  }

  /** Stores a new question, or moves back to an old one; returns the id of the message to answer. */
  private storeQuestion(acceptance: Exclude<Acceptance, { type: "repeat" }>, session: SessionRow): string {
    if (acceptance.type === "answer-again") {
      this.deps.store.updateSession({ leafMessageId: acceptance.userMessageId });
      return acceptance.userMessageId;
    }
    const { id, text, parentId } = acceptance.message;
    const message: StoredMessage = {
      id: id ?? this.deps.newIds().messageId,
      role: "user",
      parentId,
      parts: [{ type: "text", text }],
      metadata: null,
      createdAt: new Date(this.deps.clock.nowMs()).toISOString(),
    };
    this.deps.store.appendMessage(message);
    const title = session.title === UNTITLED ? toTitle(text) : session.title;
    this.deps.store.updateSession({ leafMessageId: message.id, title });
    this.announce({ type: "message-added", message });
    if (title !== session.title) this.announcePresence(false);
    return message.id;
  }

  /** The same message again: follow the answer it has, running or ended, instead of asking twice. */
  private repeat(socket: ChatSocket, requestId: string, userMessageId: string): void {
    const turn = this.deps.store.findTurnByParent(userMessageId);
    if (turn === null) return this.refuse(socket, requestId, "This message is in the chat already.");
    this.follow(socket, requestId, turn, 0);
  }

  private handleResume(socket: ChatSocket, frame: ResumeFrame): void {
    const turn = this.running?.turn ?? this.deps.store.readLastTurn();
    const expired =
      turn?.endedAtMs != null && turn.endedAtMs < this.deps.clock.nowMs() - LOG_KEPT_MS;
    if (turn === null || expired) {
      return this.sendFrame(socket, { type: "no-active", requestId: frame.requestId });
    }
    this.follow(socket, frame.requestId, turn, frame.lastSequence === undefined ? 0 : frame.lastSequence + 1);
  }

  /** Replay and live are joined in one synchronous step: nothing is missing between them and nothing comes twice. */
  private follow(socket: ChatSocket, requestId: string, turn: TurnRow, fromSequence: number): void {
    const isRunning = this.running?.turn.position === turn.position;
    const log = isRunning && this.running !== null ? this.running.log : this.storedLog(turn);
    const chunks = log.readFrom(fromSequence);
    if (!isRunning && turn.status !== "queued" && log.nextSequence === 0) {
      return this.sendFrame(socket, { type: "no-active", requestId });
    }
    this.sendFrame(socket, { type: "start", requestId });
    chunks.forEach((chunk, index) => socket.send(toChunkFrame(requestId, fromSequence + index, chunk)));
    if (isRunning || turn.status === "queued") this.followersOf(turn.position).add(requestId, socket);
    else this.sendFrame(socket, { type: "end", requestId });
  }

  private storedLog(turn: TurnRow): StreamLog {
    return new StreamLog(this.deps.store.openStreamLog(turn.position));
  }

  /** A client may only abort what it asked for itself, or follows. */
  private handleAbort(socket: ChatSocket, requestId: string): void {
    for (const turn of this.deps.store.readOpenTurns()) {
      if (this.followers.get(turn.position)?.has(requestId, socket) !== true) continue;
      if (this.running?.turn.position === turn.position) this.stop();
      else this.endInterrupted({ ...turn, stopRequested: true });
    }
  }

  private startNextTurn(): void {
    if (this.running !== null) return;
    // Only a queued one: a turn that is marked as running and has no runner is `recover`'s, never run twice.
    const turn = this.deps.store.readOpenTurns().find((open) => open.status === "queued");
    if (turn === undefined) return;
    const { store } = this.deps;
    store.updateTurn(turn.position, { status: "running" });
    store.dropStreamLogsBefore(turn.position);
    this.deps.onTurnStart();
    const running: RunningTurn = {
      turn,
      log: this.storedLog(turn),
      draft: startAnswerDraft(),
      controller: new AbortController(),
    };
    this.running = running;
    this.announce({ type: "turn-started", turn: toActiveTurn(turn) });
    const followers = this.followersOf(turn.position);
    for (const socket of this.deps.sockets()) if (socket.live) followers.add(turn.requestId, socket);
    followers.sendStart();
    this.deps.runInBackground(this.runTurnToItsEnd(running));
  }

  private async runTurnToItsEnd(running: RunningTurn): Promise<void> {
    const { turn, log } = running;
    const followers = this.followersOf(turn.position);
    try {
      const result = await runTurn(
        {
          clock: this.deps.clock,
          log,
          draft: running.draft,
          send: (flushed) => followers.sendChunks(flushed),
          answer: this.startAnswer(running),
        },
        { ...turn, sandbox: this.deps.isSandbox() },
      );
      this.endTurn(turn, log, { ...result, status: result.end.status });
    } catch (error) {
      this.deps.log.write("error", "internal_error", {
        request_id: turn.turnId,
        error: error instanceof Error ? error.message : String(error),
        stack: error instanceof Error ? (error.stack ?? null) : null,
      });
      this.endInterrupted(turn);
    } finally {
      this.running = null;
    }
    this.startNextTurn();
  }

  private startAnswer(running: RunningTurn): ReturnType<ChatDeps["runAnswer"]> {
    const { turn, controller } = running;
    const session = this.session();
    const path = this.deps.store.readPath(turn.parentId, []);
    const models = this.deps.resolveModels(turn.requested);
    if (!models.ok) throw new Error(`a queued turn asks for a model that is gone: ${models.error}`);
    const question = path.at(-1);
    return this.deps.runAnswer({
      models: models.value,
      call: { prompt: toPrompt(path) },
      question: question === undefined ? "" : toMessageText(question),
      selectionId: turn.selectionId,
      // The frames' request id is the client's own text; the record and the log go by an id of ours.
      requestId: turn.turnId,
      organizationId: session.organizationId,
      userId: session.userId,
      sessionId: session.sessionId,
      turnId: turn.turnId,
      lastProvider: session.lastProvider as ProviderId | null,
      signal: controller.signal,
    });
  }

  /** Ends a turn that has no runner any more with what is stored of it. */
  private endInterrupted(turn: TurnRow): void {
    const log = this.running?.turn.position === turn.position ? this.running.log : this.storedLog(turn);
    log.flush();
    const stopRequested = turn.stopRequested || (this.running?.controller.signal.aborted ?? false);
    const question = this.deps.store.findMessage(turn.parentId);
    const recovered = recoverTurn(log.readFrom(0), {
      turn: { ...turn, stopRequested },
      session: this.session(),
      question: question === null ? "" : toMessageText(question),
      sandbox: this.deps.isSandbox(),
      nowMs: this.deps.clock.nowMs(),
    });
    log.append(recovered.terminalChunks);
    this.endTurn(turn, log, { ...recovered, status: recovered.record.status });
  }

  /** One synchronous block, so one transaction: the last chunks, the message, the state, the record. Then the sends. */
  private endTurn(turn: TurnRow, log: StreamLog, result: TurnResult): void {
    const { store, clock } = this.deps;
    const session = this.session();
    const flushed = log.flush();
    const message: StoredMessage = {
      id: turn.messageId,
      role: "assistant",
      parentId: turn.parentId,
      parts: result.parts,
      metadata: result.receipt,
      createdAt: result.receipt.createdAt,
    };
    store.appendMessage(message);
    store.updateTurn(turn.position, { status: result.status, endedAtMs: clock.nowMs() });
    store.updateSession({
      // A question that waits already stands below this answer: then the leaf stays where it is.
      ...(session.leafMessageId === turn.parentId ? { leafMessageId: message.id } : {}),
      ...(result.record.provider === null ? {} : { lastProvider: result.record.provider }),
    });
    store.appendOutbox({ record: result.record, sessionTitle: session.title === UNTITLED ? null : session.title });
    const followers = this.followersOf(turn.position);
    if (flushed !== null) followers.sendChunks(flushed);
    followers.end();
    this.followers.delete(turn.position);
    this.announce({ type: "turn-ended", turnId: turn.turnId, message });
    this.deps.log.write("info", "turn_ended", {
      request_id: turn.turnId,
      session_id: session.sessionId,
      turn_id: turn.turnId,
      status: result.status,
      duration_ms: result.receipt.durationMs ?? 0,
    });
    this.deps.onTurnEnd();
  }

  private startReceipt(turn: TurnRow): Receipt {
    const createdAt = new Date(turn.createdAtMs).toISOString();
    return toStartReceipt({ ...turn, sandbox: this.deps.isSandbox() }, createdAt);
  }

  private session(): SessionRow {
    const session = this.deps.store.readSession();
    if (session === null) throw new Error("this chat was never created");
    return session;
  }

  /** Where the next question goes: below the last answer, one that is still to come included. */
  private leaf(session: SessionRow, openTurns: readonly TurnRow[]): string | null {
    return openTurns.at(-1)?.messageId ?? session.leafMessageId;
  }

  private followersOf(position: number): Followers<ChatSocket> {
    let followers = this.followers.get(position);
    if (followers === undefined) {
      followers = new Followers();
      this.followers.set(position, followers);
    }
    return followers;
  }

  private refuse(socket: ChatSocket, requestId: string, errorText: string): void {
    this.sendFrame(socket, { type: "error", requestId, errorText });
  }

  private announce(frame: LiveServerFrame): void {
    const text = JSON.stringify(frame);
    for (const socket of this.deps.sockets()) if (socket.live) socket.send(text);
  }

  private sendFrame(socket: ChatSocket, frame: LiveServerFrame): void {
    socket.send(JSON.stringify(frame));
  }
}

function toActiveTurn(turn: TurnRow): ActiveTurn {
  const { turnId, requestId, messageId, parentId } = turn;
  return { turnId, requestId, messageId, parentId };
}
