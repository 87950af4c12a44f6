/**
 * One alarm of an object whose rows say by themselves what is due: it is only there so that somebody looks. Setting it
 * is a written row, so one that is set already for an earlier time is left alone. Rule SE42.
 *
 * Platform facts behind it: an alarm that throws is retried six times and then gone for good, silently. So `fired` is
 * called first and sets the next one while there is work, and the work never throws.
 */

/** The part of the platform's storage that holds the alarm. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(scheduledTime: number): Promise<void>;
}

export class WakeUp {
  private readonly storage: AlarmStorage;
  private readonly nowMs: () => number;
  private atMs: number | null = null;

  constructor(storage: AlarmStorage, nowMs: () => number) {
    this.storage = storage;
    this.nowMs = nowMs;
  }

  /** Reads what is set; one that is long past was lost. Called once, before anything else. */
  async load(): Promise<void> {
    const atMs = await this.storage.getAlarm();
    this.atMs = atMs !== null && atMs > this.nowMs() ? atMs : null;
  }

  /** Somebody is to look in at most so many milliseconds. */
  within(durationMs: number): void {
    const atMs = this.nowMs() + durationMs;
    if (this.atMs !== null && this.atMs > this.nowMs() && this.atMs <= atMs) return;
    this.atMs = atMs;
    void this.storage.setAlarm(atMs);
  }

  /** The alarm goes off: none is set any more. */
  fired(): void {
    this.atMs = null;
  }
}
