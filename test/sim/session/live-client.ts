/**
 * A client of `breakwater.v1`: keeps the chat as it is told, follows every turn, acknowledges, names turn and
 * generation when it comes back, and forgets what it is told to forget.
 */
import { isDeepStrictEqual } from "node:util";
import type { LiveServerFrame, SendFrame, StoredMessage } from "../../../src/protocol/session-frame.ts";
import { AnswerStream } from "./answer-stream.ts";
import { between, pick } from "./chance.ts";
import { findStreamDifferences } from "./compare-stream.ts";
import { LiveView } from "./live-view.ts";
import type { Asked } from "./session-ledger.ts";
import { SimClient, type Wish } from "./sim-client.ts";

interface Follow {
  readonly requestId: string;
  /** Null for a request of one's own under another id than the turn's. */
  turnId: string | null;
  readonly stream: AnswerStream;
  /** In which life of the turn the cursor was seen. */
  generation: number;
  /** Frames come for it on this socket. */
  isOpen: boolean;
  /** Characters since the last word that they arrived. */
  unacknowledged: number;
  /** It was asked for twice: what was shown may come again from its beginning. */
  mayStartOver: boolean;
}

interface Pending {
  readonly frame: SendFrame;
  readonly asked: Asked;
}

type FrameOf<Type extends LiveServerFrame["type"]> = Extract<LiveServerFrame, { type: Type }>;

/** A page that is asked so often for older messages has them all. */
const MOST_PAGES = 20;

export class LiveClient extends SimClient {
  readonly isLive = true;
  private readonly view = new LiveView();
  private readonly follows = new Map<string, Follow>();
  private pending: Pending[] = [];
  private readonly sentAgain = new Set<string>();
  private isGreeted = false;
  private activeTurnId: string | null = null;
  private readonly generations = new Map<string, number>();
  private readonly ackEvery = between(this.deps.random, 4_000, 32_000);
  private pagesAsked = 0;

  get isSettled(): boolean {
    return this.isGreeted && this.pending.length === 0 && this.activeTurnId === null;
  }

  /** Asks for what is above the oldest message it has; false when it has everything. */
  askForOlder(): boolean {
    const [top] = this.view.readPath();
    if (top === undefined || top.parentId === null || this.pagesAsked >= MOST_PAGES) return false;
    this.pagesAsked += 1;
    this.say({ type: "load-older", before: top.id, limit: 50 });
    return true;
  }

  findDifferences(stored: ReadonlyMap<string, StoredMessage>, path: readonly StoredMessage[]): string[] {
    const shown = this.view.readPath();
    const ids = (messages: readonly StoredMessage[]): string => messages.map(({ id }) => id).join(" ");
    const differences = [...this.follows.values()].flatMap(({ stream }) =>
      findStreamDifferences(stream, stored.get(stream.messageId ?? ""), stream.durable + 1),
    );
    if (ids(shown) !== ids(path)) {
      differences.push(`[SM30] shows ${ids(shown)}, and the path is ${ids(path)}`);
    } else if (!isDeepStrictEqual(shown, path)) {
      differences.push("[SM30] shows other contents than are stored");
    }
    return differences;
  }

  /** The branches it shows for a message; one that stands alone has none. */
  branchesOf(id: string): readonly string[] {
    return this.view.branches.get(id) ?? [];
  }

  protected comeBack(): void {}

  protected noteLost(): void {
    this.isGreeted = false;
    for (const follow of this.follows.values()) {
      follow.isOpen = false;
      follow.unacknowledged = 0;
    }
  }

  protected handle(frame: LiveServerFrame): void {
    this.learn(frame);
    switch (frame.type) {
      case "hello":
        return this.takeHello(frame);
      case "turn-started":
        return this.beginTurn(frame);
      case "start":
        return this.open(frame.requestId);
      case "chunk":
        return this.take(frame);
      case "durable":
        return this.follows.get(frame.requestId)?.stream.noteDurable(frame.sequence);
      case "rewind":
        return this.rewind(frame);
      case "end":
        return this.end(frame.requestId);
      case "error":
        return this.noteRefused(frame.requestId);
      case "no-active":
        // Of a question that is in the chat already: its answer is no longer kept as a stream.
        this.noteAccepted(frame.requestId);
        this.follows.delete(frame.requestId);
        return;
      case "turn-ended":
        if (this.activeTurnId === frame.turnId) this.activeTurnId = null;
        return this.view.endTurn(frame.message);
      default:
        return;
    }
  }

