/**
 * A client of AI SDK's wire: it knows what it asked itself, follows one answer at a time, and comes back by asking for
 * the answer again from its beginning, or from the cursor it has.
 */
import type { LiveServerFrame, SendFrame, StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toCopyWithWords } from "../../fakes/answer-copy.ts";
import { AnswerStream } from "./answer-stream.ts";
import { findStreamDifferences } from "./compare-stream.ts";
import { pick } from "./chance.ts";
import type { Asked } from "./session-ledger.ts";
import { SimClient, type Wish } from "./sim-client.ts";

/** One request on the wire. */
interface Read {
  readonly requestId: string;
  /** What was asked by it; null for one that only follows. */
  readonly send: { readonly frame: SendFrame; readonly asked: Asked } | null;
  readonly stream: AnswerStream;
  hasStarted: boolean;
  /** The turn carries this id: a cursor under it cannot be taken for another turn's. */
  readonly isOwn: boolean;
  /** It brings words on calls. */
  readonly hasWords: boolean;
  /** Where its own numbers begin in those of the answer; null before its first chunk. */
  base: number | null;
}

const STOCK_FRAMES = new Set<LiveServerFrame["type"]>(["start", "chunk", "end", "error", "no-active"]);

export class StockClient extends SimClient {
  readonly isLive = false;
  private reads = new Map<string, Read>();
  /** Every answer that it has seen something of, by message id. */
  private readonly seen = new Map<string, AnswerStream>();
  /** Answers whose calls wait for a word: their requests have ended. */
  private readonly waiting = new Set<AnswerStream>();
  private readonly questions: { readonly id: string; readonly text: string }[] = [];

  get isSettled(): boolean {
    return this.reads.size === 0 && this.waiting.size === 0;
  }

  findDifferences(stored: ReadonlyMap<string, StoredMessage>): string[] {
    return [...this.seen].flatMap(([id, stream]) =>
      findStreamDifferences(stream, stored.get(id), stream.chunks.length),
    );
  }

  protected comeBack(): void {
    const open = [...this.reads.values()];
    this.reads = new Map();
    let isFollowing = false;
    for (const read of open) {
      // Nobody has said that it arrived: the same question goes again, under another request.
      if (read.hasWords && read.stream.listQuestions().length > 0) this.waiting.add(read.stream);
      else if (!read.hasStarted && read.send?.asked.kind === "ask") this.sendAgain(read.send, read.isOwn);
      else if (this.plan.kind === "stock-cursor" && read.isOwn) this.resume(read.requestId, read.stream);
      else if (!isFollowing) {
        isFollowing = true;
        this.resume(this.deps.ledger.newId(`${this.plan.name}-r`), this.newStream());
      }
    }
    if (this.waiting.size > 0) this.thinkOver();
  }

  protected noteLost(): void {}

  protected handle(frame: LiveServerFrame): void {
    if (!STOCK_FRAMES.has(frame.type)) return this.bug(`[SM32] the stock wire was sent a ${frame.type}`);
    const read = "requestId" in frame ? this.reads.get(frame.requestId) : undefined;
    if (read === undefined) return;
    switch (frame.type) {
      case "start":
        read.hasStarted = true;
        if (read.send !== null) read.send.asked.state = "accepted";
        return;
      case "chunk":
        return this.take(read, frame.sequence, frame.chunk);
      case "end":
        read.stream.end();
        this.reads.delete(read.requestId);
        if (read.stream.hasEnded) this.waiting.delete(read.stream);
        else {
          this.waiting.add(read.stream);
          this.thinkOver();
        }
        return;
      case "error":
        // Words that come a quarter of an hour too late.
        if (read.hasWords && frame.errorText.startsWith("This answer has ended")) {
          this.reads.delete(read.requestId);
          return;
        }
        if (read.send === null) this.bug(`[SM35] a resume was answered by "${frame.errorText}"`);
        else read.send.asked.state = "refused";
        this.reads.delete(read.requestId);
        return;
      case "no-active":
        // Of a question that is in the chat already: its answer is no longer kept as a stream.
        if (read.send !== null) read.send.asked.state = "accepted";
        this.reads.delete(read.requestId);
        return;
      default:
        return;
    }
  }

  /** As AI SDK does it: the answer itself goes back, with the words in it. */
  protected answerQuestions(isSure: boolean): void {
    for (const stream of this.waiting) {
      const questions = stream.listQuestions();
      // It has gone on meanwhile, in another request.
      if (questions.length === 0) this.waiting.delete(stream);
      const words = this.drawWords(questions, isSure);
      if (words.size > 0) this.bringWords(stream, words);
    }
  }

