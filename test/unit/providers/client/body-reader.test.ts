/** When what comes of a body is handed on, and what a read of the network waits for. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BodyReader } from "../../../../src/providers/client/body-reader.ts";
import { StreamPace } from "../../../../src/providers/client/stream-pace.ts";

const WORD = new Uint8Array(250).fill(97);
/** What may come late when a fast stream pauses: 2 KB. */
const MOST_HELD_WORDS = Math.ceil(2_048 / WORD.byteLength);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Line {
  readonly reader: BodyReader;
  readonly send: (words?: number) => void;
  readonly end: () => void;
  readonly breakOff: () => void;
}

function open(pace = new StreamPace()): Line {
  let controller: ReadableByteStreamController | null = null;
  const body = new ReadableStream<Uint8Array>({
    type: "bytes",
    start: (given) => {
      if (!(given instanceof ReadableByteStreamController))
        throw new Error("a stream of bytes was asked for");
      controller = given;
    },
  });
  return {
    reader: new BodyReader(body, pace, Date.now),
    send: (words = 1) => {
      for (let word = 0; word < words; word += 1) controller?.enqueue(WORD.slice());
    },
    end: () => {
      controller?.close();
      // A stream that is closed answers the read that waits only when it is told to.
      controller?.byobRequest?.respond(0);
    },
    breakOff: () => controller?.error(new Error("reset")),
  };
}

const pass = (durationMs: number): Promise<unknown> => vi.advanceTimersByTimeAsync(durationMs);

/** Sends words, so many in each step and a step every `everyMs`. */
async function run(line: Line, steps: number, everyMs: number, wordsEach = 1): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    line.send(wordsEach);
    await pass(everyMs);
  }
}

/** Reads without a pause; `words` is how many each piece had, `result` is how it ended. */
function follow({ reader }: Line) {
  const seen = {
    words: [] as number[],
    result: null as null | "end" | "broken",
    get total() {
      return this.words.reduce((sum, words) => sum + words, 0);
    },
  };
  void (async () => {
    try {
      for (let piece = await reader.read(); piece !== null; piece = await reader.read()) {
        seen.words.push(piece.byteLength / WORD.byteLength);
      }
      seen.result = "end";
    } catch {
      seen.result = "broken";
    }
  })();
  return seen;
}

