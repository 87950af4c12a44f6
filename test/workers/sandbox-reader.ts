/**
 * Somebody who reads one answer on the live wire through crashes, as a page does: with a cursor, through any number of
 * sockets, forgetting what is taken back. It throws at whatever a page would choke on.
 */
import { applyAnswerChunk, closeAnswerDraft, startAnswerDraft } from "../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../src/protocol/answer-chunk.ts";
import { waitUntil } from "./sandbox-control.ts";
import { textOf, type Chat } from "./sandbox-people.ts";
import type { SocketClient } from "./sandbox-socket.ts";

export class LiveReader {
  readonly chat: Chat;
  chunks: AnswerChunk[] = [];
  /** What was left each time that something was taken back. */
  readonly rewinds: number[] = [];
  hasEnded = false;
  private socket: SocketClient | null = null;
  private taken = 0;
  private requestId = "";
  private turnId: string | null = null;
  private generation = 0;
  private requests = 0;

  constructor(chat: Chat) {
    this.chat = chat;
  }

  /** A question to one target. */
  async ask(text: string, model: string): Promise<void> {
    await this.open();
    this.requestId = "asked";
    this.socket?.ask("asked", text, { body: { model } });
  }

  /** With what it has, on a new socket. */
  async comeBack(): Promise<void> {
    await this.open();
    this.read();
    if (this.hasEnded) return;
    this.requests += 1;
    this.requestId = `resume-${this.requests}`;
    const cursor = this.chunks.length === 0 ? undefined : this.chunks.length - 1;
    const turn = this.turnId === null ? {} : { turnId: this.turnId };
    this.socket?.resume(this.requestId, cursor, { ...turn, generation: this.generation });
  }

  async waitForText(characters: number): Promise<void> {
    await waitUntil(
      () => this.readText(),
      (text) => text.length >= characters || this.hasEnded,
    );
  }

  async waitForEnd(): Promise<void> {
    await waitUntil(
      () => {
        this.read();
        return this.hasEnded;
      },
      (hasEnded) => hasEnded,
      30_000,
    );
  }

  readText(): string {
    this.read();
    return textOf(this.parts());
  }

  parts() {
    const draft = startAnswerDraft();
    for (const chunk of this.chunks) applyAnswerChunk(draft, chunk);
    return closeAnswerDraft(draft);
  }

  private async open(): Promise<void> {
    this.read();
    this.socket = await this.chat.openLive();
    this.taken = 0;
  }

  private read(): void {
    const frames = this.socket?.frames.slice(this.taken) ?? [];
    this.taken += frames.length;
    for (const frame of frames) {
      if (frame.type === "hello" && frame.activeTurn !== null) this.noteTurn(frame.activeTurn);
      if (frame.type === "turn-started") this.noteTurn(frame.turn);
      if (!("requestId" in frame) || frame.requestId !== this.requestId) continue;
      if (frame.type === "rewind") {
        this.chunks.splice(frame.sequence + 1);
        this.generation = frame.generation;
        this.rewinds.push(this.chunks.length);
      }
      if (frame.type === "chunk") {
        if (frame.sequence !== this.chunks.length) {
          throw new Error(`chunk ${frame.sequence} came to somebody who has ${this.chunks.length}`);
        }
        this.chunks.push(frame.chunk);
      }
      if (frame.type === "end") this.hasEnded = true;
      if (frame.type === "error" || frame.type === "no-active") throw new Error(JSON.stringify(frame));
    }
    this.socket?.acknowledge(this.requestId);
  }

  private noteTurn({ turnId, generation }: { readonly turnId: string; readonly generation: number }): void {
    this.turnId = turnId;
    // Whoever has nothing has seen no generation of it yet.
    if (this.chunks.length === 0) this.generation = generation;
  }
}
