/**
 * An object's storage in Node's own SQLite, in memory: the part of `DurableObjectStorage` that Drizzle and our objects
 * use, with the platform's limits and its way of counting written rows. It belongs to the object and not to one of its
 * lives: whatever dies, this stays.
 */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";

/** https://developers.cloudflare.com/durable-objects/platform/limits/ */
const MAX_PARAMETERS = 100;
const MAX_VALUE_BYTES = 2 * 1_024 * 1_024;
const MAX_STATEMENT_BYTES = 100_000;

type Row = Record<string, SQLOutputValue>;

/** The platform's cursor, read to its end already. */
export class MemoryCursor {
  readonly columnNames: readonly string[];
  readonly rowsRead: number;
  readonly rowsWritten: number;
  private readonly rows: readonly (readonly SQLOutputValue[])[];
  private at = 0;

  constructor(
    columnNames: readonly string[],
    rows: readonly (readonly SQLOutputValue[])[],
    rowsWritten: number,
  ) {
    this.columnNames = columnNames;
    this.rows = rows;
    this.rowsRead = rows.length;
    this.rowsWritten = rowsWritten;
  }

  next(): { done: false; value: Row } | { done: true; value: undefined } {
    const row = this.rows[this.at];
    if (row === undefined) return { done: true, value: undefined };
    this.at += 1;
    return { done: false, value: this.toObject(row) };
  }

  toArray(): Row[] {
    return this.takeRest().map((row) => this.toObject(row));
  }

  one(): Row {
    const [row, ...others] = this.takeRest();
    if (row === undefined || others.length > 0) {
      throw new Error(
        `Expected exactly one result from SQL query, but got ${others.length + (row === undefined ? 0 : 1)}`,
      );
    }
    return this.toObject(row);
  }

  raw(): { toArray: () => SQLOutputValue[][]; [Symbol.iterator]: () => IterableIterator<SQLOutputValue[]> } {
    const rows = this.takeRest().map((row) => [...row]);
    return { toArray: () => rows, [Symbol.iterator]: () => rows[Symbol.iterator]() };
  }

  *[Symbol.iterator](): IterableIterator<Row> {
    for (const row of this.takeRest()) yield this.toObject(row);
  }

  private takeRest(): readonly (readonly SQLOutputValue[])[] {
    const rest = this.rows.slice(this.at);
    this.at = this.rows.length;
    return rest;
  }

  private toObject(row: readonly SQLOutputValue[]): Row {
    return Object.fromEntries(this.columnNames.map((name, index) => [name, row[index] ?? null]));
  }
}

interface Prepared {
  readonly statement: StatementSync;
  readonly columnNames: readonly string[];
  /** The table that it changes; null for one that only reads. */
  readonly table: string | null;
}

/** Rows written to one table; an index of its own counts again, as on the bill. */
export type WrittenRows = ReadonlyMap<string, number>;

export class MemoryStorage {
  readonly sql: { exec: (query: string, ...bindings: readonly unknown[]) => MemoryCursor };
  /** Told of every alarm that is set, and of its end. */
  onAlarm: (atMs: number | null) => void = () => {};
  private readonly database = new DatabaseSync(":memory:");
  private readonly prepared = new Map<string, Prepared>();
  private readonly written = new Map<string, number>();
  private readonly indexes = new Map<string, number>();
  private alarmAtMs: number | null = null;
  private transactions = 0;

  constructor() {
    this.sql = { exec: (query, ...bindings) => this.exec(query, bindings) };
  }

  get writtenRows(): WrittenRows {
    return this.written;
  }

  get totalWrittenRows(): number {
    return [...this.written.values()].reduce((sum, rows) => sum + rows, 0);
  }

  /** What is set and has not fired. */
  get alarm(): number | null {
    return this.alarmAtMs;
  }

