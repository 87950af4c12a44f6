/** The client's end of a chat's socket: keeps every frame, parsed as the protocol has it, and waits for one. */
import type { z } from "zod";
import { LiveServerFrame, type ChunkFrame, type SendFrame } from "../../src/protocol/session-frame.ts";

type Chunk = z.infer<typeof ChunkFrame>["chunk"];

/** Far beyond what any of this takes: a test that waits for so long has failed. */
const LIMIT_MS = 8_000;

interface Waiter {
  readonly matches: () => boolean;
  readonly resolve: () => void;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export class SocketClient {
  readonly frames: LiveServerFrame[] = [];
  readonly closed: Promise<Closing>;
  private readonly socket: WebSocket;
  private closing: Closing | null = null;
  private waiters: Waiter[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") throw new Error("frames are text");
      this.frames.push(LiveServerFrame.parse(JSON.parse(data)));
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

  /** Asks as AI SDK's transport does. */
  ask(requestId: string, text: string, more: Partial<Pick<SendFrame, "body" | "messageId" | "trigger">> & { id?: string } = {}): void {
    const { id = `user-${requestId}`, ...frame } = more;
    const messages = [{ id, role: "user", parts: [{ type: "text", text }] }];
    this.send({ type: "send", requestId, id: "chat", trigger: "submit-message", messages, headers: {}, body: {}, ...frame });
  }

  resume(requestId: string, lastSequence?: number): void {
    this.send({ type: "resume", requestId, id: "chat", lastSequence, headers: {}, body: {} });
  }

  abort(requestId: string): void {
    this.send({ type: "abort", requestId });
  }

  close(): void {
    this.socket.close(1000, "done");
  }

  /** The first frame that matches, come or still to come. */
  async waitFor(matches: (frame: LiveServerFrame) => boolean): Promise<LiveServerFrame> {
    await this.waitUntil(() => this.frames.some(matches));
    const frame = this.frames.find(matches);
    if (frame === undefined) throw new Error("unreachable: the frame was there");
    return frame;
  }

  /** Until at least so many characters of an answer are here. */
  waitForText(requestId: string, characters: number): Promise<void> {
    return this.waitUntil(() => this.textOf(requestId).length >= characters);
  }

  async waitForEnd(requestId: string): Promise<Chunk[]> {
    await this.waitFor((frame) => frame.type === "end" && frame.requestId === requestId);
    return this.chunksOf(requestId);
  }

  /** What the client has of one request, in the order in which it came. */
  chunkFramesOf(requestId: string): z.infer<typeof ChunkFrame>[] {
    return this.frames.filter((frame) => frame.type === "chunk").filter((frame) => frame.requestId === requestId);
  }

  chunksOf(requestId: string): Chunk[] {
    return this.chunkFramesOf(requestId).map((frame) => frame.chunk);
  }

  sequencesOf(requestId: string): number[] {
    return this.chunkFramesOf(requestId).map((frame) => frame.sequence);
  }

  textOf(requestId: string): string {
    return this.chunksOf(requestId)
      .map((chunk) => (chunk.type === "text-delta" ? chunk.delta : ""))
      .join("");
  }

  private async waitUntil(matches: () => boolean): Promise<void> {
    if (matches()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain: ${this.describe()}`)), LIMIT_MS);
      const finish = (): void => {
        clearTimeout(timer);
        if (matches()) resolve();
        else reject(new Error(`the socket closed first: ${this.describe()}`));
      };
      this.waiters.push({ matches, resolve: finish });
      if (this.closing !== null) this.wake();
    });
  }

  private wake(): void {
    const ready = this.waiters.filter((waiter) => this.closing !== null || waiter.matches());
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }

  private describe(): string {
    return JSON.stringify({ closing: this.closing, last: this.frames.slice(-6) }).slice(0, 2_000);
  }
}
