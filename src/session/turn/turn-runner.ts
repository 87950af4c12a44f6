/**
 * Runs a chat's turns, one after another, to an end that is stored before it is told. It knows which turn is live and
 * who follows it; what a frame means is chat.ts's business, how a step is asked for turn-steps.ts's. Rules SE1, SE20,
 * SE24, SE25, SE40 to SE47, SE111.
 */
import { startAnswerDraft, toOpenCalls, toStepParts } from "../../protocol/answer-parts.ts";
import type { Receipt } from "../../protocol/answer.ts";
import type { CallSettings } from "../../protocol/call-settings.ts";
import type { LiveServerFrame } from "../../protocol/session-frame.ts";
import { Followers } from "../log/followers.ts";
import { toActiveTurn, type ChatSocket, type LiveTurn } from "./live-turn.ts";
import { mayGoOn, toStartedMs, type StoredTurn } from "./recover.ts";
import type { NewTurn, TurnRow } from "../rows.ts";
import { runTurn, type ResumedTurn } from "./run-turn.ts";
import type { TurnResult } from "./save-turn-end.ts";
import { SlowSockets } from "../log/slow-sockets.ts";
import { StreamLog } from "../log/stream-log.ts";
import { listQuestions, waitsForWords } from "../tools/tool-words.ts";
import { TurnEnding } from "./turn-ending.ts";
import { TurnQueue } from "./turn-queue.ts";
import type { TurnRunnerDeps } from "./turn-runner-deps.ts";
import { toStartReceipt } from "./turn-receipt.ts";

export class TurnRunner {
  readonly queue: TurnQueue;
  readonly slow: SlowSockets;
  private readonly deps: TurnRunnerDeps;
  private readonly end: TurnEnding;
  private live: LiveTurn | null = null;
  private ending: Promise<void> = Promise.resolve();
  private closed = false;
  /** What is told when a transaction is through; null outside of one. */
  private held: LiveServerFrame[] | null = null;

  constructor(deps: TurnRunnerDeps) {
    this.deps = deps;
    this.queue = new TurnQueue(deps.store);
    this.slow = new SlowSockets(deps.clock, (socket) => this.live?.followers.remove(socket));
    this.end = new TurnEnding(deps, this);
  }

