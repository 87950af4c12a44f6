/**
 * One chat while its object is awake: what a frame means, and what each tab is told. Turns are run by
 * turn-runner.ts, rows are kept by store.ts. Rules SE10 to SE31.
 */
import type { Clock } from "../base/clock.ts";
import type {
  LiveClientFrame,
  LiveServerFrame,
  ResumeFrame,
  SendFrame,
  StoredMessage,
} from "../protocol/session-frame.ts";
import { acceptMessage, type Acceptance } from "./accept-message.ts";
import { toChunkFrame } from "./followers.ts";
import type { SessionRow, SessionStore, TurnRow } from "./store.ts";
import { toTitle, UNTITLED } from "./title.ts";
import { toActiveTurn, TurnRunner, type ChatSocket, type TurnRunnerDeps } from "./turn-runner.ts";

/** An ended turn's log is kept this long for clients that come back: a locked phone, a train tunnel. */
export const LOG_KEPT_MS = 15 * 60_000;

export interface ChatDeps extends TurnRunnerDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly newIds: () => {
    readonly turnId: string;
    readonly messageId: string;
    readonly selectionId: string;
  };
}

export class Chat {
  private readonly deps: ChatDeps;
  private readonly runner: TurnRunner;

  constructor(deps: ChatDeps) {
    this.deps = deps;
    this.runner = new TurnRunner(deps);
  }

  get isRunning(): boolean {
    return this.runner.running !== null;
  }

