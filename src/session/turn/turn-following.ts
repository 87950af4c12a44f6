/**
 * How a socket comes to a turn and leaves it: by asking twice, by coming back, with a word on a tool call or without, by
 * aborting. What a follower is sent is followers.ts's business. Rules SE11, SE12, SE21, SE24, SE52, SE54, SE96, SE97, SE170.
 */
import type { Clock } from "../../base/clock.ts";
import type { ResumeFrame, SendFrame } from "../../protocol/session-frame.ts";
import { Followers } from "../log/followers.ts";
import type { ChatSocket } from "./live-turn.ts";
import { toResumePlace } from "../log/resume-place.ts";
import type { TurnRow } from "../rows.ts";
import { refuse, sendFrame } from "../frames/send-frame.ts";
import type { SessionStore } from "../store/session-store.ts";
import { StreamLog } from "../log/stream-log.ts";
import { toAnswerChunks } from "../log/to-answer-chunks.ts";
import {
  findPlaceBehind,
  listQuestions,
  readToolWords,
  waitsForWords,
  type ToolWords,
} from "../tools/tool-words.ts";
import type { TurnRunner } from "./turn-runner.ts";

/** An ended turn's log can be resumed this long: a locked phone, a train tunnel. */
const LOG_KEPT_MS = 15 * 60_000;
/** More requests with words than people's answers wait for; an older one's cursor is one of the whole answer. */
const MAX_WORD_PLACES = 100;
/** To words that come after its log is gone. */
const ENDED = "This answer has ended. Read the chat's messages.";

export interface TurnFollowingDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
}

export class TurnFollowing {
  private readonly deps: TurnFollowingDeps;
  private readonly runner: TurnRunner;
  /** Where in its turn's log a request that brought words was told from: its cursors count from there. */
  private readonly wordPlaces = new Map<string, { readonly turnId: string; readonly first: number }>();

  constructor(deps: TurnFollowingDeps, runner: TurnRunner) {
    this.deps = deps;
    this.runner = runner;
  }

  /** The same message again: follow the answer it has, running or ended, instead of asking twice. */
  repeat(socket: ChatSocket, requestId: string, userMessageId: string): void {
    const { store } = this.deps;
    const own = store.findTurnByRequest(requestId);
    const turn = own?.parentId === userMessageId ? own : store.findTurnByParent(userMessageId);
    if (turn === null) return refuse(socket, requestId, "This message is in the chat already.");
    if (this.runner.isFollowedBy(turn, requestId, socket)) return;
    this.follow(socket, requestId, turn, 0, 0, () => this.readAnswerLog(turn));
  }

  /** The log of an answer that has given its place to a later one's, made of the message: who asks twice hears it. */
  private readAnswerLog({ messageId }: TurnRow): StreamLog | null {
    const message = this.deps.store.messages.find(messageId);
    if (message === null || message.metadata === null) return null;
    const log = new StreamLog({ append: () => undefined, readAll: () => [] });
    log.append(toAnswerChunks(message, message.metadata));
    log.save();
    return log;
  }

  resume(socket: ChatSocket, frame: ResumeFrame): void {
    const { requestId, turnId } = frame;
    const turn = this.findTurnToResume(requestId, turnId ?? null);
    if (turn === null || this.isForgotten(turn)) {
      return sendFrame(socket, { type: "no-active", requestId });
    }
    const known = this.wordPlaces.get(requestId);
    if (known?.turnId === turn.turnId && frame.lastSequence !== undefined && !socket.live) {
      return this.follow(socket, requestId, turn, known.first + frame.lastSequence + 1, known.first);
    }
    const place = toResumePlace(frame, turn, socket.live);
    if (place.rewindTo !== null) {
      const { generation } = turn;
      sendFrame(socket, { type: "rewind", requestId, generation, sequence: place.rewindTo });
    }
    this.follow(socket, requestId, turn, place.next);
  }

  /**
   * The running answer from its beginning. Where none is written: the last one, if a reader has `left` it before its end
   * or its object died on the way, and it ends what is shown; `no-active` otherwise. Rule HT283.
   */
  followNewest(socket: ChatSocket, left: ReadonlySet<string>): void {
    const { store } = this.deps;
    const last = this.runner.running?.turn ?? store.readLastTurn();
    const isShown = last?.messageId === store.readSession()?.leafMessageId;
    const isCut = last !== null && isShown && (left.has(last.messageId) || last.generation > 0);
    if (last === null || (this.runner.running === null && !isCut)) {
      return sendFrame(socket, { type: "no-active", requestId: "" });
    }
    const { turnId } = last;
    this.resume(socket, { type: "resume", requestId: turnId, turnId, id: "", headers: {}, body: {} });
  }

