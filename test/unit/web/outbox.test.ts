/** The question that is kept across a reload. Rule WB18. */
import { expect, it } from "vitest";
import { readOutbox, saveOutbox } from "../../../web/session/outbox.ts";
import type { PendingSend } from "../../../web/session/pending-send.ts";

class MemoryStorage implements Storage {
  private readonly entries = new Map<string, string>();
  get length(): number {
    return this.entries.size;
  }
  clear(): void {
    this.entries.clear();
  }
  key(index: number): string | null {
    return [...this.entries.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.entries.set(key, value);
  }
  removeItem(key: string): void {
    this.entries.delete(key);
  }
}

class ForbiddenStorage extends MemoryStorage {
  override getItem(): string | null {
    throw new Error("forbidden");
  }
  override setItem(): void {
    throw new Error("forbidden");
  }
}

const PENDING: PendingSend = {
  trigger: "submit-message",
  requestId: "r",
  messageId: "m",
  text: "Hello",
  model: "fast",
  sent: false,
};

it("[WB18] keeps a pending question by chat until it is confirmed", () => {
  const storage = new MemoryStorage();
  saveOutbox(storage, "chat_1", PENDING);
  expect(readOutbox(storage, "chat_1")).toEqual(PENDING);
  expect(readOutbox(storage, "chat_2")).toBeNull();
  saveOutbox(storage, "chat_1", null);
  expect(storage.length).toBe(0);
});

it("[WB18] keeps no wish for another answer, and drops what it cannot read", () => {
  const storage = new MemoryStorage();
  saveOutbox(storage, "chat_1", { ...PENDING, trigger: "regenerate-message" });
  expect(storage.length).toBe(0);
  storage.setItem("breakwater.outbox.chat_1", "{");
  expect(readOutbox(storage, "chat_1")).toBeNull();
  storage.setItem("breakwater.outbox.chat_1", '{"text":1}');
  expect(readOutbox(storage, "chat_1")).toBeNull();
});

it("[WB18] works without a storage that may be used", () => {
  const storage = new ForbiddenStorage();
  saveOutbox(storage, "chat_1", PENDING);
  expect(readOutbox(storage, "chat_1")).toBeNull();
});
