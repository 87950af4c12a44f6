/**
 * Hands the records of calls that have no chat to the queue, many in one call: whoever leaves the first one waits for a
 * moment and takes the others along. When the queue refuses, each is written to the database itself. Rule HT173.
 */
import { describeError } from "../../auth/store/describe-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import { toBundles, toCalls, type Bundle } from "./selection-bundle.ts";

export interface SelectionOutletDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Rejects when the queue takes nothing. */
  readonly sendBatch: (
    messages: readonly { readonly body: string; readonly contentType: "text" }[],
  ) => Promise<unknown>;
  readonly insert: (records: readonly SelectionRecord[]) => Promise<unknown>;
  /** Keeps the isolate for work that nobody awaits. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Nobody looks at a record sooner; a busy isolate has dozens of them by then. */
const GATHER_MS = 100;
/** More are not waited with: they are a few hundred KB. */
const MAX_WAITING = 200;
/** Whoever was to take them has been gone for so long: the platform ended that request's work. */
const LOST_AFTER_MS = 2_000;

export class SelectionOutlet {
  private readonly deps: SelectionOutletDeps;
  private waiting: SelectionRecord[] = [];
  private plannedAtMs: number | null = null;

  constructor(deps: SelectionOutletDeps) {
    this.deps = deps;
  }

  /** Returns at once. */
  add(record: SelectionRecord): void {
    const { clock, waitUntil } = this.deps;
    this.waiting.push(record);
    const nowMs = clock.nowMs();
    if (this.waiting.length >= MAX_WAITING) waitUntil(this.flush());
    else if (this.plannedAtMs === null || nowMs - this.plannedAtMs > LOST_AFTER_MS) {
      this.plannedAtMs = nowMs;
      waitUntil(this.flushLater());
    }
  }

  private async flushLater(): Promise<void> {
    await this.deps.clock.sleep(GATHER_MS);
    this.plannedAtMs = null;
    await this.flush();
  }

  /** Never throws. */
  private async flush(): Promise<void> {
    const records = this.waiting;
    this.waiting = [];
    for (const bundles of toCalls(toBundles(records))) await this.hand(bundles);
  }

  private async hand(bundles: readonly Bundle[]): Promise<void> {
    const { sendBatch, insert, log } = this.deps;
    try {
      await sendBatch(bundles.map(({ text }) => ({ body: text, contentType: "text" })));
    } catch (queueError) {
      const records = bundles.flatMap((bundle) => bundle.records);
      try {
        await insert(records);
      } catch (databaseError) {
        const error = `queue: ${describeError(queueError)}; database: ${describeError(databaseError)}`;
        for (const { requestId } of records) {
          log.write("error", "selection_log_failed", { request_id: requestId, error });
        }
      }
    }
  }
}
