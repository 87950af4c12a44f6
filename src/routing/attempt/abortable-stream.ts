/**
 * Reads an adapter's stream so that an adapter which does not heed the abort cannot hold the turn: it is given a
 * moment after the abort, then it is left behind. Rule RT77.
 */
import type { Clock } from "../../base/clock.ts";

/** An adapter answers an abort within a turn of the loop; one that has not by then has a bug. */
const ABORT_GRACE_MS = 250;

export class AbortableStream<Batch> {
  private readonly iterator: AsyncIterator<Batch>;
  private readonly signal: AbortSignal;
  private readonly clock: Clock;
  /** Gives up what is being waited for; null while nothing is. */
  private giveUp: (() => void) | null = null;
  private cancelGrace: () => void = () => {};
  /** A read was given up: the iterator would queue everything else behind it. */
  private leftBehind = false;

  constructor(stream: AsyncIterable<Batch>, signal: AbortSignal, clock: Clock) {
    this.iterator = stream[Symbol.asyncIterator]();
    this.signal = signal;
    this.clock = clock;
    // One listener for the whole stream: a stream has thousands of batches.
    signal.addEventListener("abort", this.startGrace, { once: true });
  }

  /** The next batch; `deaf` when none came within a moment of the abort. Throws what the adapter throws. */
  async next(): Promise<IteratorResult<Batch, unknown> | "deaf"> {
    const result = await this.within(this.iterator.next());
    this.leftBehind = result === "deaf";
    return result;
  }

  /** Lets the adapter close what it holds, after its end or after the caller has aborted the signal. Never throws. */
  async close(): Promise<void> {
    this.signal.removeEventListener("abort", this.startGrace);
    const closing = this.iterator.return?.();
    if (closing === undefined) return;
    // What a closing adapter throws is nobody's any more: its call has ended and is accounted for.
    const quiet = closing.then(
      () => undefined,
      () => undefined,
    );
    // Without an abort it may take as long as it likes.
    if (this.signal.aborted && !this.leftBehind) await this.within(quiet);
  }

  /** Waits for as long as it takes; once the signal is aborted, for a moment only. */
  private within<Value>(work: Promise<Value>): Promise<Value | "deaf"> {
    return new Promise((resolve, reject) => {
      this.giveUp = () => resolve("deaf");
      if (this.signal.aborted) this.startGrace();
      const settle =
        <Result>(tell: (result: Result) => void) =>
        (result: Result): void => {
          this.stopWaiting();
          tell(result);
        };
      work.then(settle(resolve), settle(reject));
    });
  }

  private readonly startGrace = (): void => {
    if (this.giveUp !== null) this.cancelGrace = this.clock.startTimer(ABORT_GRACE_MS, this.giveUp);
  };

  private readonly stopWaiting = (): void => {
    this.giveUp = null;
    this.cancelGrace();
  };
}
