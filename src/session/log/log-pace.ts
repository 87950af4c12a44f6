/**
 * When the log of a running answer is sent and when it is stored. Each sending costs a frame for every tab, each
 * storing a written row: the first words go at once, then both take longer steps. Rules SE9, SE51.
 */
import type { Clock } from "../../base/clock.ts";
import type { StreamLog } from "./stream-log.ts";

/** Deltas that come within this time share a frame: below what an eye sees, a fraction of the sends. */
const SEND_EVERY_MS = 60;
/** The stock wire is shown only what is stored: as often as looks like writing. */
const SAVE_EVERY_FOR_STOCK_MS = 250;
/**
 * A live socket's first words do not wait for the disk: what is sent behind a write waits until the write is safe.
 * They are stored soon after.
 */
const FIRST_SAVE_AFTER_MS = 250;
/** Later what a crash may take back grows by this from step to step, up to the last of them. */
const SAVE_STEP_MS = 500;
const SECOND_SAVE_AFTER_MS = 1_000;
const LAST_SAVE_EVERY_MS = 3_000;
/** What could not be stored is tried again, also where nothing more comes for long: a tool may be waited for. */
const SAVE_AGAIN_MS = 1_000;

export interface LogPaceDeps {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** Somebody follows who is shown only what is stored. */
  readonly hasStock: () => boolean;
  /** Called after each sealing; `saved` says whether it was stored as well. */
  readonly deliver: (saved: boolean) => void;
  /** Storage is away: the log is in memory, and the answer goes on. */
  readonly onNotStored: (error: unknown) => void;
}

export class LogPace {
  private readonly deps: LogPaceDeps;
  private sentAtMs = 0;
  /** Null before the first sending. */
  private savedAtMs: number | null = null;
  private saves = 0;
  private cancelSend: (() => void) | null = null;
  private cancelSave: (() => void) | null = null;

  constructor(deps: LogPaceDeps) {
    this.deps = deps;
  }

  /** Something was appended. */
  note(): void {
    if (this.cancelSend !== null || !this.deps.log.hasOpen) return;
    const dueInMs = this.sentAtMs + SEND_EVERY_MS - this.deps.clock.nowMs();
    if (dueInMs <= 0) this.send();
    else this.cancelSend = this.deps.clock.startTimer(dueInMs, () => this.send());
  }

  stop(): void {
    this.cancelSend?.();
    this.cancelSave?.();
    this.cancelSend = null;
    this.cancelSave = null;
  }

  private send(): void {
    const nowMs = this.deps.clock.nowMs();
    this.cancelSend = null;
    this.sentAtMs = nowMs;
    this.deps.log.seal();
    this.savedAtMs ??= this.deps.hasStock() ? 0 : nowMs;
    const dueInMs = this.savedAtMs + this.saveEveryMs() - nowMs;
    if (dueInMs <= 0) return this.save();
    this.deps.deliver(false);
    this.cancelSave ??= this.deps.clock.startTimer(dueInMs, () => this.save());
  }

  /** What is not sealed yet waits for its own sending: between two of them nobody is sent anything new. */
  private save(): void {
    this.cancelSave?.();
    this.cancelSave = null;
    this.savedAtMs = this.deps.clock.nowMs();
    this.saves += 1;
    const isStored = this.tryStore();
    if (!isStored) this.cancelSave = this.deps.clock.startTimer(SAVE_AGAIN_MS, () => this.save());
    this.deps.deliver(isStored);
  }

  private tryStore(): boolean {
    try {
      this.deps.log.store();
      return true;
    } catch (error) {
      this.deps.onNotStored(error);
      return false;
    }
  }

  private saveEveryMs(): number {
    if (this.deps.hasStock()) return SAVE_EVERY_FOR_STOCK_MS;
    if (this.saves === 0) return FIRST_SAVE_AFTER_MS;
    return Math.min(SECOND_SAVE_AFTER_MS + SAVE_STEP_MS * (this.saves - 1), LAST_SAVE_EVERY_MS);
  }
}