  transactionSync<Value>(work: () => Value): Value {
    this.transactions += 1;
    const savepoint = `level_${this.transactions}`;
    this.database.exec(`SAVEPOINT ${savepoint}`);
    try {
      const value = work();
      this.database.exec(`RELEASE ${savepoint}`);
      return value;
    } catch (error) {
      this.database.exec(`ROLLBACK TO ${savepoint}`);
      this.database.exec(`RELEASE ${savepoint}`);
      throw error;
    } finally {
      this.transactions -= 1;
    }
  }

  async getAlarm(): Promise<number | null> {
    return this.alarmAtMs;
  }

  async setAlarm(scheduledTime: number | Date): Promise<void> {
    this.setAlarmAt(Number(scheduledTime));
  }

  async deleteAlarm(): Promise<void> {
    this.setAlarmAt(null);
  }

  /** The platform calls the object's `alarm()`: from now on none is set. */
  takeAlarm(): void {
    this.alarmAtMs = null;
  }

  async deleteAll(): Promise<void> {
    const names = this.exec(
      "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type",
      [],
    );
    this.prepared.clear();
    for (const { type, name } of names.toArray()) {
      if (type === "table") this.database.exec(`DROP TABLE "${String(name)}"`);
    }
    this.indexes.clear();
    this.setAlarmAt(null);
  }

  close(): void {
    this.database.close();
  }

  private setAlarmAt(atMs: number | null): void {
    this.alarmAtMs = atMs;
    this.onAlarm(atMs);
  }

  private exec(query: string, bindings: readonly unknown[]): MemoryCursor {
    if (bindings.length > MAX_PARAMETERS) throw new Error("too many SQL variables: SQLITE_ERROR");
    if (query.length > MAX_STATEMENT_BYTES) throw new Error("statement too long: SQLITE_TOOBIG");
    const { statement, columnNames, table } = this.prepare(query);
    const before = table === null ? 0 : this.countChanges();
    const rows = statement.all(...bindings.map(toInput)).map((row) => toCells(row));
    if (table === null) return new MemoryCursor(columnNames, rows, 0);
    const rowsWritten = (this.countChanges() - before) * (1 + this.countIndexes(query, table));
    this.written.set(table, (this.written.get(table) ?? 0) + rowsWritten);
    return new MemoryCursor(columnNames, rows, rowsWritten);
  }

  private prepare(query: string): Prepared {
    let prepared = this.prepared.get(query);
    if (prepared === undefined) {
      const statement = this.database.prepare(query);
      statement.setReturnArrays(true);
      const columnNames = statement.columns().map(({ name }) => name);
      prepared = { statement, columnNames, table: findChangedTable(query) };
      this.prepared.set(query, prepared);
    }
    return prepared;
  }

  private countChanges(): number {
    const [row] = this.prepare("SELECT total_changes()").statement.all();
    return Number(toCells(row)[0]);
  }

  /** An insert and a delete also touch the indexes; an update touches none of ours. */
  private countIndexes(query: string, table: string): number {
    if (/^\s*update/i.test(query)) return 0;
    let count = this.indexes.get(table);
    if (count === undefined) {
      const text = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = ?";
      count = Number(toCells(this.prepare(text).statement.all(table)[0])[0]);
      this.indexes.set(table, count);
    }
    return count;
  }
}

function findChangedTable(query: string): string | null {
  return /^\s*(?:insert\s+into|update|delete\s+from)\s+["'`]?(\w+)/i.exec(query)?.[1] ?? null;
}

function toInput(value: unknown): SQLInputValue {
  if (typeof value === "string") {
    if (value.length > MAX_VALUE_BYTES) throw new Error("string or blob too big: SQLITE_TOOBIG");
    return value;
  }
  if (value === null || typeof value === "number" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} cannot be stored`);
}

/** Statements here give arrays, whatever their type says. */
function toCells(row: unknown): SQLOutputValue[] {
  const cells: SQLOutputValue[] = Array.isArray(row) ? row : [];
  return cells;
}