  findFollowedAnswer(socket: ChatSocket): string | null {
    return this.runner.queue.open.find((turn) => this.runner.isReadBy(turn, socket))?.messageId ?? null;
  }

  /** Words on the calls of an answer, by a client that comes back with them: it goes on behind what it has. */
  takeWords(socket: ChatSocket, requestId: string, words: ToolWords): void {
    const { running } = this.runner;
    const turn = this.deps.store.findTurnByAnswer(words.messageId);
    if (turn === null) return refuse(socket, requestId, "There is no such answer in this chat.");
    const isRunning = running?.turn.position === turn.position;
    const log = isRunning ? running.log : this.runner.openLog(turn);
    if (this.isForgotten(turn) || log.nextSequence === 0) return refuse(socket, requestId, ENDED);
    const place = findPlaceBehind(log, words);
    if (place === null) return refuse(socket, requestId, "No call of this answer has asked for such a word.");
    if (isRunning) for (const [approvalId, word] of words.words) this.runner.decideTool(approvalId, word);
    const first = socket.live ? 0 : place;
    this.notePlace(requestId, turn.turnId, first);
    this.follow(socket, requestId, turn, place, first);
  }

  private notePlace(requestId: string, turnId: string, first: number): void {
    this.wordPlaces.delete(requestId);
    this.wordPlaces.set(requestId, { turnId, first });
    const [oldest] = this.wordPlaces.keys();
    if (this.wordPlaces.size > MAX_WORD_PLACES && oldest !== undefined) this.wordPlaces.delete(oldest);
  }

  /**
   * A client that brings words asks on, and the running answer waits for some: those that its copy has are heard, and to
   * the rest it is a no, since the question would otherwise wait behind an answer that waits for nobody.
   */
  hearBeforeQuestion({ messages }: SendFrame): void {
    const { running } = this.runner;
    if (running === null || !waitsForWords(running)) return;
    const { messageId } = running.turn;
    const brought = readToolWords({ trigger: "submit-message", messageId, messages });
    const words = brought?.messageId === messageId ? brought.words : null;
    for (const approvalId of listQuestions(running)) {
      this.runner.decideTool(approvalId, words?.get(approvalId) === true);
    }
  }

  private isForgotten({ endedAtMs }: TurnRow): boolean {
    return endedAtMs !== null && endedAtMs < this.deps.clock.nowMs() - LOG_KEPT_MS;
  }

  /** Who names no turn means the one that this request asked for; a cursor of it must not be taken for another's. */
  private findTurnToResume(requestId: string, turnId: string | null): TurnRow | null {
    const { store } = this.deps;
    const { running, queue } = this.runner;
    if (turnId === null) {
      const asked = store.findTurnByRequest(requestId);
      const spokenTo = this.wordPlaces.get(requestId);
      if (asked === null && spokenTo !== undefined) return store.findTurn(spokenTo.turnId);
      return asked ?? running?.turn ?? store.readLastTurn();
    }
    return queue.open.find((turn) => turn.turnId === turnId) ?? store.findTurn(turnId);
  }

  /** Replay and live are one thing: nothing is missing between them and nothing comes twice. */
  private follow(
    socket: ChatSocket,
    requestId: string,
    turn: TurnRow,
    next: number,
    first = 0,
    readGone: () => StreamLog | null = () => null,
  ): void {
    const { running, queue } = this.runner;
    if (running?.turn.position === turn.position) {
      sendFrame(socket, { type: "start", requestId });
      running.followers.add(requestId, socket, Math.min(next, running.log.nextSequence), first);
      running.followers.deliver();
      return this.runner.letGoForWords(running);
    }
    if (turn.status === "queued") {
      sendFrame(socket, { type: "start", requestId });
      return queue.wait(turn, requestId, socket);
    }
    const kept = this.runner.openLog(turn);
    const log = kept.nextSequence === 0 ? readGone() : kept;
    if (log === null) return sendFrame(socket, { type: "no-active", requestId });
    const followers = new Followers<ChatSocket>(log);
    sendFrame(socket, { type: "start", requestId });
    followers.add(requestId, socket, Math.min(next, log.nextSequence), first);
    this.runner.slow.note(followers.end());
  }

  /** A client may only abort what it asked for itself, or follows. */
  abort(socket: ChatSocket, requestId: string): void {
    for (const turn of this.runner.queue.open) {
      if (!this.runner.isFollowedBy(turn, requestId, socket)) continue;
      if (this.runner.running?.turn.position === turn.position) this.runner.stop();
      else this.runner.cancelQueued(turn);
    }
  }
}
