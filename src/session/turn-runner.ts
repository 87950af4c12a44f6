/**
 * Runs the turns of one chat, one after another, to an end that is stored before it is told. It knows which turn
 * is live and who follows it; what a frame means is chat.ts's business. Rules SE1, SE7, SE20, SE24, SE25, SE40 to SE43.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import { startAnswerDraft, type AnswerDraft, type AnswerPart } from "../protocol/answer-parts.ts";
import type { Receipt } from "../protocol/answer.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import type { ActiveTurn, LiveServerFrame, StoredMessage } from "../protocol/session-frame.ts";
import { toProviderId } from "../providers/provider-config.ts";
import type { AnswerInput, AnswerOutcome, ResolvedModels } from "../routing/run-answer.ts";
import type { AnswerEvent } from "../routing/run-plan.ts";
import { Followers, type FrameSink } from "./followers.ts";
import { recoverTurn } from "./recover.ts";
import { runTurn, toStartReceipt } from "./run-turn.ts";
import type { SessionRow, SessionStore, TurnRow, TurnStatus } from "./store.ts";
import { StreamLog } from "./stream-log.ts";
import { UNTITLED } from "./title.ts";
import { toMessageText, toPrompt } from "./to-prompt.ts";

/** A socket as a chat sees it. */
export interface ChatSocket extends FrameSink {
  /** True for the subprotocol that may be told of things it did not ask for. */
  readonly live: boolean;
}

export interface TurnRunnerDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly sockets: () => readonly ChatSocket[];
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: (
    input: AnswerInput,
  ) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  readonly isSandbox: () => boolean;
  /** Keeps the object awake for a turn. */
  readonly runInBackground: (work: Promise<void>) => void;
  /** A turn has begun or ended: dead-man alarm, outbox and log retention are the object's. */
  readonly onTurnStart: () => void;
  readonly onTurnEnd: () => void;
}

/** The turn that is live in this object's memory. */
export interface RunningTurn {
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

export class TurnRunner {
  private readonly deps: TurnRunnerDeps;
  private readonly followers = new Map<number, Followers<ChatSocket>>();
  private live: RunningTurn | null = null;
  private ending: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(deps: TurnRunnerDeps) {
    this.deps = deps;
  }

