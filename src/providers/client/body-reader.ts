/**
 * Reads a provider's body. Each piece costs a turn of the loop, whatever its size; so a stream that arrives much faster
 * than anybody reads is taken a few words at a time, and one at a model's usual pace word by word. A read that waits cannot
 * be taken back: what it waits for is kept small, since it comes late when the stream pauses. Rule PR95.
 */

/** In how long half of what has come counts no more: the time of one picture on a screen, milliseconds. */
const HALF_LIFE_MS = 16;
/** The part of what came lately that the next read waits for. */
const GATHERED_PART = 0.5;
/** What may come in one burst before anything is waited for: two or three words. */
const FREE_BYTES = 512;
/** The most that is waited for: some nine words. */
const MAX_GATHER_BYTES = 2_048;
/** Room for one piece. */
const MAX_BYTES = 4_096;

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
  private lastReadMs: number;
  /** Bytes that came lately, the older the fewer. */
  private recent = 0;
  /** What the next read waits for at the least. */
  private least = 1;

  /** `nowMs` is read once a piece. */
  constructor(body: ReadableStream<Uint8Array>, nowMs: () => number) {
    this.source = openReader(body);
    this.nowMs = nowMs;
    this.lastReadMs = nowMs();
  }

  /** The next piece, valid until the next read; null at the end. Rejects when the connection breaks. */
  async read(): Promise<Uint8Array | null> {
    const { source } = this;
    if (source.type === "default") {
      const { done, value } = await source.reader.read();
      return done ? null : value;
    }
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
    // Both the older bytes and these, which came somewhere in between, count the less the longer it took.
    const halvings = Math.max(0, nowMs - this.lastReadMs) / HALF_LIFE_MS;
    const kept = 0.5 ** halvings;
    const keptOfNew = halvings === 0 ? 1 : (1 - kept) / (halvings * Math.LN2);
    this.recent = this.recent * kept + bytes * keptOfNew;
    this.lastReadMs = nowMs;
    this.least = Math.max(
      1,
      Math.min(MAX_GATHER_BYTES, Math.floor((this.recent - FREE_BYTES) * GATHERED_PART)),
    );
  }
}

function openReader(body: ReadableStream<Uint8Array>): Reader {
  try {
    return { type: "byob", reader: body.getReader({ mode: "byob" }), buffer: new ArrayBuffer(MAX_BYTES) };
  } catch {
    // Not a stream of bytes, as the answers of some libraries are: it is read as it comes.
    return { type: "default", reader: body.getReader() };
  }
}
