/**
 * The chat's object as the platform keeps it: made when somebody asks, put to sleep when nothing runs, gone with its
 * machine at any moment between two events; its alarm fires at least once, sometimes late, and again when the life that
 * it was given to has ended first.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import type { MemoryStorage } from "../../fakes/memory-storage.ts";
import { between } from "./chance.ts";
import { ChatLife, type ChatLifeDeps } from "./chat-life.ts";
import { MortalClock } from "./mortal-clock.ts";
import type { SimSocket } from "./sim-socket.ts";

export interface SimChatObjectDeps extends Omit<ChatLifeDeps, "number" | "clock"> {
  readonly clock: Clock;
  readonly storage: MemoryStorage;
  readonly random: Random;
  /** The calls that this life was waiting for are nobody's any more. */
  readonly onLifeEnd: (life: number) => void;
}

const LATE_ALARMS = 0.05;
const LATE_BY_MS = 60_000;
const MOST_ALARM_TRIES = 6;
const ALARM_AGAIN_MS = 2_000;

export class SimChatObject {
  /** Lives that ended in the middle of whatever they were at. */
  readonly crashedLives = new Set<number>();
  evictions = 0;
  lives = 0;
  private readonly deps: SimChatObjectDeps;
  private life: ChatLife | null = null;
  /** Sockets that outlived an eviction. */
  private asleep: readonly SimSocket[] = [];
  private cancelAlarm: () => void = () => {};
  private alarmTries = 0;
  private isInAlarm = false;

  constructor(deps: SimChatObjectDeps) {
    this.deps = deps;
    deps.storage.onAlarm = (atMs) => this.armAlarm(atMs);
  }

  get isAwake(): boolean {
    return this.life !== null;
  }

  get hasSockets(): boolean {
    return (this.life?.openSockets ?? this.asleep).length > 0;
  }

  accept(socket: SimSocket): void {
    void this.enter(
      (life) => life.accept(socket),
      () => socket.die(),
    );
  }

  receive(socket: SimSocket, text: string): void {
    void this.enter((life) => life.receive(socket, text));
  }

  forget(socket: SimSocket): void {
    this.asleep = this.asleep.filter((other) => other !== socket);
    if (this.life !== null) void this.enter((life) => life.forget(socket));
  }

  /** A call from outside: a REST request, or the test's own look. The answer is null when the object died before it. */
  async call<Value>(work: (life: ChatLife) => Value): Promise<Value | null> {
    const given: { value: Value | null } = { value: null };
    await this.enter((life) => {
      given.value = work(life);
    });
    return given.value;
  }

  /** Everything in memory is gone, and so are the sockets. */
  crash(): void {
    const { life } = this;
    if (life === null) return;
    this.crashedLives.add(life.number);
    for (const socket of life.openSockets) socket.die();
    this.endLife(life);
  }

  /** The platform puts it to sleep, if nothing runs. */
  evict(): void {
    const { life } = this;
    if (life === null || !life.isIdle || this.isInAlarm) return;
    this.evictions += 1;
    this.asleep = life.openSockets;
    this.endLife(life);
  }

  private endLife(life: ChatLife): void {
    life.end();
    this.life = null;
    this.deps.onLifeEnd(life.number);
    if (!this.isInAlarm) return;
    this.isInAlarm = false;
    if (this.deps.storage.alarm !== null || this.alarmTries >= MOST_ALARM_TRIES) return;
    const againMs = ALARM_AGAIN_MS * 2 ** this.alarmTries;
    this.alarmTries += 1;
    this.cancelAlarm = this.deps.clock.startTimer(againMs, () => this.fireAlarm());
  }

  private wake(): ChatLife {
    if (this.life !== null) return this.life;
    this.lives += 1;
    const clock = new MortalClock(this.deps.clock, (error) => this.noteThrown(error));
    const life = new ChatLife({ ...this.deps, number: this.lives, clock }, this.asleep);
    this.asleep = [];
    this.life = life;
    return life;
  }

  /** `onLost`: the life ended before it was ready. */
  private async enter(
    work: (life: ChatLife) => void | Promise<void>,
    onLost: () => void = () => {},
  ): Promise<void> {
    const life = this.wake();
    try {
      await life.opened;
      if (life.isOver) return onLost();
      await work(life);
    } catch (error) {
      if (life.isOver) onLost();
      else this.noteThrown(error);
    }
  }

  private noteThrown(error: unknown): void {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.deps.onBug(`[SM35] the object threw: ${told}`);
  }

  private armAlarm(atMs: number | null): void {
    this.cancelAlarm();
    if (atMs === null) return;
    const { clock, random } = this.deps;
    const lateMs = random() < LATE_ALARMS ? between(random, 1_000, LATE_BY_MS) : between(random, 0, 50);
    this.alarmTries = 0;
    this.cancelAlarm = clock.startTimer(Math.max(0, atMs - clock.nowMs()) + lateMs, () => this.fireAlarm());
  }

  private fireAlarm(): void {
    this.deps.storage.takeAlarm();
    this.isInAlarm = true;
    void this.enter(async (life) => {
      await life.alarm();
      if (!life.isOver) this.isInAlarm = false;
    });
  }
}
