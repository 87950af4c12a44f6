/**
 * Writes the events of a stream to its reader: at once, and no more often than once in a picture of a screen. Handing
 * bytes to a reader costs several times what making them does, so what comes faster goes out together. Rule HT185.
 */
import type { Clock } from "../../base/clock.ts";
import { toBytes } from "./wire-writer.ts";

/** Least time between two writes: that of one picture at sixty a second. Milliseconds. */
export const WRITE_INTERVAL_MS = 16;
/** How much may be on its way to a slow reader before nothing more is asked of the provider, characters. */
export const MAX_UNREAD_CHARACTERS = 65_536;

export class PacedSink {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private readonly clock: Clock;
  private readonly onGone: () => void;
  private waiting = "";
  private cancelTimer: (() => void) | null = null;
  private lastWriteMs = Number.NEGATIVE_INFINITY;
  private unread = 0;
  /** Settles when everything that was written has been read. */
  private allRead: Promise<void> = Promise.resolve();

  /** `onGone` is called, perhaps more than once, when the reader has gone; what is sent then goes nowhere. */
  constructor(writable: WritableStream<Uint8Array>, clock: Clock, onGone: () => void) {
    this.writer = writable.getWriter();
    this.clock = clock;
    this.onGone = onGone;
    this.writer.closed.catch(onGone);
  }

  /** Null, or what to wait for before more is sent: the reader is behind. Never rejects. */
  send(text: string): Promise<void> | null {
    if (text === "") return null;
    this.waiting += text;
    if (this.cancelTimer === null) {
      const waitMs = this.lastWriteMs + WRITE_INTERVAL_MS - this.clock.nowMs();
      if (waitMs <= 0) this.write();
      else this.cancelTimer = this.clock.startTimer(waitMs, () => this.write());
    }
    return this.waiting.length + this.unread > MAX_UNREAD_CHARACTERS ? this.allRead : null;
  }

  /** The last words, with all that still waits. Resolves when they have been read, or nobody is there. */
  async end(text: string): Promise<void> {
    this.waiting += text;
    this.write();
    await this.writer.close().catch(this.onGone);
  }

  private write(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    const text = this.waiting;
    if (text === "") return;
    this.waiting = "";
    this.lastWriteMs = this.clock.nowMs();
    this.unread += text.length;
    this.allRead = this.writer
      .write(toBytes(text))
      .catch(this.onGone)
      .then(() => {
        this.unread -= text.length;
      });
  }
}
