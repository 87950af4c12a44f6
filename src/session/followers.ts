/**
 * Who is following the running answer, and under which request id. A socket may follow more than once (it asked
 * and it resumed); frames are put together once for each distinct request id, not once for each socket. Rules SE10
 * to SE16.
 */
import type { ServerFrame } from "../protocol/session-frame.ts";
import type { FlushedChunks } from "./stream-log.ts";

/** The part of a WebSocket that is needed here. */
export interface FrameSink {
  send(text: string): void;
}

/** The text of a `chunk` frame around a chunk that is JSON already. */
export function toChunkFrame(requestId: string, sequence: number, chunk: string): string {
  return `{"type":"chunk","requestId":${JSON.stringify(requestId)},"sequence":${sequence},"chunk":${chunk}}`;
}

export class Followers<Sink extends FrameSink> {
  private readonly byRequestId = new Map<string, Set<Sink>>();

  add(requestId: string, sink: Sink): void {
    const sinks = this.byRequestId.get(requestId);
    if (sinks === undefined) this.byRequestId.set(requestId, new Set([sink]));
    else sinks.add(sink);
  }

  /** True when this socket follows under this id. */
  has(requestId: string, sink: Sink): boolean {
    return this.byRequestId.get(requestId)?.has(sink) ?? false;
  }

  /** Forgets a socket that is gone, or one of its ids. */
  remove(sink: Sink, requestId?: string): void {
    for (const [id, sinks] of this.byRequestId) {
      if (requestId !== undefined && id !== requestId) continue;
      sinks.delete(sink);
      if (sinks.size === 0) this.byRequestId.delete(id);
    }
  }

  /** Tells everybody that the stream begins. */
  sendStart(): void {
    for (const [requestId, sinks] of this.byRequestId) {
      const frame: ServerFrame = { type: "start", requestId };
      const text = JSON.stringify(frame);
      for (const sink of sinks) sink.send(text);
    }
  }

  sendChunks(flushed: FlushedChunks): void {
    for (const [requestId, sinks] of this.byRequestId) {
      flushed.chunks.forEach((chunk, index) => {
        const text = toChunkFrame(requestId, flushed.firstSequence + index, chunk);
        for (const sink of sinks) sink.send(text);
      });
    }
  }

  /** Ends the stream for everybody and forgets them. */
  end(): void {
    for (const [requestId, sinks] of this.byRequestId) {
      const frame: ServerFrame = { type: "end", requestId };
      const text = JSON.stringify(frame);
      for (const sink of sinks) sink.send(text);
    }
    this.byRequestId.clear();
  }
}
