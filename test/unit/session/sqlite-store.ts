/**
 * The rows of one chat in Node's own SQLite, behind the interface of an object's storage: the real store and the real
 * migrations, without workerd.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { SessionStore } from "../../../src/session/store/session-store.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../drizzle/chat-session");
/** The platform's own. */
const MAX_PARAMETERS = 100;
const MAX_VALUE_BYTES = 2_000_000;

type Row = Record<string, unknown>;

/** In their order, as SQL. */
export function readMigrations(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => readFileSync(join(MIGRATIONS, name), "utf8"));
}

/** What outlives a crash. Each opened store belongs to one life of the object and is dead after `crash`. */
export class ChatDisk {
  readonly database = new DatabaseSync(":memory:");
  /** So many were run. */
  statements = 0;
  private life = 0;
  private transactions = 0;

  constructor(migrations: readonly string[] = readMigrations()) {
    for (const sql of migrations) this.database.exec(sql);
  }

  open(): SessionStore {
    this.life += 1;
    return this.openBeside();
  }

  /** Another store of the same life, with nothing in memory. */
  openBeside(): SessionStore {
    const mine = this.life;
    const sql = {
      exec: (query: string, ...parameters: SQLInputValue[]) => {
        if (mine !== this.life) throw new Error("this life of the object is over");
        return this.exec(query, parameters);
      },
    };
    const storage = { sql, transactionSync: <Value>(work: () => Value): Value => this.transact(work) };
    return new SessionStore(drizzle(storage));
  }

  /** Whatever is in memory is gone, and nothing of this life reaches the disk any more. */
  crash(): void {
    this.life += 1;
  }

  all(query: string): Row[] {
    return this.database.prepare(query).all();
  }

  private transact<Value>(work: () => Value): Value {
    this.transactions += 1;
    const savepoint = `level_${this.transactions}`;
    this.database.exec(`SAVEPOINT ${savepoint}`);
    try {
      return work();
    } catch (error) {
      this.database.exec(`ROLLBACK TO ${savepoint}`);
      throw error;
    } finally {
      this.database.exec(`RELEASE ${savepoint}`);
      this.transactions -= 1;
    }
  }

  private exec(query: string, parameters: readonly SQLInputValue[]) {
    if (parameters.length > MAX_PARAMETERS) throw new Error("too many SQL variables: SQLITE_ERROR");
    if (parameters.some((value) => typeof value === "string" && Buffer.byteLength(value) > MAX_VALUE_BYTES))
      throw new Error("string or blob too big: SQLITE_TOOBIG");
    this.statements += 1;
    const statement = this.database.prepare(query);
    const names = statement.columns().map(({ name }) => name);
    statement.setReturnArrays(true);
    const rows: unknown[][] = statement.all(...parameters).map((row) => Object.values(row));
    const toObject = (row: readonly unknown[]): Row =>
      Object.fromEntries(names.map((name, index) => [name, row[index]]));
    return {
      raw: () => ({ toArray: () => rows }),
      toArray: () => rows.map(toObject),
      next: () => ({ value: rows.map(toObject)[0] }),
    };
  }
}
