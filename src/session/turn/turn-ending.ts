/**
 * How a turn ends: stored first, in one transaction, then told. Storage may be away for a moment, and an answer may be
 * more than it takes; the turn ends all the same, and its chat goes on. Rules SE1, SE41, SE43, SE110, SE111.
 */
import type { Receipt } from "../../protocol/answer.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { LiveServerFrame, StoredMessage } from "../../protocol/session-frame.ts";
import { STOPPED } from "../../routing/selection-record.ts";
import { Followers } from "../log/followers.ts";
import type { ChatSocket, LiveTurn } from "./live-turn.ts";
import { logBug } from "../log-bug.ts";
import { endStoredTurn, readStoredTurn, type RecoverFacts, type StoredTurn } from "./recover.ts";
import type { SessionRow, TurnRow } from "../rows.ts";
import { saveRecords, saveTurnEnd, toAnswerMessage, type TurnResult } from "./save-turn-end.ts";
import type { SlowSockets } from "../log/slow-sockets.ts";
import { StreamLog, type StreamLogStore } from "../log/stream-log.ts";
import { toTerminalChunks } from "../log/terminal-chunks.ts";
import { toMessageText } from "../context/to-prompt.ts";
import type { TurnQueue } from "./turn-queue.ts";
import type { TurnRunnerDeps } from "./turn-runner-deps.ts";

/** How long each try waits to store the end of a live turn. */
const TRY_AFTER_MS = [0, 1_000, 4_000] as const;
const NOT_STORED = "This answer could not be stored.";
/** Stands for a log that cannot be read: nothing is known of it, and nothing is written to it. */
const UNREADABLE: StreamLogStore = { readAll: () => [], append: () => undefined };

/** The part of the runner that is needed here. */
export interface EndingTurns {
  readonly queue: TurnQueue;
  readonly slow: SlowSockets;
  readonly running: LiveTurn | null;
  announce(frame: LiveServerFrame): void;
}

export class TurnEnding {
  private readonly deps: TurnRunnerDeps;
  private readonly turns: EndingTurns;

  constructor(deps: TurnRunnerDeps, turns: EndingTurns) {
    this.deps = deps;
    this.turns = turns;
  }

  /** The stored log of a turn that is not live. */
  openLog(turn: TurnRow): StreamLog {
    return new StreamLog(this.deps.store.openStreamLog(turn.position));
  }

  /** Null when nothing is stored, or nothing that this version can read: a chat must not be locked by it. */
  readStored(turn: TurnRow, chunks: readonly string[]): StoredTurn | null {
    return this.attempt(turn, () => readStoredTurn(chunks, this.toRecoverFacts(turn, "crash")));
  }

  /**
   * A model call has ended and its tools are to be run: its record and the log in one transaction, tried again like an end.
   * Rejects when storage stays away; `unsaved` then goes on record with the end.
   */
  async saveModelCall(live: LiveTurn, record: SelectionRecord): Promise<void> {
    live.unsaved = [record];
    for (const waitMs of TRY_AFTER_MS) {
      if (waitMs > 0) await this.deps.clock.sleep(waitMs);
      const isSaved = this.attempt(live.turn, () =>
        this.deps.store.transact(() => {
          saveRecords(this.deps.store, this.session(), [record]);
          live.log.save();
          return true;
        }),
      );
      if (isSaved !== true) continue;
      live.unsaved = [];
      return;
    }
    throw new Error("a model call could not be stored");
  }

  /** Ends the turn that is live as it came out; null where it broke: then with what its log has. */
  async endLive(live: LiveTurn, result: TurnResult | null): Promise<void> {
    const { log, controller } = live;
    let { turn } = live;
    let ended = result;
    for (const waitMs of TRY_AFTER_MS) {
      if (waitMs > 0) await this.deps.clock.sleep(waitMs);
      // Whoever says stop while it waits means this answer too.
      turn = { ...turn, stopRequested: controller.signal.aborted };
      ended ??= this.attempt(turn, () => {
        log.save();
        return this.cutOff(turn, log, "bug", live.unsaved);
      });
      if (ended !== null && turn.stopRequested && ended.status !== "cancelled") ended = stopEnded(log, ended);
      if (ended !== null && this.tryEnd(turn, log, ended)) return;
    }
    this.endBare(turn, log, ended, live.unsaved);
  }

  /** Ends a turn that has no runner (any more) with what is stored of it. */
  endStored(turn: TurnRow): void {
    const log = this.openLog(turn);
    const ended = this.cutOff(turn, log, "crash");
    if (!this.tryEnd(turn, log, ended)) this.endBare(turn, log, ended);
  }

  /** For a turn that can be neither gone on with nor ended as it should: nothing of it may keep its chat from opening. */
  endBroken(turn: TurnRow): void {
    const log = this.attempt(turn, () => this.openLog(turn));
    this.endBare(turn, log ?? new StreamLog(UNREADABLE), null);
  }

  logBug(turn: TurnRow, error: unknown): void {
    logBug(this.deps.log, turn.turnId, error);
  }

