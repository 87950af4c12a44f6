/**
 * One life of the chat's object, from the moment it is made to the crash or eviction that ends it: the real core over
 * the storage that outlives it, put together as durable-objects/open-chat.ts and chat-session.ts do on the platform.
 */
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { SelectionOutbox } from "../../../durable-objects/selection-outbox.ts";
import { WakeUp } from "../../../durable-objects/wake-up.ts";
import { newId, newMessageId, newSelectionId, newTurnId, type IdSource } from "../../../src/base/id.ts";
import type { Log } from "../../../src/base/log.ts";
import type { Random } from "../../../src/base/random.ts";
import { ClientFrame, LiveClientFrame, MAX_FRAME_BYTES } from "../../../src/protocol/session-frame.ts";
import { resolveModels } from "../../../src/routing/run-answer.ts";
import { Chat } from "../../../src/session/chat.ts";
import { ChatTools } from "../../../src/session/tools/chat-tools.ts";
import { ChatUpkeep } from "../../../src/session/chat-upkeep.ts";
import { countLegs } from "../../../src/session/turn/count-legs.ts";
import { hearFrame } from "../../../src/session/frames/hear-frame.ts";
import { isLongerThan } from "../../../src/session/frames/frame-text.ts";
import type { ChatSocket } from "../../../src/session/turn/live-turn.ts";
import { SessionStore } from "../../../src/session/store/session-store.ts";
import { ToolApprovals } from "../../../src/session/tools/tool-approvals.ts";
import { createStepStarter, estimatePromptTokens } from "../../../src/session/turn/turn-steps.ts";
import type { MemoryStorage } from "../../fakes/memory-storage.ts";
import { priceUsage } from "../price-list.ts";
import { readChatMigrations } from "./chat-migrations.ts";
import type { MortalClock } from "./mortal-clock.ts";
import type { SimAnswers } from "./sim-answers.ts";
import type { SimQueue } from "./sim-queue.ts";
import type { SimSocket } from "./sim-socket.ts";
import type { SessionSettings } from "./session-plan.ts";
import { toSimTools, type ToolRun } from "./sim-tools.ts";

const WATCH_WITHIN_MS = 30_000;
const DRAIN_AGAIN_MS = 5_000;
export const CLOSE_BAD_FRAME = 1008;
const CLOSE_TOO_BIG = 1009;
/** Said by nothing else: what says so in the log is no bug. */
export const STORAGE_AWAY = "the simulated storage is away";
/** Whoever waits for something when its life ends waits for ever. */
const NEVER = new Promise<never>(() => {});

export interface ChatLifeDeps {
  readonly number: number;
  readonly clock: MortalClock;
  readonly storage: MemoryStorage;
  readonly queue: SimQueue;
  readonly answers: SimAnswers;
  readonly ids: IdSource;
  readonly log: Log;
  readonly settings: SessionSettings;
  /** Null for a chat without tools. */
  readonly tools: { readonly random: Random; readonly book: ToolRun[] } | null;
  /** Nothing of a running answer's log can be written. */
  readonly isStorageAway: () => boolean;
  /** Something was written; what is written in the same moment, without waiting, is one transaction with it. */
  readonly onWrite: () => void;
  /** Somebody has stopped this turn. */
  readonly onStop: (turnId: string) => void;
  /** The end of this turn is stored. */
  readonly onTurnEnd: (turnId: string, life: number) => void;
  readonly onBug: (bug: string) => void;
}

export class ChatLife {
  readonly number: number;
  readonly store: SessionStore;
  chat!: Chat;
  /** Resolves when the object may be asked. */
  readonly opened: Promise<void>;
  private readonly deps: ChatLifeDeps;
  private readonly db: DrizzleSqliteDODatabase;
  private readonly sockets = new Map<SimSocket, ChatSocket>();
  private readonly background = new Set<Promise<void>>();
  private readonly wakeUp: WakeUp;
  private readonly outbox: SelectionOutbox;
  private isOpen = false;