  private bringWords(stream: AnswerStream, words: ReadonlyMap<string, boolean>): void {
    const { messageId } = stream;
    if (messageId === null) return;
    this.waiting.delete(stream);
    const requestId = this.deps.ledger.newId(`${this.plan.name}-r`);
    this.reads.set(requestId, {
      requestId,
      send: null,
      stream,
      hasStarted: false,
      isOwn: false,
      hasWords: true,
      base: null,
    });
    this.say({
      type: "send",
      requestId,
      id: "chat",
      trigger: "submit-message",
      messageId,
      messages: [toCopyWithWords(messageId, stream.toDraftParts(), words)],
      headers: {},
      body: {},
    });
  }

  protected listActs(): readonly (readonly [number, () => void])[] {
    const { random, ledger } = this.deps;
    const own = this.questions.length === 0 ? 0 : 1;
    return [
      [5, () => this.ask(this.drawQuestion())],
      [0.8, () => this.askTwice()],
      [0.2, () => this.ask("  ")],
      [own, () => this.edit()],
      [own, () => this.send({ type: "regenerate-message", messageId: pick(random, this.questions).id })],
      [0.5 * own, () => this.send({ type: "regenerate-message" })],
      [1, () => this.abort()],
      [0.5, () => this.resume(ledger.newId(`${this.plan.name}-r`), this.newStream())],
    ];
  }

  private ask(text: string): void {
    this.send({ type: "submit-message", text });
  }

  /** Two clicks: the same message in two requests. */
  private askTwice(): void {
    const text = this.drawQuestion();
    const id = this.deps.ledger.newId(`${this.plan.name}-m`);
    this.send({ type: "submit-message", text, id });
    this.send({ type: "submit-message", text, id }, false);
  }

  private edit(): void {
    const { id } = pick(this.deps.random, this.questions);
    this.send({ type: "submit-message", messageId: id, text: this.drawQuestion() });
  }

  private send(wish: Wish, isOwn = true): void {
    if (!this.isConnected) return;
    const { frame, asked } = this.toSend(wish);
    if (asked.messageId !== null) this.questions.push({ id: asked.messageId, text: wish.text ?? "" });
    this.open({ frame, asked }, isOwn);
  }

  /** AI SDK's transport makes a new request of it. */
  private sendAgain({ frame, asked }: NonNullable<Read["send"]>, isOwn: boolean): void {
    const isNew = this.plan.kind === "stock";
    const requestId = isNew ? this.deps.ledger.newId(`${this.plan.name}-r`) : frame.requestId;
    this.open({ frame: { ...frame, requestId }, asked }, isOwn);
  }

  private open(send: NonNullable<Read["send"]>, isOwn = true): void {
    const { requestId } = send.frame;
    const stream = this.newStream();
    this.reads.set(requestId, {
      requestId,
      send,
      stream,
      hasStarted: false,
      isOwn,
      hasWords: false,
      base: null,
    });
    this.say(send.frame);
  }

  private abort(): void {
    const open = [...this.reads.keys()];
    if (open.length > 0) this.say({ type: "abort", requestId: pick(this.deps.random, open) });
  }

  private resume(requestId: string, stream: AnswerStream): void {
    if (!this.isConnected) return;
    this.reads.set(requestId, {
      requestId,
      send: null,
      stream,
      hasStarted: false,
      isOwn: stream.lastSequence !== null,
      hasWords: false,
      base: null,
    });
    const { lastSequence } = stream;
    this.say({
      type: "resume",
      requestId,
      id: "chat",
      ...(lastSequence === null ? {} : { lastSequence }),
      headers: {},
      body: {},
    });
  }

  private take(
    read: Read,
    sequence: number,
    chunk: Extract<LiveServerFrame, { type: "chunk" }>["chunk"],
  ): void {
    read.hasStarted = true;
    if (chunk.type === "start" && sequence === 0) {
      // The same answer from its beginning: what was seen of it before has to come again.
      const known = this.seen.get(chunk.messageId);
      // Told from what is stored, it comes in other pieces (SE269): what it gives is held against the message.
      const isRetold = chunk.messageMetadata.status !== "streaming";
      if (known !== undefined && known !== read.stream && !isRetold)
        return this.takeOver(read, known, sequence, chunk);
      this.seen.set(chunk.messageId, read.stream);
    }
    // Of a word that it has said itself, a copy does not tell whether it was also heard back: it may come again.
    read.base ??= read.hasWords ? read.stream.findWordAgain(chunk) : 0;
    const place = read.base + sequence;
    const isHeardAgain = chunk.type === "tool-approval-response" && read.stream.has(place, chunk);
    if (!read.hasWords || !isHeardAgain) read.stream.take(place, chunk);
  }

  private takeOver(
    read: Read,
    known: AnswerStream,
    sequence: number,
    chunk: Parameters<AnswerStream["take"]>[1],
  ): void {
    for (const other of this.reads.values()) {
      // Two requests follow one answer: each is held against what the first has seen.
      if (other.stream === known) return read.stream.take(sequence, chunk);
    }
    known.startOver();
    this.reads.set(read.requestId, { ...read, stream: known });
    known.take(sequence, chunk);
  }

  private newStream(): AnswerStream {
    return new AnswerStream(false, (bug) => this.bug(bug));
  }
}