  private attempt<Value>(turn: TurnRow, work: () => Value): Value | null {
    try {
      return work();
    } catch (error) {
      this.logBug(turn, error);
      return null;
    }
  }

  private cutOff(
    turn: TurnRow,
    log: StreamLog,
    cause: RecoverFacts["cause"],
    unsaved: readonly SelectionRecord[] = [],
  ): TurnResult {
    const stored = this.readStored(turn, log.readStored());
    const ended = endStoredTurn(stored, this.toRecoverFacts(turn, cause));
    log.append(ended.terminalChunks);
    return { ...ended, records: [...unsaved, ended.record], status: ended.record.status };
  }

  /** False when it could not be stored; then nothing of it is. */
  private tryEnd(turn: TurnRow, log: StreamLog, result: TurnResult, withLog = true): boolean {
    const message = this.attempt(turn, () =>
      saveTurnEnd(this.deps, this.session(), turn, withLog ? log : null, result),
    );
    if (message !== null) this.tellEnd(turn, log, result, message);
    return message !== null;
  }

  /** Without its words, which cannot be stored; where not even that can be, its row says that it has failed. */
  private endBare(
    turn: TurnRow,
    log: StreamLog,
    ended: TurnResult | null,
    unsaved: readonly SelectionRecord[] = [],
  ): void {
    const bare = this.attempt(turn, () => toBare(turn, ended ?? this.cutOff(turn, log, "bug", unsaved)));
    // Storage is away altogether: the turn stays open, and the next one to look finds it.
    if (bare === null) return;
    const { receipt } = bare;
    log.appendEnd(toTerminalChunks(receipt));
    // Whatever was asked since hangs on this answer: without its message, the path above would be gone with it.
    if (this.tryEnd(turn, log, bare) || this.tryEnd(turn, log, bare, false)) return;
    const { store, clock } = this.deps;
    const isMarked = this.attempt(turn, () =>
      store.transact(() => {
        store.updateTurn(turn.position, { status: bare.status, endedAtMs: clock.nowMs() });
        saveRecords(store, this.session(), bare.records);
        return true;
      }),
    );
    if (isMarked === true) this.tellEnd(turn, log, bare, toAnswerMessage(turn, bare));
  }

  private toRecoverFacts(turn: TurnRow, cause: RecoverFacts["cause"]): RecoverFacts {
    const question = this.deps.store.messages.find(turn.parentId);
    return {
      turn,
      session: this.session(),
      question: question === null ? "" : toMessageText(question),
      sandbox: this.deps.isSandbox(),
      cause,
      nowMs: this.deps.clock.nowMs(),
      newSelectionId: () => this.deps.newIds().selectionId,
      countLegs: (legs, charactersOfLegs) => this.deps.countLegs(turn, legs, charactersOfLegs),
    };
  }

  private tellEnd(turn: TurnRow, log: StreamLog, result: TurnResult, message: StoredMessage): void {
    const { queue, slow } = this.turns;
    const followers = this.followersAtEnd(turn, log);
    // Where its log could not be stored at all, its end is told all the same.
    log.seal();
    queue.remove(turn);
    // Who is behind has no use for the rest of the chunks: the whole message follows.
    slow.note(followers.end());
    this.turns.announce({ type: "turn-ended", turnId: turn.turnId, message });
    this.deps.log.write("info", "turn_ended", {
      request_id: turn.turnId,
      session_id: this.session().sessionId,
      turn_id: turn.turnId,
      status: result.status,
      duration_ms: result.receipt.durationMs ?? 0,
    });
    this.deps.onTurnEnd(turn, result.status);
  }

  /** Those of the live turn, or whoever waited for one that never began. */
  private followersAtEnd(turn: TurnRow, log: StreamLog): Followers<ChatSocket> {
    const { running, queue } = this.turns;
    if (running?.turn.position === turn.position) return running.followers;
    const followers = new Followers<ChatSocket>(log);
    for (const { requestId, socket } of queue.listWaiting(turn)) followers.add(requestId, socket, 0);
    followers.sendStart();
    return followers;
  }

  private session(): SessionRow {
    const session = this.deps.store.readSession();
    if (session === null) throw new Error("this chat was never created");
    return session;
  }
}

/** It had ended by itself before the stop came, and nobody knew: it ends as a reader meant it. */
function stopEnded(log: StreamLog, result: TurnResult): TurnResult {
  const receipt: Receipt = {
    ...result.receipt,
    status: "cancelled",
    finishReason: null,
    notice: STOPPED,
  };
  log.appendEnd(toTerminalChunks(receipt));
  const last = result.records.at(-1);
  const records = [
    ...result.records.slice(0, -1),
    ...(last === undefined ? [] : [{ ...last, status: "cancelled" as const }]),
  ];
  return { ...result, status: "cancelled", receipt, records };
}

function toBare({ stopRequested }: TurnRow, result: TurnResult): TurnResult {
  const status = stopRequested || result.status === "cancelled" ? "cancelled" : "failed";
  const receipt: Receipt = { ...result.receipt, status, notice: NOT_STORED };
  return { ...result, status, receipt, parts: [] };
}
