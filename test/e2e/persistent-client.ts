/**
 * Clients of one chat that come back whenever their socket dies, as the pages and other people's programs do: on the
 * stock wire from the beginning or from a cursor, on the live wire with generation and rewind. They hold what a reader
 * would see, and notice whatever a reader should not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerChunk } from "../../src/protocol/answer-chunk.ts";
import { LiveServerFrame, LIVE_SUBPROTOCOL } from "../../src/protocol/session-frame.ts";

export type ClientKind = "stock-from-start" | "stock-cursor" | "live";

export interface ClientSettings {
  readonly kind: ClientKind;
  readonly sessionId: string;
  readonly requestId: string;
  /** The address of the socket with a fresh ticket; rejects while the product is down. */
  readonly openUrl: () => Promise<string>;
}

const AGAIN_AFTER_MS = 100;

export class PersistentClient {
  readonly kind: ClientKind;
  /** Breaches of the wire's promises, in words. */
  readonly faults: string[] = [];
  /** How often it was told to forget something. */
  rewinds = 0;
  reconnects = 0;
  private readonly settings: ClientSettings;
  private chunks: AnswerChunk[] = [];
  private socket: WebSocket | null = null;
  private turnId: string | null = null;
  private generation = 0;
  private ended = false;
  private closed = false;
  private firstFrame: string | null;
  /** It asked for everything on a socket that was sent the beginning by itself at that moment (SE88). */
  private mayHaveCrossed = false;

  /** `firstFrame` is sent once it is connected for the first time: the question, or null for one who only follows. */
  constructor(settings: ClientSettings, firstFrame: string | null) {
    this.kind = settings.kind;
    this.settings = settings;
    this.firstFrame = firstFrame;
    void this.stayConnected();
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  get text(): string {
    return this.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
  }

  get lastChunkType(): string | null {
    return this.chunks.at(-1)?.type ?? null;
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }

  private async stayConnected(): Promise<void> {
    while (!this.closed && !this.ended) {
      try {
        await this.connectOnce(await this.settings.openUrl());
      } catch {
        // The product is down or was killed: that is what this client is for.
      }
      this.reconnects += 1;
      await sleep(AGAIN_AFTER_MS);
    }
  }

  /** Resolves when the socket is gone. */
  private connectOnce(url: string): Promise<void> {
    const socket = new WebSocket(url, this.kind === "live" ? [LIVE_SUBPROTOCOL] : []);
    this.socket = socket;
    return new Promise((resolve) => {
      socket.addEventListener("open", () => {
        if (this.kind !== "live") this.comeBack();
      });
      socket.addEventListener("message", ({ data }) => {
        // Frames of a socket that was given up are nobody's.
        if (socket === this.socket) this.handle(LiveServerFrame.parse(JSON.parse(String(data))));
      });
      socket.addEventListener("error", () => resolve());
      socket.addEventListener("close", () => resolve());
    });
  }

  private comeBack(): void {
    if (this.firstFrame !== null) {
      this.socket?.send(this.firstFrame);
      return;
    }
    if (this.kind === "stock-from-start") this.chunks = [];
    const hasCursor = this.kind !== "stock-from-start" && this.chunks.length > 0;
    this.mayHaveCrossed = this.kind === "live" && !hasCursor;
    this.send({
      type: "resume",
      requestId: this.settings.requestId,
      id: this.settings.sessionId,
      ...(hasCursor ? { lastSequence: this.chunks.length - 1 } : {}),
      ...(this.kind === "live" && this.turnId !== null
        ? { turnId: this.turnId, generation: this.generation }
        : {}),
    });
  }

  private send(frame: object): void {
    this.socket?.send(JSON.stringify({ headers: {}, body: {}, ...frame }));
  }

  private handle(frame: LiveServerFrame): void {
    switch (frame.type) {
      case "hello":
        if (this.turnId === null && frame.activeTurn !== null) {
          this.turnId = frame.activeTurn.turnId;
          this.generation = frame.activeTurn.generation;
        }
        return this.comeBack();
      case "turn-started":
        this.turnId = frame.turn.turnId;
        this.generation = frame.turn.generation;
        return;
      case "start":
        // The question has arrived, and need not be asked again.
        this.firstFrame = null;
        return;
      case "chunk":
        return this.take(frame.requestId, frame.sequence, frame.chunk);
      case "rewind":
        this.rewinds += 1;
        this.generation = frame.generation;
        this.chunks = this.chunks.slice(0, frame.sequence + 1);
        return;
      case "end":
        if (frame.requestId === this.settings.requestId) this.ended = true;
        return;
      case "error":
        this.faults.push(`error: ${frame.errorText}`);
        return;
      case "no-active":
        if (this.chunks.length > 0) this.faults.push("an answer that was seen is gone");
        // The question has not arrived yet: on the stock wire nobody says when it does.
        setTimeout(() => this.comeBack(), AGAIN_AFTER_MS);
        return;
      default:
        return;
    }
  }

  private take(requestId: string, sequence: number, chunk: AnswerChunk): void {
    if (requestId !== this.settings.requestId) return;
    this.firstFrame = null;
    if (this.mayHaveCrossed && sequence < this.chunks.length) {
      if (JSON.stringify(this.chunks[sequence]) !== JSON.stringify(chunk)) {
        this.faults.push(`chunk ${sequence} came again and is another one`);
      }
      return;
    }
    if (sequence !== this.chunks.length) {
      this.faults.push(`chunk ${sequence} came when ${this.chunks.length} was due`);
    }
    this.chunks.push(chunk);
  }
}