  get running(): RunningTurn | null {
    return this.live;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Who follows a turn that runs or waits. */
  followersOf(turn: TurnRow): Followers<ChatSocket> {
    let followers = this.followers.get(turn.position);
    if (followers === undefined) {
      followers = new Followers();
      this.followers.set(turn.position, followers);
    }
    return followers;
  }

  isFollowedBy(turn: TurnRow, requestId: string, socket: ChatSocket): boolean {
    return this.followers.get(turn.position)?.has(requestId, socket) ?? false;
  }

  forgetSocket(socket: ChatSocket): void {
    for (const followers of this.followers.values()) followers.remove(socket);
  }

  /** The log of a turn: the live one, or what is stored of an ended one. */
  logOf(turn: TurnRow): StreamLog {
    if (this.live?.turn.position === turn.position) return this.live.log;
    return new StreamLog(this.deps.store.openStreamLog(turn.position));
  }

  /** Stops the running turn: the wish is stored first, so that a crash cannot forget it. False when nothing runs. */
  stop(): boolean {
    if (this.live === null) return false;
    this.deps.store.updateTurn(this.live.turn.position, { stopRequested: true });
    this.live.controller.abort();
    return true;
  }

  /** Stops the running turn and starts no other one; resolves when it has ended and is stored. */
  async close(): Promise<void> {
    this.closed = true;
    this.stop();
    await this.ending;
  }

  /** Takes a turn that waits out of the queue; it ends as cancelled. */
  cancelQueued(turn: TurnRow): void {
    this.endInterrupted({ ...turn, stopRequested: true });
  }

  /** Ends turns that a crash left running, and goes on with those that wait. Called when the object wakes up. */
  recover(): void {
    if (this.live !== null) return;
    for (const turn of this.deps.store.readOpenTurns()) {
      if (turn.status === "running") this.endInterrupted(turn);
    }
    this.startNext();
  }

  /** Starts the oldest turn that waits, unless one is running. */
  startNext(): void {
    if (this.live !== null || this.closed) return;
    // Only a queued one: a turn that is marked as running and has no runner is `recover`'s, never run twice.
    const turn = this.deps.store.readOpenTurns().find((open) => open.status === "queued");
    if (turn === undefined) return;
    this.deps.store.updateTurn(turn.position, { status: "running" });
    this.deps.store.dropStreamLogsBefore(turn.position);
    this.deps.onTurnStart();
    const running: RunningTurn = {
      turn,
      log: this.logOf(turn),
      draft: startAnswerDraft(),
      controller: new AbortController(),
    };
    this.live = running;
    this.announce({ type: "turn-started", turn: toActiveTurn(turn) });
    const followers = this.followersOf(turn);
    for (const socket of this.deps.sockets()) if (socket.live) followers.add(turn.requestId, socket);
    followers.sendStart();
    this.ending = this.runToItsEnd(running);
    this.deps.runInBackground(this.ending);
  }

  /** Tells every live socket. */
  announce(frame: LiveServerFrame): void {
    const text = JSON.stringify(frame);
    for (const socket of this.deps.sockets()) if (socket.live) socket.send(text);
  }

  startReceipt(turn: TurnRow): Receipt {
    const createdAt = new Date(turn.createdAtMs).toISOString();
    return toStartReceipt({ ...turn, sandbox: this.deps.isSandbox() }, createdAt);
  }

  private async runToItsEnd(running: RunningTurn): Promise<void> {
    const { turn, log } = running;
    const followers = this.followersOf(turn);
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
      this.live = null;
    }
    this.startNext();
  }

  private startAnswer(running: RunningTurn): ReturnType<TurnRunnerDeps["runAnswer"]> {
    const { turn, controller } = running;
    const session = this.session();
    const path = this.deps.store.readPath(turn.parentId, []);
    const models = this.deps.resolveModels(turn.requested);
    if (!models.ok) throw new Error(`a queued turn asks for a model that is gone: ${models.error}`);
    const question = path.at(-1);
    return this.deps.runAnswer({
      models: models.value,
      policy: turn.policy,
      call: { prompt: toPrompt(path) },
      question: question === undefined ? "" : toMessageText(question),
      selectionId: turn.selectionId,
      // The frames' request id is the client's own text; the record and the log go by an id of ours.
      requestId: turn.turnId,
      organizationId: session.organizationId,
      userId: session.userId,
      sessionId: session.sessionId,
      turnId: turn.turnId,
      lastProvider: session.lastProvider === null ? null : toProviderId(session.lastProvider),
      signal: controller.signal,
    });
  }

  /** Ends a turn that has no runner any more with what is stored of it. */
  private endInterrupted(turn: TurnRow): void {
    const log = this.logOf(turn);
    // What a runner that failed had not sent yet: without it followers would see a gap before the last chunks.
    const unsent = log.flush();
    if (unsent !== null) this.followersOf(turn).sendChunks(unsent);
    const isLive = this.live?.turn.position === turn.position;
    const stopRequested = turn.stopRequested || (isLive && this.live?.controller.signal.aborted === true);
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
    store.appendOutbox({
      record: result.record,
      sessionTitle: session.title === UNTITLED ? null : session.title,
    });
    const followers = this.followersOf(turn);
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

  private session(): SessionRow {
    const session = this.deps.store.readSession();
    if (session === null) throw new Error("this chat was never created");
    return session;
  }
}

/** What other tabs are told of a turn. */
export function toActiveTurn(turn: TurnRow): ActiveTurn {
  const { turnId, requestId, messageId, parentId } = turn;
  return { turnId, requestId, messageId, parentId };
}