  protected answerQuestions(isSure: boolean): void {
    for (const { stream, isOpen } of this.follows.values()) {
      if (!isOpen || stream.hasEnded) continue;
      for (const [approvalId, approved] of this.drawWords(stream.listQuestions(), isSure)) {
        this.say({ type: "decide-tool", approvalId, approved });
      }
    }
  }

  protected listActs(): readonly (readonly [number, () => void])[] {
    const { random } = this.deps;
    const path = this.view.readPath();
    const questions = path.filter(({ role }) => role === "user");
    const branched = [...this.view.branches.values()].flat();
    const has = (list: readonly unknown[], weight: number): number => (list.length === 0 ? 0 : weight);
    return [
      [5, () => this.send({ type: "submit-message", text: this.drawQuestion() })],
      [0.6, () => this.askTwice()],
      [0.2, () => this.send({ type: "submit-message", text: "" })],
      [has(questions, 1.3), () => this.edit(pick(random, questions).id)],
      [has(path, 1.2), () => this.send({ type: "regenerate-message", messageId: pick(random, path).id })],
      [0.3, () => this.send({ type: "regenerate-message" })],
      [1, () => this.stop()],
      [0.5, () => this.abort()],
      [has(branched, 1.5), () => this.say({ type: "select-branch", messageId: pick(random, branched) })],
      [has(path, 0.3), () => this.say({ type: "select-branch", messageId: pick(random, path).id })],
      [
        has(path, 0.6),
        () => this.say({ type: "load-older", before: pick(random, path).id, limit: between(random, 1, 9) }),
      ],
    ];
  }

  /** What every frame tells of the chat. */
  private learn(frame: LiveServerFrame): void {
    const { ledger } = this.deps;
    if (frame.type === "hello" || frame.type === "path-changed") {
      ledger.noteTold(frame.messages);
      this.view.show(frame);
    } else if (frame.type === "older-messages") {
      ledger.noteTold(frame.messages);
      this.view.addPage(frame);
    } else if (frame.type === "branches-changed") {
      this.view.changeBranches(frame.branches);
    } else if (frame.type === "message-added") {
      ledger.noteTold([frame.message]);
      this.view.addQuestion(frame.message);
      this.pending = this.pending.filter(({ asked }) => {
        const isMine = asked.messageId === frame.message.id;
        if (isMine) asked.state = "accepted";
        return !isMine;
      });
    } else if (frame.type === "turn-ended") {
      ledger.noteTold([frame.message]);
    }
  }

  private takeHello({ activeTurn, messages }: FrameOf<"hello">): void {
    this.isGreeted = true;
    this.thinkOver();
    this.activeTurnId = activeTurn?.turnId ?? null;
    if (activeTurn !== null) {
      this.noteAccepted(activeTurn.requestId);
      this.generations.set(activeTurn.requestId, activeTurn.generation);
      const known = this.follows.get(activeTurn.requestId);
      // One that it asked for itself while it was behind was never named to it.
      const isKnown = known !== undefined && (known.turnId ?? activeTurn.turnId) === activeTurn.turnId;
      const follow = isKnown ? known : this.newFollow(activeTurn);
      follow.turnId = activeTurn.turnId;
      this.follows.set(activeTurn.requestId, follow);
      // A hello for one who fell behind: what it follows on this socket goes on by itself.
      if (!follow.isOpen) this.resume(follow);
    }
    for (const follow of this.follows.values()) this.comeBackTo(follow);
    const isStored = new Set(messages.map(({ id }) => id));
    const pending = this.pending;
    this.pending = [];
    for (const each of pending) {
      if (each.asked.messageId !== null && isStored.has(each.asked.messageId)) each.asked.state = "accepted";
      else {
        this.sentAgain.add(each.frame.requestId);
        this.sendNow(each);
      }
    }
  }

  /** One that it was in when its socket died and that is not the running one: the rest of it, or nothing. */
  private comeBackTo(follow: Follow): void {
    if (follow.isOpen || follow.stream.hasEnded || follow.turnId === this.activeTurnId) return;
    if (follow.turnId !== null && this.deps.random() < 0.5) this.resume(follow);
    else this.follows.delete(follow.requestId);
  }

