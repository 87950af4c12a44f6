/** When the events of a stream are written to its reader, with the clock in hand. */
import { describe, expect, it } from "vitest";
import { KEEP_ALIVE } from "../../../../src/base/event-stream.ts";
import {
  KEEP_ALIVE_MS,
  MAX_UNREAD_CHARACTERS,
  PacedSink,
  WRITE_INTERVAL_MS,
} from "../../../../src/http/door/paced-sink.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

/** A sink whose reader takes everything at once, or nothing. */
function open({ isReading = true } = {}) {
  const clock = new VirtualClock();
  const writes: string[] = [];
  let gone = 0;
  let letRead = (): void => {};
  const hasRead = isReading
    ? Promise.resolve()
    : new Promise<void>((resolve) => {
        letRead = resolve;
      });
  const writable = new WritableStream<Uint8Array>({
    write: async (bytes) => {
      writes.push(new TextDecoder().decode(bytes));
      await hasRead;
    },
    close: () => {
      writes.push("closed");
    },
  });
  const sink = new PacedSink(writable, clock, () => {
    gone += 1;
  });
  return { clock, writes, sink, letRead: () => letRead(), gone: () => gone };
}

describe("[HT185] the events of a stream are written", () => {
  it("at once when none were written lately", async () => {
    const { clock, writes, sink } = open();
    for (const word of ["a", "b", "c"]) {
      void sink.send(word);
      await clock.settle();
      expect(writes.at(-1)).toBe(word);
      await clock.advance(WRITE_INTERVAL_MS);
    }
    expect(writes).toEqual(["a", "b", "c"]);
    // That of silence alone: a word that was written at once leaves none behind.
    expect(clock.pendingTimers).toBe(1);
  });

  it("together when they come faster, at the latest after the interval", async () => {
    const { clock, writes, sink } = open();
    for (const word of ["a", "b", "c"]) void sink.send(word);
    await clock.advance(WRITE_INTERVAL_MS - 1);
    void sink.send("d");
    await clock.settle();
    expect(writes).toEqual(["a"]);
    await clock.advance(1);
    expect(writes).toEqual(["a", "bcd"]);
  });

  it("with the end when they still wait, and nothing comes behind it", async () => {
    const { clock, writes, sink } = open();
    void sink.send("a");
    void sink.send("b");
    await sink.end("!");
    await clock.advance(1_000);
    expect(writes).toEqual(["a", "b!", "closed"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("never for nothing", async () => {
    const { clock, writes, sink } = open();
    expect(sink.send("")).toBeNull();
    await sink.end("");
    await clock.settle();
    expect(writes).toEqual(["closed"]);
  });
});

describe("[HT185] a reader", () => {
  it("that is slow is waited for before more is asked of the provider", async () => {
    const { clock, writes, sink, letRead } = open({ isReading: false });
    const long = "x".repeat(MAX_UNREAD_CHARACTERS);
    expect(sink.send(long)).toBeNull();
    const behind = sink.send("y");
    let isRead = false;
    void behind?.then(() => {
      isRead = true;
    });
    await clock.advance(1_000);
    expect({ isWaiting: behind !== null, isRead }).toEqual({ isWaiting: true, isRead: false });
    letRead();
    await clock.settle();
    expect(isRead).toBe(true);
    expect(writes.join("")).toBe(`${long}y`);
    expect(sink.send("z")).toBeNull();
  });

  it("that has gone is told of, and what is sent and ended then goes nowhere", async () => {
    const clock = new VirtualClock();
    let gone = 0;
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const sink = new PacedSink(pipe.writable, clock, () => {
      gone += 1;
    });
    await pipe.readable.cancel();
    await clock.settle();
    expect(gone).toBeGreaterThan(0);
    void sink.send("a");
    await sink.end("b");
  });
});

describe("[HT189] a stream that has nothing to say", () => {
  it("says that it is alive every five seconds, and not sooner", async () => {
    const { clock, writes, sink } = open();
    void sink.send("a");
    await clock.advance(KEEP_ALIVE_MS - 1);
    expect(writes).toEqual(["a"]);
    await clock.advance(1);
    expect(writes).toEqual(["a", KEEP_ALIVE]);
    await clock.advance(2 * KEEP_ALIVE_MS);
    expect(writes).toEqual(["a", KEEP_ALIVE, KEEP_ALIVE, KEEP_ALIVE]);
  });

  it("counts from its last word", async () => {
    const { clock, writes, sink } = open();
    await clock.advance(KEEP_ALIVE_MS - 1);
    void sink.send("a");
    await clock.advance(KEEP_ALIVE_MS - 1);
    expect(writes).toEqual(["a"]);
    await clock.advance(1);
    expect(writes).toEqual(["a", KEEP_ALIVE]);
  });

  it("says nothing behind its end", async () => {
    const { clock, writes, sink } = open();
    await sink.end("!");
    await clock.advance(10 * KEEP_ALIVE_MS);
    expect(writes).toEqual(["!", "closed"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("says nothing to a reader that has not taken what was said", async () => {
    const { clock, writes, sink, letRead } = open({ isReading: false });
    void sink.send("a");
    await clock.advance(10 * KEEP_ALIVE_MS);
    expect(writes).toEqual(["a"]);
    letRead();
    await clock.advance(KEEP_ALIVE_MS);
    expect(writes).toEqual(["a", KEEP_ALIVE]);
  });
});
