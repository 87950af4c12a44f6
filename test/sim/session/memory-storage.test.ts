/** The storage that simulated chats stand on: what it promises of the platform's own. */
import { expect, it } from "vitest";
import { MemoryStorage } from "../../fakes/memory-storage.ts";

function open(): MemoryStorage {
  const storage = new MemoryStorage();
  storage.sql.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, name TEXT)");
  storage.sql.exec("CREATE UNIQUE INDEX note_by_name ON note (name)");
  return storage;
}

it("[SM39] rows are counted as on the bill: an index again, an update in place once", () => {
  const storage = open();
  expect(storage.sql.exec("INSERT INTO note (name) VALUES (?), (?)", "a", "b").rowsWritten).toBe(4);
  expect(storage.sql.exec("UPDATE note SET id = id WHERE name = ?", "a").rowsWritten).toBe(1);
  expect(storage.sql.exec("INSERT INTO note (name) VALUES (?) ON CONFLICT DO NOTHING", "a").rowsWritten).toBe(
    0,
  );
  expect(storage.sql.exec("SELECT * FROM note").rowsWritten).toBe(0);
  expect([...storage.writtenRows]).toEqual([["note", 5]]);
});

it("[SE43] a transaction that throws leaves nothing behind, an inner one only what is its own", () => {
  const storage = open();
  const insert = (name: string) => storage.sql.exec("INSERT INTO note (name) VALUES (?)", name);
  const fail = (): never => {
    throw new Error("halfway");
  };
  storage.transactionSync(() => {
    insert("kept");
    expect(() => storage.transactionSync(() => [insert("lost"), fail()])).toThrow("halfway");
  });
  expect(() => storage.transactionSync(() => [insert("lost too"), fail()])).toThrow("halfway");
  expect(storage.sql.exec("SELECT name FROM note").raw().toArray()).toEqual([["kept"]]);
});

it("[SE50] cursors are read as rows, arrays or one, and the platform's limits hold", () => {
  const storage = open();
  storage.sql.exec("INSERT INTO note (name) VALUES (?), (?)", "a", "b");
  const cursor = storage.sql.exec("SELECT id, name FROM note ORDER BY id");
  expect(cursor.columnNames).toEqual(["id", "name"]);
  expect(cursor.next()).toEqual({ done: false, value: { id: 1, name: "a" } });
  expect(cursor.toArray()).toEqual([{ id: 2, name: "b" }]);
  expect(cursor.next().done).toBe(true);
  expect(storage.sql.exec("SELECT name FROM note WHERE id = ?", 2).one()).toEqual({ name: "b" });
  expect(() => storage.sql.exec("SELECT * FROM note").one()).toThrow("exactly one");
  const names = Array.from({ length: 101 }, () => "?").join();
  expect(() => storage.sql.exec(`SELECT ${names}`, ...names.split(","))).toThrow("too many SQL variables");
  expect(() => storage.sql.exec("SELECT ?", "x".repeat(2 * 1_024 * 1_024 + 1))).toThrow("too big");
});

it("[SE42] the alarm is there until it is taken, and whoever watches hears of it", async () => {
  const storage = open();
  const heard: (number | null)[] = [];
  storage.onAlarm = (atMs) => heard.push(atMs);
  await storage.setAlarm(1_000);
  await storage.setAlarm(new Date(2_000));
  expect(await storage.getAlarm()).toBe(2_000);
  storage.takeAlarm();
  expect(await storage.getAlarm()).toBeNull();
  await storage.setAlarm(3_000);
  await storage.deleteAll();
  expect([await storage.getAlarm(), heard]).toEqual([null, [1_000, 2_000, 3_000, null]]);
  expect(storage.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
});
