/**
 * Reads a provider's body. What comes is taken from the network at once and handed on in pieces, at the pace of
 * stream-pace.ts. Rules PR95, PR98.
 */
import { MOST_INTERVAL_MS, type StreamPace } from "./stream-pace.ts";

/** As many as that are handed on at once: the first word of an answer is among them. */
const FREE_PIECES = 4;
/** What is handed on although the interval is not over. */
const ENOUGH_BYTES = 16_384;
/** When so much waits for whoever reads, nothing more is read. */
const MAX_HELD_BYTES = 65_536;
/** Room for one read of the network. */
const READ_BYTES = 4_096;

/** In how long half of what has come counts no more, milliseconds. */
const HALF_LIFE_MS = 16;
/**
 * What may have come lately before a read waits for more than there is: some sixteen words in one burst, or some 700 words
 * a second, which few models speak.
 */
const FREE_BYTES = 4_096;
/** Of what came beyond, the part that the next read waits for; and the most, some nine words. */
const GATHERED_PART = 0.5;
const MAX_GATHER_BYTES = 2_048;
/**
 * And so many came on average since the first one, counted over `LEAST_MS` at least: what a slower stream has kept back
 * comes in a burst too, and nothing may follow it. Bytes a millisecond, some 430 words a second.
 */
const FREE_BYTES_PER_MS = 100;
const LEAST_MS = 64;
/** A stream that left such a read waiting for so long has pauses: it is not kept waiting a second time. Milliseconds. */
const PAUSE_MS = 100;

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

/** What a body has come to: its end, or why it broke. */
type Over = { readonly error: unknown } | "end";

export class BodyReader {
  private readonly source: Reader;
  private readonly nowMs: () => number;
  /** Read from the network and not handed on. */
  private held: Uint8Array = new Uint8Array(READ_BYTES);
  private heldBytes = 0;
  /** What the piece that was handed on stands in; the next one makes it free again. */
  private given: Uint8Array = new Uint8Array(READ_BYTES);
  private over: Over | null = null;
  /** Wakes whoever waits for something to happen: the pump for room, a reader for bytes. */
  private wakePump: (() => void) | null = null;
  private wakeReader: (() => void) | null = null;
  private readonly pace: StreamPace;
  /** When the next piece may be handed on. */
  private nextPieceMs = Number.NEGATIVE_INFINITY;
  private pieces = 0;
  private readonly arrivals: Arrivals;

  /** Begins to read at once. */
  constructor(body: ReadableStream<Uint8Array>, pace: StreamPace, nowMs: () => number) {
    this.source = openReader(body);
    this.pace = pace;
    this.nowMs = nowMs;
    this.arrivals = new Arrivals(nowMs());
    void this.pump();
  }

  /** The next piece, valid until the next read; null at the end. Rejects when the connection has broken. */
  async read(): Promise<Uint8Array | null> {
    while (this.heldBytes === 0 && this.over === null) await this.sleep();
    // Bounded, since the clock may have been set back.
    const dueInMs = Math.min(MOST_INTERVAL_MS, this.nextPieceMs - this.nowMs());
    const waitMs = this.pieces < FREE_PIECES ? 0 : dueInMs;
    if (waitMs > 0 && this.heldBytes < ENOUGH_BYTES && this.over === null) await this.pause(waitMs);
    if (this.heldBytes > 0) return this.take();
    if (this.over === "end" || this.over === null) return null;
    throw this.over.error;
  }

  /** Lets the body go, which closes its connection. */
  cancel(): Promise<void> {
    return this.source.reader.cancel();
  }

  private take(): Uint8Array {
    const piece = this.held.subarray(0, this.heldBytes);
    [this.held, this.given] = [this.given, this.held];
    this.heldBytes = 0;
    this.pieces += 1;
    const nowMs = this.nowMs();
    this.nextPieceMs = nowMs + this.pace.note(nowMs);
    this.wakePump?.();
    return piece;
  }

  /** Until there are bytes, or none will come. */
  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeReader = resolve;
    });
  }

  /** Until the time is over, there is enough, or nothing more will come. */
  private async pause(durationMs: number): Promise<void> {
    let isTimeOver = false;
    const timer = setTimeout(() => {
      isTimeOver = true;
      this.wakeReader?.();
    }, durationMs);
    while (!isTimeOver && this.heldBytes < ENOUGH_BYTES && this.over === null) await this.sleep();
    clearTimeout(timer);
  }

  /** Never rejects: what breaks it is for whoever reads. */
  private async pump(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.readNetwork();
        if (bytes === null) break;
        this.hold(bytes);
        while (this.heldBytes >= MAX_HELD_BYTES) {
          await new Promise<void>((resolve) => {
            this.wakePump = resolve;
          });
        }
      }
      this.over = "end";
    } catch (error) {
      this.over = { error };
    }
    this.wakeReader?.();
  }

  private async readNetwork(): Promise<Uint8Array | null> {
    const { source } = this;
    if (source.type === "default") {
      const { done, value } = await source.reader.read();
      return done ? null : value;
    }
    const view = new Uint8Array(source.buffer);
    const startedMs = this.nowMs();
    const { done, value } = await source.reader.read(view, { min: this.arrivals.toWaitFor });
    if (value === undefined) return null;
    source.buffer = value.buffer;
    // A body that ends before there is enough gives what there was, and says that it is done with the next read.
    if (value.byteLength === 0) return done ? null : value;
    this.arrivals.note(value.byteLength, startedMs, this.nowMs());
    return value;
  }

  private hold(bytes: Uint8Array): void {
    const needed = this.heldBytes + bytes.byteLength;
    if (needed > this.held.byteLength) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.held.byteLength));
      larger.set(this.held.subarray(0, this.heldBytes));
      this.held = larger;
    }
    this.held.set(bytes, this.heldBytes);
    const isFirst = this.heldBytes === 0;
    this.heldBytes = needed;
    // In between, only the time wakes who reads.
    if (isFirst || needed >= ENOUGH_BYTES) this.wakeReader?.();
  }
}

/** How fast bytes came lately, and so how many the next read may wait for: it cannot be taken back when they do not come. */
class Arrivals {
  toWaitFor = 1;
  private lastMs: number;
  private firstMs: number | null = null;
  private total = 0;
  /** Bytes that came lately, the older the fewer. */
  private recent = 0;
  private pauses = false;

  constructor(nowMs: number) {
    this.lastMs = nowMs;
  }

  /** What a read gave that began at `startedMs`. */
  note(bytes: number, startedMs: number, nowMs: number): void {
    if (this.toWaitFor > 1 && nowMs - startedMs >= PAUSE_MS) this.pauses = true;
    this.recent = this.recent * 0.5 ** (Math.max(0, nowMs - this.lastMs) / HALF_LIFE_MS) + bytes;
    this.lastMs = nowMs;
    this.firstMs ??= nowMs;
    this.total += bytes;
    const isFast = this.total > FREE_BYTES_PER_MS * Math.max(LEAST_MS, nowMs - this.firstMs);
    const gathered = Math.floor((this.recent - FREE_BYTES) * GATHERED_PART);
    this.toWaitFor = isFast && !this.pauses ? Math.max(1, Math.min(MAX_GATHER_BYTES, gathered)) : 1;
  }
}

function openReader(body: ReadableStream<Uint8Array>): Reader {
  try {
    return { type: "byob", reader: body.getReader({ mode: "byob" }), buffer: new ArrayBuffer(READ_BYTES) };
  } catch {
    // Not a stream of bytes, as the answers of some libraries are: it is read as it comes.
    return { type: "default", reader: body.getReader() };
  }
}
