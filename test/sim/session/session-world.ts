/**
 * One simulated chat from its first frame to its rest: the real session code over rows in memory, clients that come,
 * go, ask, edit and stop, an object that dies and sleeps, providers and a queue that fail. Then everything is well, and
 * whatever is left has to come to its end.
 */
import { newSessionId, type IdSource } from "../../../src/base/id.ts";
import type { Random } from "../../../src/base/random.ts";
import { MemoryStorage } from "../../fakes/memory-storage.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { toProviderId } from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { between, streamOf } from "./chance.ts";
import { LiveClient } from "./live-client.ts";
import { drawPlan, type SessionPlan } from "./session-plan.ts";
import { SessionLedger } from "./session-ledger.ts";
import { storeOldMessages, storeOldRecords } from "./old-chat.ts";
import { PROVIDERS, SimAnswers } from "./sim-answers.ts";
import { SimChatObject } from "./sim-chat-object.ts";
import type { SimClient } from "./sim-client.ts";
import { SimModel, type BookedCall } from "./sim-model.ts";
import { SimQueue } from "./sim-queue.ts";
import type { ObjectEnd } from "./sim-socket.ts";
import type { ToolRun } from "./sim-tools.ts";
import { StockClient } from "./stock-client.ts";

/** A turn lasts a quarter of an hour at most; after that nothing may be left to wait for. */
const CALM_LIMIT_MS = 40 * 60_000;
const CALM_STEP_MS = 5_000;
const OLD_ALARM_MS = 3_000;
const CRASH_AFTER_WITHIN_MS = 40;
/** So much more often than after other frames: there is little time between a stop and its end. */
const CRASH_AFTER_STOP = 8;

export class SessionWorld {
  readonly plan: SessionPlan;
  readonly clock = new VirtualClock();
  readonly storage = new MemoryStorage();
  readonly log = new RecordingLog();
  readonly ledger = new SessionLedger();
  readonly queue: SimQueue;
  readonly models: ReadonlyMap<string, SimModel>;
  readonly object: SimChatObject;
  readonly clients: readonly SimClient[];
  /** Every call of a provider, in the order in which they came. */
  readonly books: BookedCall[] = [];
  /** Every run of a tool, likewise. */
  readonly toolRuns: ToolRun[] = [];
  readonly bugs: string[] = [];
  private isCreated = false;
  /** Everything came to its end within the time for it. */
  isCalm = false;
  private readonly startedMs = this.clock.nowMs();
  private readonly chance: Random;
  private readonly writes: Random;

  constructor(seed: number, plan: SessionPlan = drawPlan(seed)) {
    this.plan = plan;
    const { clock, log, storage } = this;
    this.chance = streamOf(seed, "world");
    this.writes = streamOf(seed, "writes");
    const onBug = (bug: string): void => this.noteBug(bug);
    this.models = new Map(
      PROVIDERS.map((id) => {
        const readTrouble = (): number => this.readTrouble(id);
        const { books: book } = this;
        return [
          id,
          new SimModel({ id: toProviderId(id), random: streamOf(seed, id), book, readTrouble, onBug }),
        ];
      }),
    );
    this.queue = new SimQueue({
      clock,
      random: streamOf(seed, "queue"),
      readTrouble: () => (this.isActive ? plan.queueTrouble : 0),
      onSend: () => this.maybeCrash(plan.crashAfterRecord),
    });
    const answers = new SimAnswers({
      models: this.models,
      random: streamOf(seed, "routing"),
      log,
      settings: plan.settings,
      isCircuitOpen: (provider) => this.listTroubles(provider).some(({ isCircuitOpen }) => isCircuitOpen),
      onBug,
    });
    const ids = toIdSource(streamOf(seed, "ids"), () => clock.nowMs());
    this.object = new SimChatObject({
      clock,
      storage,
      queue: this.queue,
      answers,
      ids,
      log,
      settings: plan.settings,
      tools: plan.hasTools ? { random: streamOf(seed, "tool-runs"), book: this.toolRuns } : null,
      random: streamOf(seed, "platform"),
      onBug,
      isStorageAway: () => this.isStorageAway(),
      onWrite: () => this.maybeCrashBehind(),
      onTurnEnd: (turnId, life) => this.ledger.endedIn.set(turnId, life),
      onStop: (turnId) => this.ledger.stopped.add(turnId),
      onLifeEnd: (life) => {
        for (const model of this.models.values()) model.loseCalls(life, clock.nowMs());
      },
    });
    this.clients = plan.clients.map((client) => {
      const deps = {
        plan: client,
        world: plan,
        clock,
        object: this.object,
        end: this.toObjectEnd(),
        ledger: this.ledger,
        random: streamOf(seed, client.name),
        onBug,
      };
      return client.kind.startsWith("stock") ? new StockClient(deps) : new LiveClient(deps);
    });
    this.sessionId = newSessionId(ids);
  }

