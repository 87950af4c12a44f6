/** Tool calls that wait for a person's word. In memory: after a crash the calls are asked for again. Rule SE81. */
import type { Clock } from "../../base/clock.ts";

/** Nobody has answered for so long: then it is a no. The object is kept awake meanwhile. */
const WAIT_LIMIT_MS = 10 * 60_000;
/** Words that came before anybody waited: more than this are nobody's. */
const MAX_EARLY = 50;

export class ToolApprovals {
  private readonly clock: Clock;
  private readonly waiting = new Map<string, (approved: boolean) => void>();
  /** After a crash a page may be quicker than the turn that goes on. */
  private readonly early = new Map<string, boolean>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Resolves to the word; false when none comes in time or the answer is stopped. */
  async wait(approvalId: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const early = this.early.get(approvalId);
    this.early.delete(approvalId);
    if (early !== undefined) return early;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.clock.startTimer(WAIT_LIMIT_MS, () => resolve(false));
    const stop = (): void => resolve(false);
    signal.addEventListener("abort", stop, { once: true });
    this.waiting.set(approvalId, resolve);
    try {
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      this.waiting.delete(approvalId);
    }
  }

  /** The first word counts; false when nobody waits for it (yet). */
  decide(approvalId: string, approved: boolean): boolean {
    const resolve = this.waiting.get(approvalId);
    if (resolve === undefined) {
      if (this.early.size < MAX_EARLY && !this.early.has(approvalId)) this.early.set(approvalId, approved);
      return false;
    }
    this.waiting.delete(approvalId);
    resolve(approved);
    return true;
  }
}