  private resume(follow: Follow): void {
    const { requestId, turnId, generation, stream } = follow;
    const { lastSequence } = stream;
    this.say({
      type: "resume",
      requestId,
      id: "chat",
      ...(turnId === null ? {} : { turnId }),
      ...(lastSequence === null ? {} : { lastSequence, generation }),
      headers: {},
      body: {},
    });
  }

  private beginTurn({ turn }: FrameOf<"turn-started">): void {
    // Its question is above what is loaded here: only a new hello tells the path to it.
    if (this.view.find(turn.parentId) === undefined) return this.comeAnew();
    this.activeTurnId = turn.turnId;
    this.view.beginTurn(turn);
    this.generations.set(turn.requestId, turn.generation);
    const follow = this.newFollow(turn);
    follow.isOpen = true;
    this.follows.set(turn.requestId, follow);
    this.noteAccepted(turn.requestId);
  }

  private newFollow({
    requestId,
    turnId,
    generation,
  }: {
    requestId: string;
    turnId: string | null;
    generation: number;
  }): Follow {
    return {
      requestId,
      turnId,
      generation,
      stream: new AnswerStream(true, (bug) => this.bug(bug)),
      isOpen: false,
      unacknowledged: 0,
      mayStartOver: false,
    };
  }

  private open(requestId: string): void {
    this.noteAccepted(requestId);
    let follow = this.follows.get(requestId);
    if (follow === undefined) {
      follow = this.newFollow({ requestId, turnId: null, generation: 0 });
      this.follows.set(requestId, follow);
    }
    follow.isOpen = true;
    follow.mayStartOver = this.sentAgain.has(requestId);
    // From here on the cursor belongs to the life that the socket is in.
    follow.generation = this.generations.get(requestId) ?? follow.generation;
  }

  private take({ requestId, sequence, chunk }: FrameOf<"chunk">): void {
    const follow = this.follows.get(requestId);
    if (follow === undefined) return this.bug(`[SM31] a chunk of ${requestId}, which never started`);
    if (sequence === 0 && follow.mayStartOver) follow.stream.startOver();
    follow.stream.take(sequence, chunk);
    if (chunk.type === "tool-approval-request") this.thinkOver();
    follow.unacknowledged += JSON.stringify(chunk).length + 60;
    if (follow.unacknowledged < this.ackEvery) return;
    follow.unacknowledged = 0;
    this.say({ type: "ack", requestId, sequence });
  }

  private rewind({ requestId, sequence, generation }: FrameOf<"rewind">): void {
    const follow = this.follows.get(requestId);
    if (follow === undefined) return this.bug(`[SM32] a rewind of ${requestId}, which it does not follow`);
    this.deps.ledger.rewinds += 1;
    follow.stream.rewind(sequence);
    follow.generation = generation;
  }

  private end(requestId: string): void {
    const follow = this.follows.get(requestId);
    if (follow === undefined) return;
    follow.stream.end();
    follow.isOpen = false;
  }

  private send(wish: Wish): void {
    const send = this.toSend(wish);
    if (this.isGreeted) this.sendNow(send);
    else this.pending.push(send);
  }

  private sendNow(send: Pending): void {
    this.pending.push(send);
    this.say(send.frame);
  }

  private askTwice(): void {
    const text = this.drawQuestion();
    const id = this.deps.ledger.newId(`${this.plan.name}-m`);
    this.send({ type: "submit-message", text, id });
    this.send({ type: "submit-message", text, id });
  }

  private edit(messageId: string): void {
    this.send({ type: "submit-message", messageId, text: this.drawQuestion() });
  }

  private noteAccepted(requestId: string): void {
    this.pending = this.pending.filter(({ frame, asked }) => {
      const isMine = frame.requestId === requestId;
      if (isMine) asked.state = "accepted";
      return !isMine;
    });
  }

  private noteRefused(requestId: string): void {
    this.pending = this.pending.filter(({ frame, asked }) => {
      const isMine = frame.requestId === requestId;
      if (isMine) asked.state = "refused";
      return !isMine;
    });
  }

  private stop(): void {
    const isNamed = this.activeTurnId !== null && this.deps.random() < 0.5;
    this.say({
      type: "stop",
      ...(isNamed && this.activeTurnId !== null ? { turnId: this.activeTurnId } : {}),
    });
  }

  private abort(): void {
    const open = [...this.follows.values()].filter(({ isOpen }) => isOpen);
    if (open.length > 0) this.say({ type: "abort", requestId: pick(this.deps.random, open).requestId });
  }
}
