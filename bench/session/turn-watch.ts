/** Watches one answer come: when its first word is there, when it has ended, whether it is whole. */
import type { AnswerPlan } from "./answer-plan.ts";
import type { TurnTimes } from "./chat-system.ts";

/** Far beyond what any answer of the bench takes: a turn that waits for so long has failed. */
const LIMIT_MS = 90_000;

export class TurnWatch {
  readonly ended: Promise<TurnTimes>;
  private readonly plan: AnswerPlan;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly resolve: (times: TurnTimes) => void;
  private readonly reject: (error: Error) => void;
  private readonly waiters: { readonly words: number; readonly wake: () => void }[] = [];
  private words = 0;
  private firstWordMs: number | null = null;

  constructor(plan: AnswerPlan) {
    this.plan = plan;
    const { promise, resolve, reject } = Promise.withResolvers<TurnTimes>();
    this.ended = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.timer = setTimeout(() => this.fail(`no end within ${LIMIT_MS} ms`), LIMIT_MS);
  }

  /** A piece of the answer's text: the provider ends every word with a space. */
  noteText(text: string): void {
    for (let at = text.indexOf(" "); at !== -1; at = text.indexOf(" ", at + 1)) this.words += 1;
    if (this.words === 0) return;
    this.firstWordMs ??= performance.now() - this.startedMs;
    for (const waiter of this.waiters) if (this.words >= waiter.words) waiter.wake();
  }

  /** Resolves when so many words are here; the milliseconds since the start of the watch. */
  async waitForWords(words: number): Promise<number> {
    if (this.words < words) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiters.push({ words, wake: resolve });
      await Promise.race([promise, this.ended]);
    }
    return performance.now() - this.startedMs;
  }

  end(): void {
    if (this.words !== this.plan.words || this.firstWordMs === null) {
      this.fail(`an end after ${this.words} of ${this.plan.words} words`);
      return;
    }
    clearTimeout(this.timer);
    this.resolve({
      words: this.words,
      firstWordMs: this.firstWordMs,
      durationMs: performance.now() - this.startedMs,
    });
  }

  /** Nobody waits for this turn any more: its client goes away. */
  abandon(): void {
    clearTimeout(this.timer);
  }

  fail(why: string): void {
    clearTimeout(this.timer);
    this.reject(new Error(`a turn failed: ${why}`));
  }
}
