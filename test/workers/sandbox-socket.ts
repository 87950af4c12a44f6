/** The client's end of a chat's socket. */
import type { z } from "zod";
import {
  LiveServerFrame,
  type ChunkFrame,
  type ResumeFrame,
  type SendFrame,
} from "../../src/protocol/session-frame.ts";
import { FrameSocket } from "./sandbox-frames.ts";

type Chunk = z.infer<typeof ChunkFrame>["chunk"];

/** What a question may have besides its text. */
type AskOptions = Partial<Pick<SendFrame, "body" | "messageId" | "trigger">> & { readonly id?: string };

export class SocketClient extends FrameSocket<LiveServerFrame> {
  constructor(socket: WebSocket) {
    super(socket, (json) => LiveServerFrame.parse(json));
  }

  /** Asks as AI SDK's transport does. */
  ask(requestId: string, text: string, { id = `user-${requestId}`, ...options }: AskOptions = {}): void {
    const messages = [{ id, role: "user", parts: [{ type: "text", text }] }];
    const frame = {
      type: "send",
      requestId,
      id: "chat",
      trigger: "submit-message",
      messages,
      headers: {},
      body: {},
    };
    this.send({ ...frame, ...options });
  }

  /** `more`: what the live wire has besides, the turn and its generation. */
  resume(
    requestId: string,
    lastSequence?: number,
    more: Partial<Pick<ResumeFrame, "turnId" | "generation">> = {},
  ): void {
    this.send({ type: "resume", requestId, id: "chat", lastSequence, headers: {}, body: {}, ...more });
  }

  /** Everything of this request that is here has arrived. */
  acknowledge(requestId: string): void {
    const sequence = this.sequencesOf(requestId).at(-1);
    if (sequence !== undefined) this.send({ type: "ack", requestId, sequence });
  }

  /** The frames of one type that have come. */
  of<Type extends LiveServerFrame["type"]>(type: Type): Extract<LiveServerFrame, { type: Type }>[] {
    return this.frames.filter(
      (frame): frame is Extract<LiveServerFrame, { type: Type }> => frame.type === type,
    );
  }

  abort(requestId: string): void {
    this.send({ type: "abort", requestId });
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
    return this.frames
      .filter((frame) => frame.type === "chunk")
      .filter((frame) => frame.requestId === requestId);
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
}
