/** Time as one life of an object knows it: whatever waits when the life ends waits for ever. */
import type { Clock } from "../../../src/base/clock.ts";

export class MortalClock implements Clock {
  private readonly clock: Clock;
  private readonly onThrow: (error: unknown) => void;
  private readonly waiting = new Set<() => void>();
  /** The life has ended: what is left of it in memory is to touch nothing any more. */
  isOver = false;

  /** `onThrow` hears of what a timer's callback throws, as the platform's log does. */
  constructor(clock: Clock, onThrow: (error: unknown) => void) {
    this.clock = clock;
    this.onThrow = onThrow;
  }

  /** Something is still to come. */
  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  startTimer(durationMs: number, callback: () => void): () => void {
    if (this.isOver) return () => {};
    const cancel = this.clock.startTimer(durationMs, () => {
      this.waiting.delete(cancel);
      try {
        callback();
      } catch (error) {
        this.onThrow(error);
      }
    });
    this.waiting.add(cancel);
    return () => {
      this.waiting.delete(cancel);
      cancel();
    };
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        cancel();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const cancel = this.startTimer(durationMs, wake);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  end(): void {
    this.isOver = true;
    for (const cancel of this.waiting) cancel();
    this.waiting.clear();
  }
}
