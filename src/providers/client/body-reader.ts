/**
 * Reads a provider's body. A stream that arrives much faster than anybody reads is taken in larger pieces: each piece
 * costs a turn of the loop, whatever its size, and within two pictures of a screen nobody sees the difference. A
 * stream at a model's usual pace is taken word by word. Rules PR95, PR98.
 */
import { GatheringReader, type ByteReader } from "./gathering-reader.ts";

/** How long words may wait for others to be read with them, milliseconds. */
const GATHER_MS = 32;
/**
 * When there is not enough after that time the stream has paused, and what came is given. Not sooner: on a busy machine
 * the words are late too.
 */
const HOLD_MS = 100;
/** A longer pause ends a run that was to be believed: providers send a few words at once and then none for a while. */
const MAX_PAUSE_MS = 3;
/** How long a run has to last before it is believed, and words are waited for. */
const LEAST_RUN_MS = 4;
/** Room for one piece that is not gathered. */
const USUAL_BYTES = 4_096;
/** The most that is waited for. */
const MAX_GATHER_BYTES = 16_384;
/**
 * Bytes a millisecond, some 450 words a second: few models speak so fast, what was stored or held up does. Not higher,
 * since reading word by word is itself so slow on a busy machine that nothing would ever look faster.
 */
const LEAST_GATHERED_RATE = 120;
/** A stream that pauses again and again is no run at all; every run leaves a branch of the body behind. */
const MAX_RUNS = 8;

type Source =
  | { readonly type: "bytes"; readonly reader: ByteReader; buffer: ArrayBuffer }
  | { readonly type: "gathered"; readonly reader: GatheringReader }
  | { readonly type: "default"; readonly reader: ReadableStreamDefaultReader<Uint8Array> };

export class BodyReader {
  private body: ReadableStream<Uint8Array>;
  private source: Source;
  private readonly nowMs: () => number;
  private runStartedMs: number;
  private runBytes = 0;
  private lastReadMs: number;
  /** What the next read waits for at the least. */
  private least = 1;
  private runs = 0;
  /** Bytes at the front of the body that were given already. */
  private skip = 0;

  /** `nowMs` is read once a piece. */
  constructor(body: ReadableStream<Uint8Array>, nowMs: () => number) {
    this.body = body;
    this.source = openReader(body);
    this.nowMs = nowMs;
    this.lastReadMs = nowMs();
    this.runStartedMs = this.lastReadMs;
  }

  /** The next piece, valid until the next read; null at the end. Rejects when the connection breaks. */
  async read(): Promise<Uint8Array | null> {
    const piece = this.source.type === "gathered" ? await this.gather(this.source.reader) : await this.take();
    if (piece !== null && piece.byteLength > 0) this.note(piece.byteLength);
    return piece;
  }

  /** Lets the body go, which closes its connection. */
  cancel(): Promise<void> {
    return this.source.reader.cancel();
  }

  /** Whatever comes next. */
  private async take(): Promise<Uint8Array | null> {
    for (;;) {
      const { source } = this;
      if (source.type === "gathered") return this.gather(source.reader);
      if (source.type === "default") {
        const { done, value } = await source.reader.read();
        return done ? null : value;
      }
      const { done, value } = await source.reader.read(new Uint8Array(source.buffer), { min: 1 });
      if (value === undefined || (done && value.byteLength === 0)) return null;
      source.buffer = value.buffer;
      const isGiven = value.byteLength <= this.skip;
      const fresh = isGiven ? value : value.subarray(this.skip);
      this.skip -= value.byteLength - (isGiven ? 0 : fresh.byteLength);
      if (!isGiven) return fresh;
    }
  }

  /** As much as the run lets expect, or what there is when it has ended. */
  private async gather(reader: GatheringReader): Promise<Uint8Array | null> {
    const piece = await reader.read(this.least, HOLD_MS);
    if (piece !== "paused") return piece;
    this.endRun(this.nowMs());
    return this.take();
  }

  /** Sees what a piece says about the pace: whether a run begins, goes on or has ended. */
  private note(bytes: number): void {
    const nowMs = this.nowMs();
    const pauseMs = nowMs - this.lastReadMs;
    this.lastReadMs = nowMs;
    if (pauseMs > MAX_PAUSE_MS && this.source.type !== "gathered") return this.endRun(nowMs);
    this.runBytes += bytes;
    const runMs = nowMs - this.runStartedMs;
    if (runMs < LEAST_RUN_MS || this.runs === MAX_RUNS) return undefined;
    const rate = this.runBytes / runMs;
    if (rate < LEAST_GATHERED_RATE) return this.source.type === "gathered" ? this.endRun(nowMs) : undefined;
    this.least = Math.min(MAX_GATHER_BYTES, Math.floor(rate * GATHER_MS));
    if (this.source.type === "bytes" && this.skip === 0) {
      this.source.reader.releaseLock();
      this.source = { type: "gathered", reader: new GatheringReader(this.body) };
    }
    return undefined;
  }

  private endRun(nowMs: number): void {
    this.runStartedMs = nowMs;
    this.runBytes = 0;
    this.least = 1;
    if (this.source.type !== "gathered") return;
    this.runs += 1;
    const { body, skip } = this.source.reader.toRest();
    this.body = body;
    this.skip = skip;
    this.source = openReader(body);
  }
}

function openReader(body: ReadableStream<Uint8Array>): Source {
  try {
    return { type: "bytes", reader: body.getReader({ mode: "byob" }), buffer: new ArrayBuffer(USUAL_BYTES) };
  } catch {
    // Not a stream of bytes, as the answers of some libraries are: it is read as it comes.
    return { type: "default", reader: body.getReader() };
  }
}
