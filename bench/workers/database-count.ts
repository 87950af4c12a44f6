/** Counts the rows that D1 is billed for, from what it says with each result. */
interface Rows {
  rowsRead: number;
  rowsWritten: number;
}

export class DatabaseCount {
  private rows: Rows = { rowsRead: 0, rowsWritten: 0 };
  private readonly watched = new Set<object>();

  /** From here on, for every binding of this kind in the isolate. */
  watch(database: D1Database): void {
    // The methods of a statement are its class's: one statement shows where they are.
    this.replace(Object.getPrototypeOf(database), ["batch"]);
    this.replace(Object.getPrototypeOf(database.prepare("select 1")), ["run", "all"]);
  }

  /** Since it was last asked. */
  take(): Readonly<Rows> {
    const { rows } = this;
    this.rows = { rowsRead: 0, rowsWritten: 0 };
    return rows;
  }

  private replace(prototype: unknown, names: readonly string[]): void {
    if (typeof prototype !== "object" || prototype === null || this.watched.has(prototype)) return;
    this.watched.add(prototype);
    const note = (result: unknown): void => this.note(result);
    for (const name of names) {
      const method: unknown = Reflect.get(prototype, name);
      if (typeof method !== "function") continue;
      Object.defineProperty(prototype, name, {
        async value(this: unknown, ...parameters: unknown[]): Promise<unknown> {
          const result: unknown = await Reflect.apply(method, this, parameters);
          note(result);
          return result;
        },
      });
    }
  }

  private note(result: unknown): void {
    if (Array.isArray(result)) for (const each of result) this.note(each);
    if (typeof result !== "object" || result === null || !("meta" in result)) return;
    const { meta } = result;
    if (typeof meta !== "object" || meta === null) return;
    if ("rows_read" in meta && typeof meta.rows_read === "number") this.rows.rowsRead += meta.rows_read;
    if ("rows_written" in meta && typeof meta.rows_written === "number") {
      this.rows.rowsWritten += meta.rows_written;
    }
  }
}
