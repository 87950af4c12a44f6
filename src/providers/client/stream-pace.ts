/**
 * How often a stream hands on what it has read, so that all streams of an isolate together do so some 2,000 times a second
 * at the most: a piece costs the same whatever its size, and many streams at once would spend an isolate's time on words
 * that come one by one. It knows what was handed on, not who is open: streams end without a word when their request does.
 * Rule PR98.
 */

/** Least time between two pieces of one stream, so that forty come a second at the most. Milliseconds. */
const LEAST_INTERVAL_MS = 25;
/** Ten pieces a second still read as writing. Milliseconds. */
export const MOST_INTERVAL_MS = 100;
/** What a piece takes of the isolate's time, milliseconds. */
const PIECE_MS = 0.5;

export class StreamPace {
  /** Until when the pieces that were handed on take the isolate's time, epoch milliseconds. */
  private busyUntilMs = 0;

  /** A piece was handed on. */
  note(nowMs: number): void {
    this.busyUntilMs = nowMs + this.toBusyMs(nowMs) + PIECE_MS;
  }

  /** How long a stream that hands on a piece now waits before its next one. Milliseconds. */
  toIntervalMs(nowMs: number): number {
    return Math.max(LEAST_INTERVAL_MS, this.toBusyMs(nowMs));
  }

  /** Bounded, so that a clock that was set back makes nobody wait. */
  private toBusyMs(nowMs: number): number {
    return Math.min(MOST_INTERVAL_MS, Math.max(0, this.busyUntilMs - nowMs));
  }
}
