/**
 * Reads many pieces of a body as one, and can be called back from it. A read of the platform's cannot be taken back: so
 * the body has two branches, and while one is waited on, the other keeps what it has not given yet. Rules PR95, PR98.
 */
import { releaseReader } from "./fetch-function.ts";

/** As the standard has it; not every list of types knows the second parameter yet. */
export interface ByteReader {
  read(
    view: Uint8Array<ArrayBuffer>,
    options: { readonly min: number },
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>;
  releaseLock(): void;
  cancel(): Promise<void>;
}

/** What is left of a body to whoever reads it piece by piece. */
export interface Rest {
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes at its front that were given already. */
  readonly skip: number;
}

/** Room for one piece, and for what the second branch keeps of those that were given. */
const MAX_BYTES = 32_768;

export class GatheringReader {
  private readonly first: ByteReader;
  private readonly second: ByteReader;
  private readonly secondBody: ReadableStream<Uint8Array>;
  private buffer = new ArrayBuffer(MAX_BYTES);
  private droppedInto = new ArrayBuffer(MAX_BYTES);
  private givenBytes = 0;
  private droppedBytes = 0;

  /** `body` is a stream of bytes that nobody reads at the moment. */
  constructor(body: ReadableStream<Uint8Array>) {
    const [first, second] = body.tee();
    this.first = first.getReader({ mode: "byob" });
    this.second = second.getReader({ mode: "byob" });
    this.secondBody = second;
  }

  /**
   * The next piece: at least `least` bytes, or fewer when the body ends; null behind its end; "paused" when so many do
   * not come within `holdMs`, or the connection breaks: what came before that is in the rest, and so is the break.
   */
  async read(least: number, holdMs: number): Promise<Uint8Array<ArrayBuffer> | null | "paused"> {
    const reading = this.first.read(new Uint8Array(this.buffer), { min: least });
    const read = await waitFor(reading, holdMs).catch(() => null);
    if (read === null) return "paused";
    if (read.value === undefined || (read.done && read.value.byteLength === 0)) return null;
    this.buffer = read.value.buffer;
    this.givenBytes += read.value.byteLength;
    await this.dropGiven();
    return read.value;
  }

  /** Ends the gathering. A read that waits is left to itself: what it was to have is in the rest. */
  toRest(): Rest {
    releaseReader(this.first);
    this.second.releaseLock();
    return { body: this.secondBody, skip: this.givenBytes - this.droppedBytes };
  }

  async cancel(): Promise<void> {
    await Promise.all([this.first.cancel(), this.second.cancel()]);
  }

  /** What was given has come by the second branch too, and need not be kept. */
  private async dropGiven(): Promise<void> {
    while (this.givenBytes - this.droppedBytes >= MAX_BYTES) {
      const { value } = await this.second.read(new Uint8Array(this.droppedInto), { min: 1 });
      if (value === undefined) return;
      this.droppedInto = value.buffer;
      this.droppedBytes += value.byteLength;
    }
  }
}

/** Null when it does not settle within `holdMs`. */
async function waitFor<Value>(promise: Promise<Value>, holdMs: number): Promise<Value | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const held = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), holdMs);
  });
  try {
    return await Promise.race([promise, held]);
  } finally {
    clearTimeout(timer);
  }
}
