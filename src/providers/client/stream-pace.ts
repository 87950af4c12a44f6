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

  /** A piece is handed on: how long its stream waits before the next one. Milliseconds. */
  note(nowMs: number): number {
    // Bounded, so that a clock that was set back makes nobody wait.
    const busyMs = Math.min(MOST_INTERVAL_MS, Math.max(0, this.busyUntilMs - nowMs));
    this.busyUntilMs = nowMs + busyMs + PIECE_MS;
    return Math.max(LEAST_INTERVAL_MS, busyMs);
  }
}
