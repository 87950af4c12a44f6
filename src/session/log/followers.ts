/**
 * Who is following one turn, under which request id, and how far each has come. Replay and live are one thing: a
 * follower is sent what lies between its place and the end of the log. A socket of the live wire is shown what is
 * sealed and says what has arrived; the stock wire has no way back, so it is shown only what is stored. Rules SE10 to
 * SE16, SE54 to SE57, SE96, SE116, SE291.
 */
import { MAX_UNACKNOWLEDGED_BYTES, type ServerFrame } from "../../protocol/session-frame.ts";
import type { StreamLog } from "./stream-log.ts";

/** The part of a WebSocket that is needed here. */
export interface FrameSink {
  /** True for the subprotocol that can be rewound and acknowledges. */
  readonly live: boolean;
  /** Its client's request ends where a person's word is waited for, and the next one brings the word, as AI SDK's do. */
  readonly bringsWords: boolean;
  send(text: string): void;
}

/** A tab has one, or a few when it asks twice or comes back. */
export const MAX_IDS_PER_SOCKET = 16;

/** The text of a `chunk` frame around a chunk that is JSON already. */
export function toChunkFrame(requestId: string, sequence: number, chunk: string): string {
  return `{"type":"chunk","requestId":${JSON.stringify(requestId)},"sequence":${sequence},"chunk":${chunk}}`;
}

interface Follower<Sink> {
  readonly requestId: string;
  readonly sink: Sink;
  /** The next sequence it is sent. */
  next: number;
  /** What it is told is numbered from here: AI SDK's socket wants each of its requests to begin with 0. */
  first: number;
  /** Sizes of the frames that are on their way, oldest first; only of a live socket. */
  readonly onTheirWay: number[];
  onTheirWayBytes: number;
}

export class Followers<Sink extends FrameSink> {
  private readonly log: StreamLog;
  private followers: Follower<Sink>[] = [];

  constructor(log: StreamLog) {
    this.log = log;
  }

  /** True while somebody follows who may only be shown what is stored. */
  get hasStock(): boolean {
    return this.followers.some(({ sink }) => !sink.live);
  }

  /** Follows from `next` on; a socket that follows under this id already goes to that place. */
  add(requestId: string, sink: Sink, next: number, first = 0): void {
    const known = this.find(requestId, sink);
    if (known === undefined) {
      this.makeRoom(sink);
      this.followers.push({ requestId, sink, next, first, onTheirWay: [], onTheirWayBytes: 0 });
      return;
    }
    known.first = first;
    // A cursor within what is on its way: the rest of that arrives by itself, and must not come twice.
    if (next > 0 && next <= known.next && next >= known.next - known.onTheirWay.length) return;
    known.next = next;
    known.onTheirWay.length = 0;
    known.onTheirWayBytes = 0;
  }

  /** What one follows under an id is sent to it once more: the oldest of too many ends. */
  private makeRoom(sink: Sink): void {
    const own = this.followers.filter((follower) => follower.sink === sink);
    const oldest = own[0];
    if (oldest === undefined || own.length < MAX_IDS_PER_SOCKET) return;
    this.remove(sink, oldest.requestId);
    sink.send(JSON.stringify({ type: "end", requestId: oldest.requestId }));
  }

  /** True when this socket follows under this id. */
  has(requestId: string, sink: Sink): boolean {
    return this.find(requestId, sink) !== undefined;
  }

  hasSink(sink: Sink): boolean {
    return this.followers.some((follower) => follower.sink === sink);
  }

  /** Forgets a socket that is gone, or one of its ids. */
  remove(sink: Sink, requestId?: string): void {
    this.followers = this.followers.filter(
      (follower) => follower.sink !== sink || (requestId !== undefined && follower.requestId !== requestId),
    );
  }

  /** Tells everybody that the stream begins. */
  sendStart(): void {
    this.sendAll((requestId) => ({ type: "start", requestId }));
  }

