/** What a chat's parts are given in tests: a log in memory, and sockets that keep what was sent. */
import { LiveServerFrame } from "../../../src/protocol/session-frame.ts";
import type { ChatSocket } from "../../../src/session/turn/live-turn.ts";
import type { StreamLogStore } from "../../../src/session/log/stream-log.ts";

export class MemoryLogStore implements StreamLogStore {
  readonly rows: (readonly string[])[] = [];

  append(firstSequence: number, chunks: readonly string[]): void {
    if (firstSequence !== this.rows.flat().length) throw new Error(`a gap before ${firstSequence}`);
    this.rows.push(chunks);
  }

  readAll(): string[] {
    return this.rows.flat();
  }
}

type Frame = LiveServerFrame;
export type FrameOf<Type extends Frame["type"]> = Extract<Frame, { type: Type }>;

export class FakeSocket implements ChatSocket {
  readonly live: boolean;
  readonly bringsWords: boolean;
  readonly frames: Frame[] = [];
  closing: { readonly code: number; readonly reason: string } | null = null;

  constructor(live: boolean) {
    this.live = live;
    this.bringsWords = !live;
  }

  send(text: string): void {
    if (this.closing === null) this.frames.push(LiveServerFrame.parse(JSON.parse(text)));
  }

  close(code: number, reason: string): void {
    this.closing ??= { code, reason };
  }

  of<Type extends Frame["type"]>(type: Type): FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  get types(): Frame["type"][] {
    return this.frames.map((frame) => frame.type);
  }

  sequencesOf(requestId: string): number[] {
    return this.of("chunk")
      .filter((frame) => frame.requestId === requestId)
      .map((frame) => frame.sequence);
  }

  textOf(requestId: string): string {
    return this.of("chunk")
      .filter((frame) => frame.requestId === requestId)
      .map(({ chunk }) => (chunk.type === "text-delta" ? chunk.delta : ""))
      .join("");
  }
}

export const stockSocket = (): FakeSocket => new FakeSocket(false);
export const liveSocket = (): FakeSocket => new FakeSocket(true);
