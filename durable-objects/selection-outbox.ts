/** Hands a chat's selection records to the queue: a row goes only after the queue took it. Rule SE43. */
import { describeError } from "../src/auth/store/describe-error.ts";
import type { Log } from "../src/base/log.ts";
import { MAX_BATCH_RECORDS, takeBatch } from "../src/session/selections/selection-batch.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";

export interface SelectionOutboxDeps {
  readonly store: SessionStore;
  readonly queue: () => { sendBatch(messages: readonly { readonly body: unknown }[]): Promise<unknown> };
  readonly log: Log;
  /** Something is there: somebody should look again, whatever becomes of this object before the queue has it. */
  readonly onWaiting: () => void;
  /** The queue has refused: somebody should look again soon. */
  readonly onRefused: () => void;
}

export class SelectionOutbox {
  private readonly deps: SelectionOutboxDeps;
  private draining: Promise<void> | null = null;
  /** Something was written while the queue was being asked. */
  private isAskedAgain = false;

  constructor(deps: SelectionOutboxDeps) {
    this.deps = deps;
  }

  get isEmpty(): boolean {
    return this.deps.store.readOutbox(1).length === 0;
  }

  /** D1 drops what comes twice. Never throws. */
  drain(): Promise<void> {
    this.isAskedAgain = true;
    this.draining ??= this.drainRows().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  private async drainRows(): Promise<void> {
    const { store, queue, log, onWaiting, onRefused } = this.deps;
    try {
      let isMore = false;
      while (isMore || this.isAskedAgain) {
        this.isAskedAgain = false;
        const waiting = store.readOutbox(MAX_BATCH_RECORDS);
        const rows = takeBatch(waiting);
        const last = rows.at(-1);
        if (last === undefined) return;
        onWaiting();
        await queue().sendBatch(rows.map((row) => ({ body: row.message })));
        store.dropOutbox(last.id);
        isMore = waiting.length === MAX_BATCH_RECORDS || rows.length < waiting.length;
      }
    } catch (error) {
      onRefused();
      log.write("error", "selection_log_failed", {
        request_id: store.readLastTurn()?.turnId ?? "",
        error: describeError(error),
      });
    }
  }
}