  constructor(deps: ChatLifeDeps, sockets: readonly SimSocket[]) {
    const { storage, clock, queue } = deps;
    const log = toMortalLog(deps.log, clock);
    this.deps = { ...deps, log };
    this.number = deps.number;
    const mine = this.toMortalStorage(storage);
    this.db = drizzle(mine);
    this.store = new SessionStore(this.db);
    for (const socket of sockets) this.addSocket(socket);
    this.wakeUp = new WakeUp(mine, () => clock.nowMs());
    this.outbox = new SelectionOutbox({
      store: this.store,
      queue: () => ({
        sendBatch: (messages) => (this.isOver ? NEVER : queue.sendBatch(clock, messages)),
      }),
      log,
      onWaiting: () => this.wakeUp.within(WATCH_WITHIN_MS),
      onRefused: () => this.wakeUp.within(DRAIN_AGAIN_MS),
    });
    this.opened = this.open();
  }

  get isOver(): boolean {
    return this.deps.clock.isOver;
  }

  /** Nothing runs and no timer is set: the platform may put it to sleep. */
  get isIdle(): boolean {
    return this.background.size === 0 && !this.deps.clock.isWaiting;
  }

  get openSockets(): readonly SimSocket[] {
    return [...this.sockets.keys()];
  }

  accept(socket: SimSocket): void {
    const chatSocket = this.addSocket(socket);
    if (socket.live) this.chat.greet(chatSocket);
  }

  receive(socket: SimSocket, text: string): void {
    const chatSocket = this.addSocket(socket);
    if (isLongerThan(text, MAX_FRAME_BYTES))
      return chatSocket.close(CLOSE_TOO_BIG, "This frame is too large.");
    const shape = socket.live ? LiveClientFrame : ClientFrame;
    const parsed = shape.safeParse(parseJson(text));
    if (!parsed.success) return chatSocket.close(CLOSE_BAD_FRAME, "Bad frame");
    if (parsed.data.type === "stop") this.noteStop(parsed.data.turnId ?? null);
    const take = (from: ChatSocket, frame: LiveClientFrame): null => {
      this.chat.handleFrame(from, frame);
      return null;
    };
    void hearFrame(take, chatSocket, parsed.data, this.deps.log);
  }

  stopAll(): void {
    this.noteStop(null);
    this.chat.stopAll();
  }

  forget(socket: SimSocket): void {
    const chatSocket = this.sockets.get(socket);
    if (chatSocket === undefined) return;
    this.sockets.delete(socket);
    this.chat.removeSocket(chatSocket);
  }

  async alarm(): Promise<void> {
    this.wakeUp.fired();
    if (this.chat.hasOpenTurns || !this.outbox.isEmpty) this.wakeUp.within(WATCH_WITHIN_MS);
    if (!this.chat.isRunning) this.chat.recover();
    await this.outbox.drain();
  }

  end(): void {
    this.deps.clock.end();
  }

  private async open(): Promise<void> {
    await migrate(this.db, readChatMigrations());
    await this.wakeUp.load();
    this.chat = this.createChat();
    if (this.store.readSession() !== null) this.chat.recover();
    this.isOpen = true;
  }