describe("[PR98] a stream is handed on", () => {
  it("at once in its first words, and word by word at a model's pace", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 4, 0);
    expect(seen.words).toEqual([1, 1, 1, 1]);
    await run(line, 50, 30);
    expect(seen.words).toEqual(Array.from({ length: 54 }, () => 1));
  });

  it("forty times a second when it comes faster, and nothing waits for longer than that when it pauses", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 100, 5);
    expect(seen.words.length).toBeLessThan(30);
    await pass(25);
    expect(seen.total).toBe(100);
  });

  describe("where many come at once", () => {
    const openMany = (count: number, pace = new StreamPace()) => {
      const lines = Array.from({ length: count }, () => open(pace));
      const seen = lines.map(follow);
      const countPieces = () => seen.map(({ words }) => words.length);
      /** Of all of them, a word every five milliseconds each; how many pieces each of them has handed on meanwhile. */
      const runAll = async (durationMs: number): Promise<number[]> => {
        const before = countPieces();
        for (let passed = 0; passed < durationMs; passed += 5) {
          for (const line of lines) line.send();
          await pass(5);
        }
        return countPieces().map((pieces, index) => pieces - (before[index] ?? 0));
      };
      return { lines, seen, runAll };
    };

    it("all the first words at once", async () => {
      const { lines, seen } = openMany(200);
      for (const line of lines) await run(line, 4, 0);
      expect(seen.map(({ words }) => words)).toEqual(lines.map(() => [1, 1, 1, 1]));
    });

    it("forty times a second each, as long as there are fifty", async () => {
      const { runAll } = openMany(40);
      await runAll(500);
      for (const pieces of await runAll(1_000)) expect(pieces).toBeGreaterThanOrEqual(32);
    });

    it("fewer the more there are, but ten times a second each, and nothing waits longer", async () => {
      const { seen, runAll } = openMany(200);
      await runAll(500);
      for (const pieces of await runAll(1_000)) {
        expect(pieces).toBeGreaterThanOrEqual(9);
        expect(pieces).toBeLessThanOrEqual(13);
      }
      await pass(100);
      expect(seen.map(({ total }) => total)).toEqual(seen.map(() => 300));
    });

    it("and forty times a second again when the others have ended", async () => {
      const pace = new StreamPace();
      const many = openMany(200, pace);
      await many.runAll(500);
      for (const line of many.lines) line.end();
      await pass(100);
      const [pieces] = await openMany(1, pace).runAll(1_000);
      expect(pieces).toBeGreaterThanOrEqual(32);
    });

    it("whatever the clock is set back to", async () => {
      const pace = new StreamPace();
      const { seen, runAll } = openMany(200, pace);
      await runAll(500);
      vi.setSystemTime(Date.now() - 3_600_000);
      await runAll(100);
      await pass(100);
      expect(seen.map(({ total }) => total)).toEqual(seen.map(() => 120));
    });
  });

  it("to its end at once", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 60, 0);
    line.end();
    await pass(0);
    expect(seen).toMatchObject({ total: 60, result: "end" });
  });

  it("before the break that comes behind it", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 20, 5);
    line.breakOff();
    await pass(0);
    expect(seen).toMatchObject({ total: 20, result: "broken" });
  });

  it("as it comes where it is no stream of bytes", async () => {
    const pieces = [WORD];
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const piece = pieces.pop();
          if (piece === undefined) controller.error(new Error("reset"));
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    const reader = new BodyReader(body, new StreamPace(), Date.now);
    expect(await reader.read()).toEqual(WORD);
    await expect(reader.read()).rejects.toThrow("reset");
  });

  it("and not taken from the network while 64 KB of it wait for their reader", async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulls += 1;
          controller.enqueue(new Uint8Array(10_000));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = new BodyReader(body, new StreamPace(), Date.now);
    expect((await reader.read())?.byteLength).toBe(10_000);
    await pass(1_000);
    expect(pulls).toBe(8);
    expect((await reader.read())?.byteLength).toBe(70_000);
    await reader.cancel();
  });
});

describe("[PR95] a read of the network", () => {
  it("waits for no more than there is at a pace that models have, nor in a burst before a pause", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 200, 2);
    await pass(25);
    expect(seen.total).toBe(200);
    for (let burst = 0; burst < 5; burst += 1) {
      await run(line, 12, 0);
      await pass(150);
      expect(seen.total).toBe(200 + 12 * (burst + 1));
    }
  });

  it.each([0, 20, 1_000])(
    "waits for no more than there is in a burst of what was late, behind %i words",
    async (words) => {
      const line = open();
      const seen = follow(line);
      await run(line, words, 3);
      // The stream, or its network, has stood still.
      await pass(75);
      await run(line, 25, 0);
      await pass(25);
      expect(seen.total).toBe(words + 25);
    },
  );

  it("waits for some nine words at the most when the stream is much faster", async () => {
    const line = open();
    const seen = follow(line);
    for (let words = 1; words <= 400; words += 1) {
      await run(line, 1, words % 10 === 0 ? 1 : 0);
    }
    await pass(25);
    expect(seen.total).toBeLessThan(400);
    expect(seen.total).toBeGreaterThanOrEqual(400 - MOST_HELD_WORDS);
    line.end();
    await pass(0);
    expect(seen).toMatchObject({ total: 400, result: "end" });
  });

  it("waits for no more than there is once a fast stream has paused, however fast it goes on", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 40, 1, 10);
    await pass(100);
    expect(seen.total).toBeLessThan(400);
    await run(line, 40, 1, 10);
    await pass(25);
    expect(seen.total).toBe(800);
  });

  it("waits for no more than there is once the stream has slowed down", async () => {
    const line = open();
    const seen = follow(line);
    await run(line, 40, 1, 10);
    // What the read that is under way still waits for.
    await run(line, MOST_HELD_WORDS, 60);
    await run(line, 20, 60);
    expect(seen.total).toBe(400 + MOST_HELD_WORDS + 20);
    expect(seen.words.slice(-20)).toEqual(Array.from({ length: 20 }, () => 1));
  });
});