  /** Sends everybody what they may have and have room for. */
  deliver(): void {
    const frames = new Map<string, string>();
    for (const follower of this.followers) this.deliverTo(follower, frames);
  }

  /** Everything up to `sequence` has arrived there: room for more. */
  acknowledge(requestId: string, sink: Sink, sequence: number): void {
    const follower = this.find(requestId, sink);
    if (follower === undefined) return;
    while (follower.onTheirWay.length > 0 && follower.next - follower.onTheirWay.length <= sequence) {
      follower.onTheirWayBytes -= follower.onTheirWay.shift() ?? 0;
    }
    this.deliverTo(follower, new Map());
  }

  /** Tells live sockets what no crash takes back any more. */
  sendDurable(generation: number): void {
    const sequence = this.log.storedSequence - 1;
    if (sequence < 0) return;
    for (const { requestId, sink, next } of this.followers) {
      if (!sink.live || next <= sequence) continue;
      sink.send(JSON.stringify({ type: "durable", requestId, generation, sequence }));
    }
  }

  /** Sockets that have not acknowledged what they may have on their way. */
  listFull(): Sink[] {
    return this.followers.filter(isFull).map(({ sink }) => sink);
  }

  /** A person's word is waited for: ends the stream for those who bring it, as far as they have come to its end. */
  endForWords(): void {
    if (this.log.hasOpen) return;
    const ended = this.followers.filter(
      ({ sink, next }) => sink.bringsWords && next === this.log.nextSequence,
    );
    this.followers = this.followers.filter((follower) => !ended.includes(follower));
    for (const { requestId, sink } of ended) sink.send(JSON.stringify({ type: "end", requestId }));
  }

  /** Ends the stream for everybody who has come to its end and forgets them; the others are returned. */
  end(): Sink[] {
    this.deliver();
    for (const follower of this.followers) if (!follower.sink.live) this.tellEndAlone(follower);
    const behind = this.followers.filter(({ next }) => next < this.log.nextSequence).map(({ sink }) => sink);
    this.followers = this.followers.filter(({ sink }) => !behind.includes(sink));
    this.sendAll((requestId) => ({ type: "end", requestId }));
    this.followers = [];
    return behind;
  }

  /** What is not stored by now never will be. Whoever is shown only that would wait for the rest: its last chunk says so. */
  private tellEndAlone(follower: Follower<Sink>): void {
    const { requestId, sink, next, first } = follower;
    const end = this.log.nextSequence;
    if (next >= end) return;
    sink.send(toChunkFrame(requestId, next - first, this.log.read(end - 1)));
    follower.next = end;
  }

  private find(requestId: string, sink: Sink): Follower<Sink> | undefined {
    return this.followers.find((follower) => follower.requestId === requestId && follower.sink === sink);
  }

  /** `frames` are texts that others were sent in the same step: a hundred tabs share one. */
  private deliverTo(follower: Follower<Sink>, frames: Map<string, string>): void {
    const { requestId, sink, first } = follower;
    const end = sink.live ? this.log.nextSequence : this.log.storedSequence;
    while (follower.next < end && !isFull(follower)) {
      const key = `${follower.next} ${first} ${requestId}`;
      let text = frames.get(key);
      if (text === undefined) {
        text = toChunkFrame(requestId, follower.next - first, this.log.read(follower.next));
        if (this.followers.length > 1) frames.set(key, text);
      }
      sink.send(text);
      follower.next += 1;
      if (!sink.live) continue;
      follower.onTheirWay.push(text.length);
      follower.onTheirWayBytes += text.length;
    }
  }

  private sendAll(toFrame: (requestId: string) => ServerFrame): void {
    for (const { requestId, sink } of this.followers) sink.send(JSON.stringify(toFrame(requestId)));
  }
}

function isFull({ sink, onTheirWayBytes }: Follower<FrameSink>): boolean {
  return sink.live && onTheirWayBytes >= MAX_UNACKNOWLEDGED_BYTES;
}
