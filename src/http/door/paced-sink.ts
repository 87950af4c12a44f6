/**
 * Writes the events of a stream to its reader: at once, and no more often than once in a picture of a screen. Handing
 * bytes to a reader costs several times what making them does, so what comes faster goes out together. While there is
 * nothing to say, a comment says that the stream is alive: middleboxes cut silent connections, and the platform tells of
 * a reader who has gone only when something is written. Rules HT185, HT189.
 */
import type { Clock } from "../../base/clock.ts";
import { KEEP_ALIVE, toBytes } from "../../base/event-stream.ts";

/** Least time between two writes: that of one picture at sixty a second. Milliseconds. */
export const WRITE_INTERVAL_MS = 16;
/** How much may be on its way to a slow reader before nothing more is asked of the provider, characters. */
export const MAX_UNREAD_CHARACTERS = 65_536;
/** How long a stream says nothing before it says that it is alive, milliseconds. */
export const KEEP_ALIVE_MS = 5_000;

export class PacedSink {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private readonly clock: Clock;
  private readonly onGone: () => void;
  private waiting = "";
  private cancelTimer: (() => void) | null = null;
  private cancelKeepAlive: () => void = () => undefined;
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
    this.keepAliveIn(KEEP_ALIVE_MS);
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
    this.cancelKeepAlive();
    this.waiting += text;
    this.write();
    await this.writer.close().catch(this.onGone);
  }

  /** One timer that looks back, instead of one that each write starts anew. A reader that is behind hears enough. */
  private keepAliveIn(waitMs: number): void {
    this.cancelKeepAlive = this.clock.startTimer(waitMs, () => {
      const silentMs = this.clock.nowMs() - this.lastWriteMs;
      const isSilent = silentMs >= KEEP_ALIVE_MS;
      if (isSilent && this.unread === 0) void this.send(KEEP_ALIVE);
      this.keepAliveIn(isSilent ? KEEP_ALIVE_MS : KEEP_ALIVE_MS - silentMs);
    });
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
