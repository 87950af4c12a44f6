/**
 * An answer as the body of an HTTP answer: one more follower on the stock wire, whose frames become the events of AI
 * SDK's UI message stream. It is shown only what is stored, as every follower that cannot be rewound. Rules HT130, HT131,
 * HT139, SE7.
 */
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { KEEP_ALIVE, toBytes, toServerSentEvent } from "../../base/event-stream.ts";
import { Receipt } from "../../protocol/answer.ts";
import { EndFrame, ErrorFrame, NoActiveFrame, StartFrame } from "../../protocol/session-frame.ts";
import type { ChatSocket } from "../turn/live-turn.ts";

/** Middleboxes cut connections that say nothing; the shortest patience that is common is half a minute. */
const KEEP_ALIVE_EVERY_MS = 15_000;
/** More than any answer has: only a reader that takes nothing lets so much wait. */
const MAX_WAITING_CHARACTERS = 8_000_000;
const DONE = "data: [DONE]\n\n";
/** Whoever waits in a queue, or for a slow model, is told so by a stream that is open. */
const WAIT_FOR_FIRST_WORD_MS = 10_000;

/** Who gives the answer: known with its first word. */
export interface Server {
  readonly provider: string;
  readonly model: string;
  readonly attempts: number;
}

const Beginning = z.object({ type: z.literal("start") });
const Serving = z.object({ messageMetadata: Receipt.pick({ legs: true, attempts: true }) });

/** A chunk is passed on as it stands in the log. */
const Frame = z.discriminatedUnion("type", [
  StartFrame,
  z.object({ type: z.literal("chunk"), chunk: z.unknown() }),
  EndFrame,
  ErrorFrame,
  NoActiveFrame,
]);

/** What a chat's object says to a question, or to a wish to follow, that does not come over a socket. */
export type ChatReply =
  /** AI SDK's UI message stream: an event for each stored chunk, from the answer's first one on; `[DONE]` at its end. */
  | {
      readonly type: "answer";
      readonly events: ReadableStream<Uint8Array>;
      /** Null where nobody has said a word in time. */
      readonly server: Server | null;
    }
  /** A sentence for whoever asked; nothing was changed. */
  | { readonly type: "refused"; readonly reason: string }
  /** As `refused`, for what may be tried again. */
  | { readonly type: "unavailable"; readonly reason: string }
  /** Nothing is being written, or the question has an answer whose stream is not kept any more. */
  | { readonly type: "no-active" }
  | { readonly type: "too-many-readers" }
  | { readonly type: "unknown-chat" };

export class AnswerStream implements ChatSocket {
  readonly live = false;
  readonly bringsWords: boolean;
  private readonly clock: Clock;
  private readonly onOver: () => void;
  private readonly onLeft: () => void;
  private readonly events: ReadableStream<Uint8Array>;
  private controller: ReadableByteStreamController | null = null;
  private opening: Exclude<ChatReply, { type: "answer" }> | null = null;
  private waiting: string[] = [];
  private waitingCharacters = 0;
  /** The reader has asked for more than there was. */
  private isWanted = false;
  private isOver = false;
  private hasBegun = false;
  private cancelKeepAlive: () => void = () => undefined;
  private readonly server = Promise.withResolvers<Server | null>();

  /**
   * `onOver` is called once, when nothing more can be sent here, whoever ended it; `onLeft` when the reader goes before it
   * has taken all.
   */
  constructor(clock: Clock, bringsWords: boolean, onOver: () => void, onLeft: () => void = () => undefined) {
    this.clock = clock;
    this.bringsWords = bringsWords;
    this.onOver = onOver;
    this.onLeft = onLeft;
    this.events = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.controller = controller;
      },
      pull: () => {
        this.isWanted = true;
        this.flush();
      },
      cancel: () => {
        this.controller = null;
        if (!this.isOver || this.waiting.length > 0) this.onLeft();
        this.finish();
      },
    });
    this.keepAlive();
  }

  /** Somebody is still there who has not taken all of it, as far as anybody knows. */
  get isUntaken(): boolean {
    return this.controller !== null;
  }

  /** What the chat says to the frame that it was handed; an answer when its first word is there, or after a while. */
  async toReply(): Promise<ChatReply> {
    if (this.opening !== null) return this.opening;
    const { promise, resolve } = this.server;
    const cancel = this.clock.startTimer(WAIT_FOR_FIRST_WORD_MS, () => resolve(null));
    const server = await promise;
    cancel();
    return { type: "answer", events: this.events, server };
  }

  send(text: string): void {
    if (this.isOver) return;
    const frame = Frame.parse(JSON.parse(text));
    switch (frame.type) {
      case "start":
        return;
      case "chunk":
        this.noteServer(frame.chunk);
        return this.write(toServerSentEvent(frame.chunk));
      case "end":
        this.write(DONE);
        return this.finish();
      case "error":
        this.opening = { type: "refused", reason: frame.errorText };
        return this.finish();
      case "no-active":
        this.opening = { type: "no-active" };
        this.finish();
    }
  }

  /** Ends it without `[DONE]`: it did not come to its end here. */
  close(_code: number, reason: string): void {
    if (this.isOver) return;
    this.write(toServerSentEvent({ type: "error", errorText: reason }));
    this.finish();
  }

  private noteServer(chunk: unknown): void {
    // Who comes back in the middle of an answer has been told already: nothing waits for it.
    if (!this.hasBegun && !Beginning.safeParse(chunk).success) this.server.resolve(null);
    this.hasBegun = true;
    const serving = Serving.safeParse(chunk);
    if (!serving.success) return;
    const { legs, attempts } = serving.data.messageMetadata;
    const leg = legs.at(-1);
    if (leg !== undefined) this.server.resolve({ provider: leg.provider, model: leg.model, attempts });
  }

  private write(event: string): void {
    this.waiting.push(event);
    this.waitingCharacters += event.length;
    if (this.waitingCharacters > MAX_WAITING_CHARACTERS) {
      this.controller?.error(new Error("This connection is too slow. Come back and catch up."));
      this.controller = null;
      this.onLeft();
      return this.finish();
    }
    this.keepAlive();
    this.flush();
  }

  /** Gives the reader what waits, as one piece, or the end. */
  private flush(): void {
    const { controller, waiting } = this;
    if (controller === null || !this.isWanted) return;
    if (waiting.length > 0) {
      this.isWanted = false;
      this.waiting = [];
      this.waitingCharacters = 0;
      controller.enqueue(toBytes(waiting.join("")));
    } else if (this.isOver) {
      this.controller = null;
      controller.close();
      // A reader with a buffer of its own is only told of the end by this.
      controller.byobRequest?.respond(0);
    }
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelKeepAlive();
    this.server.resolve(null);
    this.onOver();
    this.flush();
  }

  private keepAlive(): void {
    this.cancelKeepAlive();
    this.cancelKeepAlive = this.clock.startTimer(KEEP_ALIVE_EVERY_MS, () => {
      if (this.waiting.length === 0) this.write(KEEP_ALIVE);
      else this.keepAlive();
    });
  }
}
