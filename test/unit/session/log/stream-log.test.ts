/** Numbers, places and rows of one answer's chunks. */
import { describe, expect, it } from "vitest";
import type { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import { StreamLog, type StreamLogStore } from "../../../../src/session/log/stream-log.ts";
import { MemoryLogStore } from "../session-fakes.ts";

const text = (delta: string, id = "text-0"): AnswerChunk => ({ type: "text-delta", id, delta });
const thought = (delta: string, id = "reasoning-0"): AnswerChunk => ({ type: "reasoning-delta", id, delta });
const START: AnswerChunk = { type: "start-step" };

function open(store: StreamLogStore = new MemoryLogStore()): StreamLog {
  return new StreamLog(store);
}

const readAll = (log: StreamLog): unknown[] =>
  Array.from({ length: log.nextSequence }, (_, sequence): unknown => JSON.parse(log.read(sequence)));

describe("merging", () => {
  it("[SE4] neighbouring deltas of one block become one chunk until they are sealed", () => {
    const log = open();
    log.append([START, text("a"), text("b")]);
    log.append([text("c")]);
    log.seal();
    log.append([text("d")]);
    log.append([text("e")]);
    log.seal();
    expect(readAll(log)).toEqual([START, text("abc"), text("de")]);
  });

  it("[SE4] text and reasoning, and two blocks of one kind, stay apart", () => {
    const log = open();
    const inTurn = [thought("a"), text("b"), text("c", "text-1"), thought("d", "text-1")];
    log.append(inTurn);
    log.seal();
    expect(readAll(log)).toEqual(inTurn);
  });

  it("[SE4] what stands between two deltas keeps them apart, and no given chunk is changed", () => {
    const log = open();
    const end: AnswerChunk = { type: "text-end", id: "text-0" };
    const given = [text("a"), end, text("b")];
    const before = structuredClone(given);
    log.append(given);
    log.append([text("c")]);
    log.seal();
    expect(readAll(log)).toEqual([text("a"), end, text("bc")]);
    expect(given).toEqual(before);
  });
});

describe("sealing and storing", () => {
  it("[SE52] what is sealed has its number and can be read, what is stored is counted apart", () => {
    const store = new MemoryLogStore();
    const log = open(store);
    log.append([START, text("a")]);
    expect([log.hasOpen, log.nextSequence, log.storedSequence]).toEqual([true, 0, 0]);
    log.seal();
    expect([log.hasOpen, log.nextSequence, log.storedSequence]).toEqual([false, 2, 0]);
    expect([store.rows, log.readStored()]).toEqual([[], []]);
    log.append([text("b")]);
    log.save();
    expect([log.hasOpen, log.nextSequence, log.storedSequence]).toEqual([false, 3, 3]);
    expect(log.readStored()).toEqual(store.readAll());
  });

  it("[SE50] what comes between two savings is stored in one append, and nothing new is no append", () => {
    const store = new MemoryLogStore();
    const log = open(store);
    log.save();
    log.append([START]);
    log.seal();
    log.append([text("a")]);
    log.seal();
    log.append([text("b")]);
    log.save();
    log.save();
    expect(store.rows.map((row) => row.length)).toEqual([3]);
  });

  it("[SE8] goes on where it ended when it is opened again, and what was only sealed is gone", () => {
    const store = new MemoryLogStore();
    const log = open(store);
    log.append([START, text("a")]);
    log.save();
    log.append([text("lost")]);
    log.seal();
    const again = open(store);
    expect([again.nextSequence, again.storedSequence]).toEqual([2, 2]);
    again.append([text("b")]);
    again.save();
    expect(readAll(again)).toEqual([START, text("a"), text("b")]);
    expect(readAll(open(store))).toEqual(readAll(again));
  });

  it("[SE8] the first delta behind a reopened log is a chunk of its own", () => {
    const store = new MemoryLogStore();
    const log = open(store);
    log.append([text("a")]);
    log.save();
    const before = log.read(0);
    const again = open(store);
    again.append([text("b")]);
    again.seal();
    expect(again.read(0)).toBe(before);
    expect(JSON.parse(again.read(1))).toEqual(text("b"));
  });

  it("[SE7] a store that fails leaves what it did not take not stored", () => {
    const log = open({
      append: () => {
        throw new Error("the disk is full");
      },
      readAll: () => [],
    });
    log.append([START]);
    expect(() => log.save()).toThrow("the disk is full");
    expect([log.storedSequence, log.readStored()]).toEqual([0, []]);
  });

  it("[SE8] a number that was never given is a bug", () => {
    const log = open();
    log.append([START]);
    expect(() => log.read(0)).toThrow("chunk 0 of 0");
    log.seal();
    expect(() => log.read(-1)).toThrow("chunk -1 of 1");
    expect(() => log.read(1)).toThrow("chunk 1 of 1");
  });
});
