/** Time as an argument: cores never read it for themselves, so a test or a simulation can give its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /**
   * Resolves after `durationMs`, or as soon as `signal` aborts, whichever comes first. It never rejects: the
   * caller looks at its own signal.
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `durationMs`; the returned function cancels it. */
  startTimer(durationMs: number, callback: () => void): () => void;
}
