/**
 * Many named alarms on an object's single one. The due times are rows, so they outlive the object; the platform's
 * alarm is only the earliest of them. Rules CB18 and SE40.
 *
 * Platform facts behind it: an alarm that throws is retried six times and then gone for good, silently; a pending
 * alarm may be lost with a reset. So: the next wake-up is set before the work, the work never throws out of
 * `alarm()`, and `ensureArmed` puts back what is missing whenever the object runs for another reason.
 */
import { eq, lte, min } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import type { alarm as chatSessionAlarm } from "../schema/chat-session.ts";
import type { alarm as providerHealthAlarm } from "../schema/provider-health.ts";

/** An alarm this far in the past was lost. */
const LOST_AFTER_MS = 300_000;
/** Setting an alarm for now from inside `alarm()` would spin hundreds of times a second. */
const MIN_DELAY_MS = 20;
/** While an alarm's work runs, the chain must not depend on it: this is when it is looked at again. */
const SAFETY_NET_MS = 60_000;

type AlarmTable = typeof chatSessionAlarm | typeof providerHealthAlarm;

export class Alarms<Name extends string> {
  private readonly storage: DurableObjectStorage;
  private readonly db: DrizzleSqliteDODatabase;
  private readonly table: AlarmTable;
  private readonly names: readonly Name[];

  /** `names` are stored by their place in the list: append to it, never reorder. PERSISTED. */
  constructor(
    storage: DurableObjectStorage,
    db: DrizzleSqliteDODatabase,
    table: AlarmTable,
    names: readonly Name[],
  ) {
    this.storage = storage;
    this.db = db;
    this.table = table;
    this.names = names;
  }

  /** Sets when `name` is due, epoch milliseconds; replaces an earlier setting. */
  schedule(name: Name, dueAtMs: number): void {
    const row = { id: this.names.indexOf(name), dueAtMs: Math.round(dueAtMs) };
    this.db
      .insert(this.table)
      .values(row)
      .onConflictDoUpdate({ target: this.table.id, set: { dueAtMs: row.dueAtMs } })
      .run();
    this.arm();
  }

  cancel(name: Name): void {
    this.db
      .delete(this.table)
      .where(eq(this.table.id, this.names.indexOf(name)))
      .run();
    this.arm();
  }

  /** When `name` is due, epoch milliseconds, or null. */
  dueAtMs(name: Name): number | null {
    const row = this.db
      .select({ dueAtMs: this.table.dueAtMs })
      .from(this.table)
      .where(eq(this.table.id, this.names.indexOf(name)))
      .get();
    return row?.dueAtMs ?? null;
  }

  /**
   * Runs what is due, each name at most once, and leaves the next wake-up set whatever happens. The body of the
   * object's `alarm()`; errors go to `onError`.
   */
  async run(
    work: (name: Name) => Promise<void>,
    onError: (name: Name, error: unknown) => void,
  ): Promise<void> {
    await this.storage.setAlarm(Date.now() + SAFETY_NET_MS);
    const due = this.db.select().from(this.table).where(lte(this.table.dueAtMs, Date.now())).all();
    for (const row of due) {
      const name = this.names[row.id];
      this.db.delete(this.table).where(eq(this.table.id, row.id)).run();
      if (name === undefined) continue;
      try {
        await work(name);
      } catch (error) {
        onError(name, error);
      }
    }
    this.arm();
  }

  /** Puts a lost alarm back. Called by the constructor and by every call from outside. */
  async ensureArmed(): Promise<void> {
    const current = await this.storage.getAlarm();
    if (current === null || current < Date.now() - LOST_AFTER_MS) this.arm();
  }

  private arm(): void {
    const earliest = this.db
      .select({ atMs: min(this.table.dueAtMs) })
      .from(this.table)
      .get()?.atMs;
    if (earliest === undefined || earliest === null) {
      void this.storage.deleteAlarm();
    } else {
      void this.storage.setAlarm(Math.max(earliest, Date.now() + MIN_DELAY_MS));
    }
  }
}