  private createChat(): Chat {
    const { clock, log, ids, settings, answers, number } = this.deps;
    const { store } = this;
    const resolve = (requested: readonly string[]): ReturnType<typeof resolveModels> =>
      resolveModels(answers.catalog, requested);
    const ask = {
      store,
      resolveModels: resolve,
      runAnswer: answers.forLife(number, clock, store),
      contextTokens: settings.contextTokens,
      newSelectionId: () => newSelectionId(ids),
    };
    const approvals = new ToolApprovals(clock);
    const tools = this.openTools(approvals);
    const chat = new Chat({
      store,
      clock,
      log,
      callBudget: null,
      sockets: () => [...this.sockets.values()],
      resolveModels: resolve,
      endUpkeep: () => upkeep.end(),
      newIds: () => ({
        turnId: newTurnId(ids),
        messageId: newMessageId(ids),
        selectionId: newSelectionId(ids),
      }),
      startStep: createStepStarter({
        ...ask,
        log,
        onBudget: () => {},
        listTools: async (signal) => (tools === null ? [] : (await tools.openRegistry(signal)).definitions),
        readFiles: () => Promise.resolve(new Map()),
      }),
      runTools: tools === null ? null : (live, calls, tell) => tools.run(live, calls, tell),
      decideTool: (approvalId, approved) => approvals.decide(approvalId, approved),
      isSandbox: () => true,
      continuesAfterCrash: settings.continuesAfterCrash,
      countLegs: (turn, legs, charactersOfLegs) =>
        countLegs(legs, {
          charactersOfLegs,
          inputTokens: () => estimatePromptTokens({ ...ask, ownTools: tools?.ownTools ?? [] }, turn),
          priceUsage: (_target, usage) => priceUsage(usage),
        }),
      turnMs: settings.turnMs,
      runInBackground: (work) => this.runInBackground(work),
      onTurnStart: () => this.wakeUp.within(WATCH_WITHIN_MS),
      onTurnEnd: ({ turnId }) => {
        this.deps.onTurnEnd(turnId, number);
        this.runInBackground(this.outbox.drain());
        this.runInBackground(upkeep.run(chat.view.leafMessageId));
      },
    });
    const upkeep = new ChatUpkeep({
      ...ask,
      clock,
      log,
      upkeepModel: settings.upkeepModel,
      onRecord: () => this.runInBackground(this.outbox.drain()),
      onTitle: () => chat.announceChange(false),
      onSummary: (summary) => chat.announce({ type: "summary-changed", summary }),
    });
    return chat;
  }

  private openTools(approvals: ToolApprovals): ChatTools | null {
    const { clock, ids, tools, number, onBug } = this.deps;
    if (tools === null) return null;
    const own = toSimTools(clock, number, tools.random, tools.book);
    return new ChatTools({
      clock,
      approvals,
      newApprovalId: () => newId("appr", ids),
      noteFault: ({ name, error }) => {
        if (!this.isOver && !error.includes(STORAGE_AWAY)) onBug(`[SM35] the tool ${name}: ${error}`);
      },
      listOthers: () => Promise.resolve(own),
    });
  }

  /** Who runs at this moment is stopped from now on, whatever happens next. */
  private noteStop(turnId: string | null): void {
    const running = this.store.readOpenTurns().find(({ status }) => status === "running");
    if (running !== undefined && (turnId ?? running.turnId) === running.turnId)
      this.deps.onStop(running.turnId);
  }

  private runInBackground(work: Promise<void>): void {
    this.background.add(work);
    work
      .catch((error: unknown) => {
        if (!this.isOver) this.deps.onBug(`[SM35] background work failed: ${String(error)}`);
      })
      .finally(() => this.background.delete(work));
  }

  private addSocket(socket: SimSocket): ChatSocket {
    let known = this.sockets.get(socket);
    if (known === undefined) {
      known = {
        live: socket.live,
        bringsWords: !socket.live,
        send: (text) => socket.sendToClient(text),
        close: (code) => socket.closeByObject(code),
      };
      this.sockets.set(socket, known);
    }
    return known;
  }

  private isRefused(query: string): boolean {
    if (!this.isOpen || !this.deps.isStorageAway()) return false;
    if (/^insert into "turn"/i.test(query)) return true;
    return /^(?:insert into|update) "chunk"/i.test(query) && this.chat.isRunning;
  }

  /** What is left of an ended life must not touch the rows of the next. */
  private toMortalStorage(storage: MemoryStorage) {
    const check = (): void => {
      if (this.isOver) throw new Error("a life of the object that is over touches its storage");
    };
    return {
      sql: {
        exec: (query: string, ...bindings: readonly unknown[]) => {
          check();
          if (this.isRefused(query)) throw new Error(STORAGE_AWAY);
          const cursor = storage.sql.exec(query, ...bindings);
          if (cursor.rowsWritten > 0) this.deps.onWrite();
          return cursor;
        },
      },
      transactionSync: <Value>(work: () => Value): Value => storage.transactionSync(work),
      getAlarm: () => storage.getAlarm(),
      setAlarm: (atMs: number) => {
        check();
        return storage.setAlarm(atMs);
      },
    };
  }
}

/** What an ended life has to say is no line in anybody's log. */
function toMortalLog(log: Log, clock: MortalClock): Log {
  return {
    write: (level, event, fields) => {
      if (!clock.isOver) log.write(level, event, fields);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
