/**
 * A clock that only moves when a test says so. Timers and sleeps run in the order they are due (those due together
 * in the order they were set), and every promise that can go on does so before the next one runs.
 */
import { setImmediate as nextTurnOfTheLoop } from "node:timers/promises";
import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly dueAtMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A plausible present: code that compares with 0 must not see 1970. */
const STARTS_AT_MS = Date.parse("2026-11-20T12:00:00.000Z");

export class VirtualClock implements Clock {
  private currentMs: number;
  private timers: Timer[] = [];
  private timersSet = 0;
  /** How many timers and sleeps have come to their time. */
  timersRun = 0;

  constructor(startsAtMs: number = STARTS_AT_MS) {
    this.currentMs = startsAtMs;
  }

  /** Timers and sleeps that are still waiting: 0 when nothing was left behind. */
  get pendingTimers(): number {
    return this.timers.length;
  }

  nowMs(): number {
    return this.currentMs;
  }

  startTimer(durationMs: number, callback: () => void): () => void {
    const timer = { dueAtMs: this.currentMs + Math.max(0, durationMs), order: this.timersSet, callback };
    this.timersSet += 1;
    this.timers.push(timer);
    return () => this.remove(timer);
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        cancel();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const cancel = this.startTimer(durationMs, wake);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Lets every promise go on that can, without moving the time. */
  async settle(): Promise<void> {
    // One turn of the loop empties the whole queue of promises.
    await nextTurnOfTheLoop();
  }

  /** Sets the wall clock, as a move to another machine does. What is planned stays planned for the time it was. */
  jump(byMs: number): void {
    this.currentMs += byMs;
  }

  /** Moves the time on by `durationMs`, running what is due on the way. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.currentMs + durationMs;
    await this.settle();
    for (;;) {
      const next = this.nextTimer();
      if (next === null || next.dueAtMs > untilMs) break;
      await this.run(next);
    }
    this.currentMs = untilMs;
  }

  /** Moves from timer to timer until `work` is done. Throws when it is not done and nothing is left to wait for. */
  async runUntil<Value>(work: Promise<Value>): Promise<Value> {
    let done = false;
    const noteDone = (): void => {
      done = true;
    };
    work.then(noteDone, noteDone);
    for (;;) {
      await this.settle();
      if (done) return work;
      const next = this.nextTimer();
      if (next === null) throw new Error("the work waits for something that is no timer of this clock");
      await this.run(next);
    }
  }

  private async run(timer: Timer): Promise<void> {
    this.remove(timer);
    this.timersRun += 1;
    this.currentMs = Math.max(this.currentMs, timer.dueAtMs);
    timer.callback();
    await this.settle();
  }

  private nextTimer(): Timer | null {
    return (
      this.timers.toSorted((left, right) => left.dueAtMs - right.dueAtMs || left.order - right.order)[0] ??
      null
    );
  }

  private remove(timer: Timer): void {
    this.timers = this.timers.filter((other) => other !== timer);
  }
}