  private readonly sessionId: string;

  get durationMs(): number {
    return this.clock.nowMs() - this.startedMs;
  }

  async run(): Promise<void> {
    await this.createChat();
    this.schedule();
    await this.clock.advance(this.plan.activeMs);
    for (const client of this.clients) client.settle();
    await this.waitForCalm();
    await this.readEverything();
  }

  close(): void {
    this.storage.close();
  }

  private get isActive(): boolean {
    return this.durationMs < this.plan.activeMs;
  }

  private async createChat(): Promise<void> {
    const { plan, sessionId } = this;
    await this.object.call(({ store }) => {
      store.createSession({
        sessionId,
        organizationId: "org_sim",
        userId: "user_sim",
        title: "New chat",
        titleSource: "none",
        createdAtMs: this.startedMs,
      });
      storeOldMessages(store, plan.oldMessages, streamOf(plan.seed, "old"), this.startedMs);
      storeOldRecords(store, plan.oldRecords, sessionId);
    });
    // Whoever left records there has seen to it that somebody looks.
    this.isCreated = true;
    if (plan.oldRecords > 0) await this.storage.setAlarm(this.startedMs + OLD_ALARM_MS);
  }

  private schedule(): void {
    const { clock, plan, object } = this;
    for (const client of this.clients) clock.startTimer(client.plan.comesAtMs, () => client.arrive());
    for (const atMs of plan.actsAtMs) clock.startTimer(atMs, () => this.act());
    for (const atMs of plan.crashesAtMs) clock.startTimer(atMs, () => object.crash());
    for (const atMs of plan.evictionsAtMs) clock.startTimer(atMs, () => object.evict());
  }

  private act(): void {
    const client = this.clients[Math.floor(this.chance() * this.clients.length)];
    client?.act();
  }

  /** The object's end of every socket; now and then it dies in the moment after it was told something. */
  private toObjectEnd(): ObjectEnd {
    return {
      accept: (socket) => this.object.accept(socket),
      forget: (socket) => this.object.forget(socket),
      receive: (socket, text) => {
        this.object.receive(socket, text);
        const isStop = text.startsWith('{"type":"stop"') || text.startsWith('{"type":"abort"');
        this.maybeCrash(this.plan.crashAfterFrame * (isStop ? CRASH_AFTER_STOP : 1));
      },
    };
  }

  private maybeCrash(share: number): void {
    if (!this.isActive || this.chance() >= share) return;
    this.clock.startTimer(between(this.chance, 0, CRASH_AFTER_WITHIN_MS), () => this.object.crash());
  }

  private isStorageAway(): boolean {
    const atMs = this.durationMs;
    return this.plan.storageAway.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  }

  private maybeCrashBehind(): void {
    if (!this.isCreated || !this.isActive || this.writes() >= this.plan.crashAfterWrite) return;
    queueMicrotask(() => this.object.crash());
  }

  private async waitForCalm(): Promise<void> {
    for (let waitedMs = 0; waitedMs < CALM_LIMIT_MS; waitedMs += CALM_STEP_MS) {
      await this.clock.advance(CALM_STEP_MS);
      const isOver = await this.object.call(
        ({ chat, store, isIdle }) => !chat.hasOpenTurns && isIdle && store.readOutbox(1).length === 0,
      );
      if (isOver !== true || !this.clients.every(({ isSettled }) => isSettled)) continue;
      if (this.storage.alarm === null) {
        this.isCalm = true;
        return;
      }
    }
  }

  /** Live clients load what is above the newest page. */
  private async readEverything(): Promise<void> {
    for (;;) {
      const asked = this.clients.filter((client) => client instanceof LiveClient && client.askForOlder());
      if (asked.length === 0) return;
      await this.clock.advance(CALM_STEP_MS);
    }
  }

  private listTroubles(provider: string): SessionPlan["troubles"] {
    const atMs = this.durationMs;
    return this.plan.troubles.filter(
      (trouble) =>
        (trouble.provider === null || trouble.provider === provider) &&
        atMs >= trouble.fromMs &&
        atMs < trouble.untilMs,
    );
  }

  private readTrouble(provider: string): number {
    return this.isActive ? Math.max(0, ...this.listTroubles(provider).map(({ share }) => share)) : 0;
  }

  private noteBug(bug: string): void {
    this.bugs.push(`${bug} at ${this.durationMs} ms`);
  }
}

function toIdSource(random: Random, nowMs: () => number): IdSource {
  return { nowMs, randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)) };
}