  get running(): LiveTurn | null {
    return this.live;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** What is written in it is stored as a whole, and then told; nothing is told where it throws. */
  transact<Value>(work: () => Value): Value {
    const held: LiveServerFrame[] = [];
    this.held = held;
    let value: Value;
    try {
      value = this.deps.store.transact(work);
    } finally {
      this.held = null;
    }
    for (const frame of held) this.announce(frame);
    return value;
  }

  /** Stores a new turn, which waits where another one is running; it is to be begun at once. */
  add(turn: Omit<NewTurn, "status">, settings: CallSettings | null = null): TurnRow {
    const isFree = this.live === null && !this.closed;
    return this.queue.add({ ...turn, status: isFree ? "running" : "queued" }, settings);
  }

  /** `socket` follows it. */
  begin(turn: TurnRow, socket: ChatSocket): void {
    this.queue.wait(turn, turn.requestId, socket);
    if (turn.status === "running") this.start(turn, null);
  }

  isFollowedBy(turn: TurnRow, requestId: string, socket: ChatSocket): boolean {
    if (this.live?.turn.position === turn.position) return this.live.followers.has(requestId, socket);
    return this.queue
      .listWaiting(turn)
      .some((each) => each.requestId === requestId && each.socket === socket);
  }

  /** As `isFollowedBy`, under whatever id. */
  isReadBy(turn: TurnRow, socket: ChatSocket): boolean {
    if (this.live?.turn.position === turn.position) return this.live.followers.hasSink(socket);
    return this.queue.listWaiting(turn).some((each) => each.socket === socket);
  }

  forgetSocket(socket: ChatSocket): void {
    this.live?.followers.remove(socket);
    this.slow.forget(socket);
    this.queue.forgetSocket(socket);
  }

  /** The stored log of a turn that is not live. */
  openLog(turn: TurnRow): StreamLog {
    return this.end.openLog(turn);
  }

  /** Stops the running turn: the wish is stored first, so that a crash cannot forget it. False when nothing runs. */
  stop(): boolean {
    if (this.live === null) return false;
    const { turn, controller } = this.live;
    try {
      if (!controller.signal.aborted) this.queue.change(turn, { stopRequested: true });
    } catch (error) {
      // Storage is away for a moment: a crash may forget it now, but whoever says stop is not to be told no.
      this.end.logBug(turn, error);
    }
    controller.abort();
    return true;
  }

  /** Stops the running turn and starts no other one; resolves when it has ended and is stored. */
  async close(): Promise<void> {
    this.closed = true;
    this.stop();
    await this.ending;
  }

  /** The chat is not forgotten after all: what waits goes on, and questions are taken again. */
  reopen(): void {
    this.closed = false;
    this.recover();
  }

  /** The word on a tool call of the running turn; after a crash it may come before the call waits for it again. */
  decideTool(approvalId: string, approved: boolean): void {
    // The first word counts, and what nobody has asked for is no word.
    if (this.live === null || !listQuestions(this.live).includes(approvalId)) return;
    this.live.givenWords.add(approvalId);
    this.deps.decideTool(approvalId, approved);
  }

  /** Takes a turn that waits out of the queue; it ends as cancelled. */
  cancelQueued(turn: TurnRow): void {
    this.end.endStored({ ...turn, stopRequested: true });
  }

  /** Goes on with the turn that a crash left running, or ends it, and then with those that wait. */
  recover(): void {
    // An alarm may come while the chat is being deleted.
    if (this.live !== null || this.closed) return;
    for (const turn of this.queue.listRunning()) {
      try {
        this.recoverTurn(turn);
      } catch (error) {
        this.end.logBug(turn, error);
        if (this.isLive(turn)) this.live = null;
        this.end.endBroken(turn);
      }
    }
    this.startNext();
  }

  private recoverTurn(turn: TurnRow): void {
    const chunks = this.openLog(turn).readStored();
    // Also one that ends here: what was shown and not stored is taken back from whoever comes with it.
    const next = this.queue.change(turn, { generation: turn.generation + 1, rewoundTo: chunks.length });
    const stored = this.end.readStored(next, chunks);
    const isReadable = stored !== null || chunks.length === 0;
    const { continuesAfterCrash, turnMs, clock, store } = this.deps;
    const startedMs = stored === null ? store.findEarliestStartMs(turn) : toStartedMs(stored);
    const goesOn = continuesAfterCrash && mayGoOn(turn, startedMs, turnMs, clock.nowMs());
    if (goesOn && isReadable && this.live === null) this.goOn(next, stored);
    else this.end.endStored(next);
  }

  private isLive(turn: TurnRow): boolean {
    return this.live?.turn.position === turn.position;
  }

  /** Tells every live socket that is not behind. */
  announce(frame: LiveServerFrame): void {
    if (this.held !== null) return void this.held.push(frame);
    const text = JSON.stringify(frame);
    for (const socket of this.deps.sockets()) if (socket.live && !this.slow.isSlow(socket)) socket.send(text);
  }

  startReceipt(turn: TurnRow): Receipt {
    return toStartReceipt({ ...turn, sandbox: this.deps.isSandbox(), startedMs: turn.createdAtMs });
  }

  /** A crash took this turn's object: the next life, which goes on behind what is stored. */
  private goOn(turn: TurnRow, stored: StoredTurn | null): void {
    this.deps.log.write("warn", "turn_recovered", {
      request_id: turn.turnId,
      turn_id: turn.turnId,
      generation: turn.generation,
      stored_chunks: turn.rewoundTo,
    });
    this.start(turn, stored);
  }

  /** Starts the oldest turn that waits, unless one is running. */
  private startNext(): void {
    if (this.live !== null || this.closed) return;
    const turn = this.queue.findQueued();
    if (turn === undefined) return;
    try {
      this.start(this.queue.change(turn, { status: "running" }), null);
    } catch (error) {
      // It is still open: the next one to look finds it.
      this.end.logBug(turn, error);
      if (this.isLive(turn)) this.live = null;
    }
  }

  private start(turn: TurnRow, stored: StoredTurn | null): void {
    this.deps.onTurnStart();
    const log = new StreamLog(this.deps.store.openStreamLog(turn.position, turn.generation === 0));
    const followers = new Followers<ChatSocket>(log);
    const draft = stored?.draft ?? startAnswerDraft();
    const openBeforeCrash = new Set(toOpenCalls(toStepParts(draft.parts)).map((call) => call.toolCallId));
    const controller = new AbortController();
    const settings = this.deps.store.readCallSettings(turn.position);
    const givenWords = new Set<string>();
    const facts = { turn, settings, log, followers, draft, controller, openBeforeCrash, givenWords };
    const live: LiveTurn = { ...facts, unsaved: [] };
    this.live = live;
    this.announce({ type: "turn-started", turn: toActiveTurn(turn) });
    for (const { requestId, socket } of this.queue.listWaiting(turn)) followers.add(requestId, socket, 0);
    for (const socket of this.deps.sockets()) {
      const isAsker = followers.has(turn.requestId, socket);
      if (socket.live && !isAsker && !this.slow.isSlow(socket)) followers.add(turn.requestId, socket, 0);
    }
    followers.sendStart();
    this.ending = this.runToItsEnd(live, stored);
    this.deps.runInBackground(this.ending);
  }

  private async runToItsEnd(live: LiveTurn, resumed: ResumedTurn | null): Promise<void> {
    const { turn } = live;
    const { clock } = this.deps;
    // Tools of the caller's own are the caller's to run: a call of one ends the answer.
    const runTools = live.settings?.tools === undefined ? this.deps.runTools : null;
    const startedMs = resumed === null ? clock.nowMs() : toStartedMs(resumed);
    let result: TurnResult | null = null;
    try {
      const ended = await runTurn(
        {
          clock,
          log: live.log,
          draft: live.draft,
          hasStock: () => live.followers.hasStock,
          deliver: (saved) => this.deliver(live, saved),
          onNotStored: (error) => this.end.logBug(turn, error),
          startStep: this.deps.startStep(live, startedMs),
          saveModelCall: (record) => this.end.saveModelCall(live, record),
          runTools: runTools === null ? null : (calls, tell) => runTools(live, calls, tell),
        },
        { ...turn, sandbox: this.deps.isSandbox(), startedMs },
        resumed,
      );
      result = { ...ended, status: ended.end.status };
    } catch (error) {
      this.end.logBug(turn, error);
    }
    try {
      await this.end.endLive(live, result);
    } finally {
      this.live = null;
    }
    this.startNext();
  }

  /** Those who bring words themselves are let go where one is waited for, once they have what is stored. */
  letGoForWords(live: LiveTurn): void {
    if (waitsForWords(live)) live.followers.endForWords();
  }

  private deliver(live: LiveTurn, saved: boolean): void {
    live.followers.deliver();
    // Who brings words is shown only what is stored: nothing has changed for them.
    if (!saved) return;
    this.letGoForWords(live);
    live.followers.sendDurable(live.turn.generation);
    this.slow.note(live.followers.listFull());
  }
}
