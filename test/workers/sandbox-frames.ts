/** The client's end of any socket of the product: keeps every frame, parsed, and waits for one. */

/** Far beyond what any of this takes: a test that waits for so long has failed. */
const LIMIT_MS = 8_000;

interface Waiter {
  readonly matches: () => boolean;
  readonly finish: () => void;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export class FrameSocket<Frame> {
  readonly frames: Frame[] = [];
  readonly closed: Promise<Closing>;
  private readonly socket: WebSocket;
  private closing: Closing | null = null;
  private waiters: Waiter[] = [];

  /** `parse` throws at a frame that the protocol does not have. */
  constructor(socket: WebSocket, parse: (json: unknown) => Frame) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") throw new Error("frames are text");
      this.frames.push(parse(JSON.parse(data)));
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        this.closing = { code, reason };
        resolve(this.closing);
        this.wake();
      });
    });
    socket.accept();
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  close(): void {
    this.socket.close(1000, "done");
  }

  /** The first frame that matches, come or still to come. */
  async waitFor(matches: (frame: Frame) => boolean): Promise<Frame> {
    await this.waitUntil(() => this.frames.some(matches));
    const frame = this.frames.find(matches);
    if (frame === undefined) throw new Error("unreachable: the frame was there");
    return frame;
  }

  protected async waitUntil(matches: () => boolean): Promise<void> {
    if (matches()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain: ${this.describe()}`)), LIMIT_MS);
      const finish = (): void => {
        clearTimeout(timer);
        if (matches()) resolve();
        else reject(new Error(`the socket closed first: ${this.describe()}`));
      };
      this.waiters.push({ matches, finish });
      if (this.closing !== null) this.wake();
    });
  }

  private wake(): void {
    const ready = this.waiters.filter((waiter) => this.closing !== null || waiter.matches());
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.finish();
  }

  private describe(): string {
    return JSON.stringify({ closing: this.closing, last: this.frames.slice(-6) }).slice(0, 2_000);
  }
}
