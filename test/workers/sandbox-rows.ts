/** A chat's rows as they lie in its object, and how many are read and written. */
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { Chat } from "./sandbox-people.ts";

type Row = Record<string, SqlStorageValue>;

/** Runs statements in the object's own database; the rows of the last one. */
export function runSql(chat: Chat, ...statements: readonly string[]): Promise<Row[]> {
  return runInDurableObject(
    chat.stub(),
    (_, { storage }) => statements.map((statement) => storage.sql.exec(statement).toArray()).at(-1) ?? [],
  );
}

/** A text column of a row; empty where it is not there. */
export const textIn = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  return typeof value === "string" ? value : "";
};

/** When the object is to be woken next, epoch milliseconds; null when it is not. */
export function readAlarm(chat: Chat): Promise<number | null> {
  return runInDurableObject(chat.stub(), (_, { storage }) => storage.getAlarm());
}

export interface RowCount {
  /** As the platform bills them: rows of tables and of indexes, and one for each setting of the alarm. */
  written(): number;
  read(): number;
  /** Statements that wrote, each as often as it did. */
  statements(): string[];
  stop(): void;
}

/** Counts what this instance of the object reads and writes from now on. */
export function countRows(chat: Chat): Promise<RowCount> {
  return runInDurableObject(chat.stub(), (_, { storage }) => {
    const { sql } = storage;
    const cursors: { readonly query: string; readonly cursor: SqlStorageCursor<Row> }[] = [];
    const exec = sql.exec.bind(sql);
    const spyOnSql = vi.spyOn(sql, "exec").mockImplementation((query: string, ...values: unknown[]) => {
      const cursor = exec<Row>(query, ...values);
      cursors.push({ query, cursor });
      return cursor;
    });
    const spyOnAlarm = vi.spyOn(storage, "setAlarm");
    return {
      read: () => cursors.reduce((sum, { cursor }) => sum + cursor.rowsRead, 0),
      written: () =>
        cursors.reduce((sum, { cursor }) => sum + cursor.rowsWritten, 0) + spyOnAlarm.mock.calls.length,
      statements: () =>
        cursors.filter(({ cursor }) => cursor.rowsWritten > 0).map(({ query }) => query.slice(0, 40)),
      stop: () => {
        spyOnSql.mockRestore();
        spyOnAlarm.mockRestore();
      },
    };
  });
}