  /** Takes one parsed frame of a socket. Answers go out over the socket. */
  handleFrame(socket: ChatSocket, frame: LiveClientFrame): void {
    // A frame may still arrive on a socket that was closed with the chat.
    if (this.runner.isClosed) return;
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
        this.runner.stop();
        return;
    }
  }

  /** For a chat that is about to be forgotten: nothing begins any more, what runs is stopped and has ended. */
  close(): Promise<void> {
    return this.runner.close();
  }

  /** Called when the object wakes up: turns that a crash left running end, those that wait go on. */
  recover(): void {
    this.runner.recover();
  }

  removeSocket(socket: ChatSocket): void {
    this.runner.forgetSocket(socket);
    this.announceChange(false);
  }

  /** The first frame of a live socket, and the word to the others that somebody came. */
  greet(socket: ChatSocket): void {
    const session = this.session();
    const running = this.runner.running;
    sendFrame(socket, {
      type: "hello",
      sessionId: session.sessionId,
      title: session.title,
      messages: this.readPath(session),
      activeTurn: running === null ? null : toActiveTurn(running.turn),
      presence: this.deps.sockets().length,
    });
    this.announceChange(false);
  }

  /** Tells every live tab the chat's name and how many there are, or that the chat is gone. */
  announceChange(deleted: boolean): void {
    const title = this.deps.store.readSession()?.title ?? "";
    this.runner.announce({ type: "session-changed", title, presence: this.deps.sockets().length, deleted });
  }

  /** The active path, with the running answer as far as it has come. */
  readMessages(): StoredMessage[] {
    const path = this.readPath(this.session());
    const running = this.runner.running;
    if (running === null) return path;
    const { turn, draft } = running;
    const answer: StoredMessage = {
      id: turn.messageId,
      role: "assistant",
      parentId: turn.parentId,
      parts: draft.parts,
      metadata: this.runner.startReceipt(turn),
      createdAt: new Date(turn.createdAtMs).toISOString(),
    };
    const at = path.findIndex((message) => message.id === turn.parentId);
    return path.toSpliced(at + 1, 0, answer);
  }

  private handleSend(socket: ChatSocket, frame: SendFrame): void {
    const { store } = this.deps;
    const requested = frame.body.models ?? (frame.body.model === undefined ? [] : [frame.body.model]);
    const models = this.deps.resolveModels(requested);
    if (!models.ok) return refuse(socket, frame.requestId, models.error);
    const session = this.session();
    const openTurns = store.readOpenTurns();
    const accepted = acceptMessage(frame, {
      findMessage: (id) => store.findMessage(id),
      leafMessageId: toLeaf(session, openTurns),
      openTurns: openTurns.length,
    });
    if (!accepted.ok) return refuse(socket, frame.requestId, accepted.error);
    if (accepted.value.type === "repeat")
      return this.repeat(socket, frame.requestId, accepted.value.userMessageId);
    const parentId = this.storeQuestion(accepted.value, session);
    const turn = store.createTurn({
      ...this.deps.newIds(),
      requestId: frame.requestId,
      parentId,
      requested,
      policy: frame.body.policy ?? null,
      status: "queued",
      createdAtMs: this.deps.clock.nowMs(),
    });
    this.runner.followersOf(turn).add(frame.requestId, socket);
    this.runner.startNext();
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
    this.runner.announce({ type: "message-added", message });
    if (title !== session.title) this.announceChange(false);
    return message.id;
  }

  /** The same message again: follow the answer it has, running or ended, instead of asking twice. */
  private repeat(socket: ChatSocket, requestId: string, userMessageId: string): void {
    const turn = this.deps.store.findTurnByParent(userMessageId);
    if (turn === null) return refuse(socket, requestId, "This message is in the chat already.");
    this.follow(socket, requestId, turn, 0);
  }

  private handleResume(socket: ChatSocket, frame: ResumeFrame): void {
    const turn = this.runner.running?.turn ?? this.deps.store.readLastTurn();
    const oldestKeptMs = this.deps.clock.nowMs() - LOG_KEPT_MS;
    if (turn === null || (turn.endedAtMs !== null && turn.endedAtMs < oldestKeptMs)) {
      return sendFrame(socket, { type: "no-active", requestId: frame.requestId });
    }
    this.follow(socket, frame.requestId, turn, frame.lastSequence === undefined ? 0 : frame.lastSequence + 1);
  }

  /** Replay and live are joined in one synchronous step: nothing is missing between them and nothing comes twice. */
  private follow(socket: ChatSocket, requestId: string, turn: TurnRow, fromSequence: number): void {
    const log = this.runner.logOf(turn);
    const isOpen = turn.status === "queued" || this.runner.running?.turn.position === turn.position;
    if (!isOpen && log.nextSequence === 0) return sendFrame(socket, { type: "no-active", requestId });
    sendFrame(socket, { type: "start", requestId });
    log
      .readFrom(fromSequence)
      .forEach((chunk, index) => socket.send(toChunkFrame(requestId, fromSequence + index, chunk)));
    if (isOpen) this.runner.followersOf(turn).add(requestId, socket);
    else sendFrame(socket, { type: "end", requestId });
  }

  /** A client may only abort what it asked for itself, or follows. */
  private handleAbort(socket: ChatSocket, requestId: string): void {
    for (const turn of this.deps.store.readOpenTurns()) {
      if (!this.runner.isFollowedBy(turn, requestId, socket)) continue;
      if (this.runner.running?.turn.position === turn.position) this.runner.stop();
      else this.runner.cancelQueued(turn);
    }
  }

  private readPath(session: SessionRow): StoredMessage[] {
    const openTurns = this.deps.store.readOpenTurns();
    return this.deps.store.readPath(toLeaf(session, openTurns), openTurns);
  }

  private session(): SessionRow {
    const session = this.deps.store.readSession();
    if (session === null) throw new Error("this chat was never created");
    return session;
  }
}

/** Where the next question goes: below the last answer, one that is still to come included. */
function toLeaf(session: SessionRow, openTurns: readonly TurnRow[]): string | null {
  return openTurns.at(-1)?.messageId ?? session.leafMessageId;
}

function refuse(socket: ChatSocket, requestId: string, errorText: string): void {
  sendFrame(socket, { type: "error", requestId, errorText });
}

function sendFrame(socket: ChatSocket, frame: LiveServerFrame): void {
  socket.send(JSON.stringify(frame));
}
