/** When a body is read word by word, and when it is gathered. */
import { expect, it } from "vitest";
import { BodyReader } from "../../../../src/providers/client/body-reader.ts";

const WORD = new Uint8Array(250).fill(97);

/** A body whose pieces come one after the other when `send` says so; the clock stands still in between. */
function open() {
  let nowMs = 1_000;
  let controller: ReadableByteStreamController | null = null;
  const body = new ReadableStream<Uint8Array>({
    type: "bytes",
    start: (given) => {
      if (!(given instanceof ReadableByteStreamController))
        throw new Error("a stream of bytes was asked for");
      controller = given;
    },
  });
  const reader = new BodyReader(body, () => nowMs);
  return {
    reader,
    send: (afterMs: number, bytes: Uint8Array = WORD): void => {
      nowMs += afterMs;
      controller?.enqueue(bytes.slice());
    },
    end: (): void => {
      controller?.close();
      // A stream that is closed answers the read that waits only when it is told to.
      controller?.byobRequest?.respond(0);
    },
    /** The read that is under way. */
    reading: null as Promise<Uint8Array | null> | null,
  };
}

/** Sends so many words, one every `everyMs`; tells after how many of them each piece was there. */
async function run(line: ReturnType<typeof open>, words: number, everyMs: number): Promise<number[]> {
  const pieces: number[] = [];
  for (let word = 1; word <= words; word += 1) {
    line.reading ??= line.reader.read();
    let isRead = false;
    void line.reading.then(() => {
      isRead = true;
    });
    line.send(everyMs);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    if (!isRead) continue;
    pieces.push(word);
    line.reading = null;
  }
  return pieces;
}

it("[PR95] a stream at a model's pace is read word by word", async () => {
  expect(await run(open(), 50, 20)).toHaveLength(50);
});

it("[PR95] a fast model is read word by word too: when it pauses, nothing is held back", async () => {
  expect(await run(open(), 100, 8)).toHaveLength(100);
});

it("[PR95] a burst of words before a pause is not waited with", async () => {
  const line = open();
  for (let burst = 0; burst < 5; burst += 1) {
    expect(await run(line, 1, 100)).toEqual([1]);
    expect(await run(line, 3, 0)).toHaveLength(3);
  }
});

it("[PR95] a stream that is much faster is gathered, and never more than a few words of it are waited for", async () => {
  const line = open();
  const pieces = await run(line, 400, 0.1);
  expect(pieces.length).toBeLessThan(120);
  const most = Math.max(...pieces.map((words, index) => words - (pieces[index - 1] ?? 0)));
  expect(most).toBe(Math.ceil(2_048 / WORD.byteLength));
});

it("[PR95] when it slows down, it is read word by word again", async () => {
  const line = open();
  await run(line, 400, 0.1);
  // What the read that is under way still waits for.
  await run(line, 9, 60);
  expect(await run(line, 20, 60)).toHaveLength(20);
});

it("[PR95] what was waited for and did not come is given with the end", async () => {
  const line = open();
  let bytes = 0;
  const all = (async () => {
    for (let piece = await line.reader.read(); piece !== null; piece = await line.reader.read()) {
      bytes += piece.byteLength;
    }
  })();
  for (let word = 0; word < 60; word += 1) {
    line.send(0.5);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
  line.end();
  await all;
  expect(bytes).toBe(60 * WORD.byteLength);
});

it("[PR95] a body that is no stream of bytes is read as it comes, and a broken one rejects", async () => {
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
  const reader = new BodyReader(body, () => 0);
  expect(await reader.read()).toEqual(WORD);
  await expect(reader.read()).rejects.toThrow("reset");
});
