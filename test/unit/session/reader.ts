/**
 * Somebody who reads one turn through any number of sockets, as clients of either wire do: keeps a cursor, comes back
 * with it, forgets what is taken back. It throws at whatever a client would choke on.
 */
import { applyAnswerChunk, closeAnswerDraft, startAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import type { ChatWorld } from "./chat-world.ts";
import type { FakeSocket } from "./session-fakes.ts";

export class Reader {
  readonly isLive: boolean;
  chunks: AnswerChunk[] = [];
  hasEnded = false;
  /** How often something that it had was taken back. */
  rewinds = 0;
  private readonly world: ChatWorld;
  private socket: FakeSocket | null = null;
  private readFrames = 0;
  private requestId: string | null = null;
  private turnId: string | null = null;
  private generation = 0;
  private requests = 0;

  constructor(world: ChatWorld, isLive: boolean) {
    this.world = world;
    this.isLive = isLive;
  }

  get isConnected(): boolean {
    return this.socket !== null && this.socket.closing === null;
  }

  ask(text: string): void {
    this.open();
    this.requestId = "r1";
    if (this.socket !== null) this.world.ask(this.socket, "r1", text);
    this.read();
  }

  /** With the cursor it has. */
  comeBack(): void {
    this.open();
    if (this.hasEnded || this.socket === null) return;
    this.requests += 1;
    this.requestId = `${this.isLive ? "live" : "stock"}-${this.requests}`;
    const cursor = this.chunks.length === 0 ? {} : { lastSequence: this.chunks.length - 1 };
    const which = this.isLive
      ? { ...(this.turnId === null ? {} : { turnId: this.turnId }), generation: this.generation }
      : {};
    this.world.resume(this.socket, this.requestId, { ...cursor, ...which });
    this.read();
  }

  leave(): void {
    this.read();
    if (this.socket !== null && this.isConnected) this.world.disconnect(this.socket);
    this.socket = null;
  }

  /** Takes what has come, and says that it has. */
  read(): void {
    const { socket } = this;
    if (socket === null) return;
    for (const frame of socket.frames.slice(this.readFrames)) {
      if (frame.type === "hello" && frame.activeTurn !== null)
        this.noteTurn(frame.activeTurn.turnId, frame.activeTurn.generation);
      if (frame.type === "turn-started") this.noteTurn(frame.turn.turnId, frame.turn.generation);
      if (!("requestId" in frame) || frame.requestId !== this.requestId) continue;
      if (frame.type === "rewind") this.rewind(frame.sequence, frame.generation);
      if (frame.type === "chunk") this.take(frame.sequence, frame.chunk);
      if (frame.type === "end") this.hasEnded = true;
      if (frame.type === "error" || frame.type === "no-active")
        throw new Error(`a reader was told ${JSON.stringify(frame)}`);
    }
    this.readFrames = socket.frames.length;
    if (this.isLive && this.isConnected && this.requestId !== null && this.chunks.length > 0) {
      this.world.send(socket, { type: "ack", requestId: this.requestId, sequence: this.chunks.length - 1 });
    }
  }

  get text(): string {
    return this.parts()
      .map((part) => (part.type === "text" ? part.text : ""))
      .join("");
  }

  parts() {
    const draft = startAnswerDraft();
    for (const chunk of this.chunks) applyAnswerChunk(draft, chunk);
    return closeAnswerDraft(draft);
  }

  private open(): void {
    this.socket = this.world.connect(this.isLive);
    this.readFrames = 0;
  }

  private noteTurn(turnId: string, generation: number): void {
    // A client without anything of the turn has seen no generation of it yet.
    if (this.chunks.length === 0) this.generation = generation;
    this.turnId = turnId;
  }

  private take(sequence: number, chunk: AnswerChunk): void {
    if (sequence !== this.chunks.length) {
      throw new Error(`chunk ${sequence} came to somebody who has ${this.chunks.length}`);
    }
    this.chunks.push(chunk);
  }

  private rewind(sequence: number, generation: number): void {
    if (!this.isLive) throw new Error("the stock wire cannot be rewound");
    if (sequence >= this.chunks.length) throw new Error("a rewind went forwards");
    this.chunks.splice(sequence + 1);
    this.generation = generation;
    this.rewinds += 1;
  }
}
