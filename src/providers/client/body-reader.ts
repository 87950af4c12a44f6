/**
 * Reads a provider's body. A stream that arrives much faster than anybody reads is taken in larger pieces: each piece
 * costs a turn of the loop, whatever its size, and within one picture of a screen nobody sees the difference. A
 * stream at a model's usual pace is taken word by word. Rule PR95.
 */

/** How long words may wait for others to be read with them, milliseconds. */
const GATHER_MS = 16;
/** A pause that is longer, beside the wait above, ends a run: what follows is taken word by word again. */
const MAX_PAUSE_MS = 3;
/** How long a run has to last before it is believed: providers send a few words at once and then none for a while. */
const LEAST_RUN_MS = 4;
/** Room for one piece: of a stream at a usual pace, and of one that is gathered. */
const USUAL_BYTES = 4_096;
const MAX_BYTES = 32_768;
/** The most that is waited for: about sixty words, which are held back when such a stream pauses in the middle. */
const MAX_GATHER_BYTES = 16_384;
/**
 * Bytes a millisecond, some 450 words a second: few models speak so fast, what was stored or held up does. Not higher,
 * since reading word by word is itself so slow on a busy machine that nothing would ever look faster.
 */
const LEAST_GATHERED_RATE = 120;

/** As the standard has it; not every list of types knows the second parameter yet. */
interface GatheringReader {
  read(
    view: Uint8Array<ArrayBuffer>,
    options: { readonly min: number },
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
  cancel(): Promise<void>;
}

type Reader =
  | { readonly type: "byob"; readonly reader: GatheringReader; buffer: ArrayBuffer }
  | { readonly type: "default"; readonly reader: ReadableStreamDefaultReader<Uint8Array> };

export class BodyReader {
  private readonly source: Reader;
  private readonly nowMs: () => number;
  private runStartedMs: number;
  private runBytes = 0;
  private lastReadMs: number;
  /** What the next read waits for at the least. */
  private least = 1;

  /** `nowMs` is read once a piece. */
  constructor(body: ReadableStream<Uint8Array>, nowMs: () => number) {
    this.source = openReader(body);
    this.nowMs = nowMs;
    this.lastReadMs = nowMs();
    this.runStartedMs = this.lastReadMs;
  }

  /** The next piece, valid until the next read; null at the end. Rejects when the connection breaks. */
  async read(): Promise<Uint8Array | null> {
    const { source } = this;
    if (source.type === "default") {
      const { done, value } = await source.reader.read();
      return done ? null : value;
    }
    if (this.least > 1 && source.buffer.byteLength < MAX_BYTES) source.buffer = new ArrayBuffer(MAX_BYTES);
    const view = new Uint8Array(source.buffer);
    const { done, value } = await source.reader.read(view, { min: this.least });
    if (value === undefined) return null;
    source.buffer = value.buffer;
    // A body that ends before there is enough gives what there was, and says that it is done with the next read.
    if (value.byteLength === 0) return done ? null : value;
    this.note(value.byteLength);
    return value;
  }

  /** Lets the body go, which closes its connection. */
  cancel(): Promise<void> {
    return this.source.reader.cancel();
  }

  private note(bytes: number): void {
    const nowMs = this.nowMs();
    const pauseMs = nowMs - this.lastReadMs;
    this.lastReadMs = nowMs;
    if (pauseMs > MAX_PAUSE_MS + (this.least === 1 ? 0 : GATHER_MS)) {
      this.runStartedMs = nowMs;
      this.runBytes = 0;
      this.least = 1;
      return;
    }
    this.runBytes += bytes;
    const runMs = nowMs - this.runStartedMs;
    if (runMs < LEAST_RUN_MS) return;
    const rate = this.runBytes / runMs;
    this.least = rate < LEAST_GATHERED_RATE ? 1 : Math.min(MAX_GATHER_BYTES, Math.floor(rate * GATHER_MS));
  }
}

function openReader(body: ReadableStream<Uint8Array>): Reader {
  try {
    return { type: "byob", reader: body.getReader({ mode: "byob" }), buffer: new ArrayBuffer(USUAL_BYTES) };
  } catch {
    // Not a stream of bytes, as the answers of some libraries are: it is read as it comes.
    return { type: "default", reader: body.getReader() };
  }
}
