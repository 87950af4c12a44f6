/**
 * Somebody at the simulated chat: keeps a socket for as long as it wants to be there, comes back when the socket dies,
 * and may be stuck for a while. What is said on the wire is stock-client.ts and live-client.ts.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import {
  LiveServerFrame,
  type LiveClientFrame,
  type SendFrame,
  type StoredMessage,
} from "../../../src/protocol/session-frame.ts";
import { between, pick, pickWeighted } from "./chance.ts";
import type { Asked, SessionLedger } from "./session-ledger.ts";
import type { ClientPlan, SessionPlan } from "./session-plan.ts";
import type { SimChatObject } from "./sim-chat-object.ts";
import { SimSocket, type ClientEnd, type ObjectEnd } from "./sim-socket.ts";
import { TOOL_NAMES, toQuestion, type AnswerLength } from "./sim-text.ts";

export interface ClientDeps {
  readonly plan: ClientPlan;
  readonly world: SessionPlan;
  readonly clock: Clock;
  readonly random: Random;
  /** For what is asked over REST. */
  readonly object: SimChatObject;
  readonly end: ObjectEnd;
  readonly ledger: SessionLedger;
  readonly onBug: (bug: string) => void;
}

const MODELS = ["balanced", "balanced", "fast", "alpha/large", "beta/large", "gamma/small"];
const JUNK = [
  "",
  "{",
  "null",
  '{"type":"send"}',
  '{"type":"dance"}',
  '{"type":"resume","requestId":7}',
  "x".repeat(1_100_000),
];

export type Wish = {
  readonly type: SendFrame["trigger"];
  readonly messageId?: string;
  readonly text?: string;
  readonly id?: string;
};

export abstract class SimClient implements ClientEnd {
  readonly plan: ClientPlan;
  protected readonly deps: ClientDeps;
  protected isConnected = false;
  private socket: SimSocket | null = null;
  private wantsToStay = false;
  private isFrozen = false;
  private inbox: string[] = [];
  private closing: number | null = null;
  private hasSentJunk = false;
  private isPatient = false;
  private hasBeenFrozenOnSocket = false;

  constructor(deps: ClientDeps) {
    this.deps = deps;
    this.plan = deps.plan;
  }

  abstract readonly isLive: boolean;
  /** True when it waits for nothing any more. */
  abstract readonly isSettled: boolean;
  protected abstract handle(frame: LiveServerFrame): void;
  /** The socket is open; on the live wire the hello follows. */
  protected abstract comeBack(): void;
  protected abstract noteLost(): void;
  /** Says a word on the calls that wait for one; `isSure`: on every one of them. */
  protected abstract answerQuestions(isSure: boolean): void;
  protected abstract listActs(): readonly (readonly [number, () => void])[];
  /** Compares what it has with what is stored, when all is over. */
  abstract findDifferences(
    stored: ReadonlyMap<string, StoredMessage>,
    path: readonly StoredMessage[],
  ): string[];

  /** Comes, or comes back. */
  arrive(): void {
    this.wantsToStay = true;
    this.connect();
  }

  /** All is well from now on: it stays, reads everything and answers what it is asked. */
  settle(): void {
    this.isFrozen = false;
    this.isPatient = true;
    this.readInbox();
    this.arrive();
    this.thinkOver();
  }

  /** Does something, drawn by its own chance. */
  act(): void {
    const { random } = this.deps;
    if (this.isFrozen || !this.wantsToStay) return;
    pickWeighted(random, [
      ...this.listActs(),
      [1.2, () => this.leave(between(random, 50, 8_000))],
      [1.2, () => this.socket?.breakLine()],
      [0.4, () => this.sendJunk()],
      [0.3, () => void this.deps.object.call((life) => life.stopAll())],
      ...this.listHabits(),
    ])();
  }

  onOpen(): void {
    this.isConnected = true;
    this.comeBack();
  }

  onText(text: string): void {
    this.deps.ledger.frames += 1;
    if (this.isFrozen) this.inbox.push(text);
    else this.read(text);
  }

  onClose(code: number): void {
    if (this.isFrozen) this.closing = code;
    else this.lose(code);
  }

  protected say(frame: LiveClientFrame): void {
    if (this.isConnected) this.socket?.sendToObject(JSON.stringify(frame));
  }

  protected bug(text: string): void {
    this.deps.onBug(`${text} (${this.plan.name})`);
  }

  /** Somebody asks for a word; a person takes their time. */
  protected thinkOver(): void {
    if (!this.deps.world.hasTools) return;
    this.deps.clock.startTimer(between(this.deps.random, 200, 12_000), () => {
      if (!this.isFrozen && this.isConnected) this.answerQuestions(this.isPatient);
    });
  }

  protected drawQuestion(): string {
    const { random, ledger, world } = this.deps;
    const length = pickWeighted<AnswerLength>(random, [
      [world.hasHugeAnswers ? 5 : 0, "huge"],
      [3, "short"],
      [6, "usual"],
      [1.5, "long"],
    ]);
    const tools =
      world.hasTools && length !== "huge" && random() < 0.5 ? TOOL_NAMES.filter(() => random() < 0.5) : [];
    return toQuestion(ledger.newQuestionNumber(), length, tools, random);
  }

  /** The frame of a wish and its line in the ledger. */
  protected toSend(wish: Wish): { readonly frame: SendFrame; readonly asked: Asked } {
    const { random, ledger, plan } = this.deps;
    const requestId = ledger.newId(`${plan.name}-r`);
    const isQuestion = wish.type === "submit-message";
    const id = wish.id ?? wish.messageId ?? ledger.newId(`${plan.name}-m`);
    const text = wish.text ?? "";
    const isEdit = isQuestion && wish.messageId !== undefined;
    const asked = ledger.note({
      requestId,
      client: plan.name,
      kind: isEdit ? "edit" : isQuestion ? "ask" : "again",
      messageId: isQuestion && !isEdit ? id : null,
      text: isQuestion ? text : null,
    });
    const model = random() < 0.02 ? "no-such-model" : pick(random, MODELS);
    const frame: SendFrame = {
      type: "send",
      requestId,
      id: "chat",
      trigger: wish.type,
      ...(wish.messageId === undefined ? {} : { messageId: wish.messageId }),
      messages: isQuestion ? [{ id, role: "user", parts: [{ type: "text", text }] }] : [],
      headers: {},
      body: { model },
    };
    return { frame, asked };
  }

  /** A person reads what is to be called and says a word, or lets it be; a call that is allowed is noted. */
  protected drawWords(
    questions: readonly { readonly approvalId: string; readonly toolCallId: string }[],
    isSure: boolean,
  ): Map<string, boolean> {
    const { random, ledger } = this.deps;
    const words = new Map<string, boolean>();
    for (const { approvalId, toolCallId } of questions) {
      if (!isSure && random() < 0.25) continue;
      const isAllowed = random() < 0.7;
      if (isAllowed) ledger.allowed.add(toolCallId);
      words.set(approvalId, isAllowed);
    }
    return words;
  }

  protected leave(durationMs: number): void {
    this.wantsToStay = false;
    this.socket?.closeByClient();
    this.drop();
    this.deps.clock.startTimer(durationMs, () => this.arrive());
  }

  /** A new socket at once: what this one tells is not enough. */
  protected comeAnew(): void {
    this.socket?.closeByClient();
    this.drop();
    this.deps.ledger.reconnects += 1;
    this.deps.clock.startTimer(0, () => this.connect());
  }

  private listHabits(): readonly (readonly [number, () => void])[] {
    const { random, world } = this.deps;
    if (this.plan.kind === "live-stuck")
      return [[world.hasHugeAnswers ? 4 : 2, () => this.freeze(between(random, 2_000, 70_000))]];
    if (this.plan.kind === "live-sleeper") return [[3, () => this.leave(between(random, 10_000, 60_000))]];
    return [];
  }

  private freeze(durationMs: number): void {
    this.isFrozen = true;
    this.hasBeenFrozenOnSocket = true;
    this.deps.clock.startTimer(durationMs, () => {
      this.isFrozen = false;
      this.readInbox();
    });
  }

  private readInbox(): void {
    const { inbox, closing } = this;
    this.inbox = [];
    this.closing = null;
    const { socket } = this;
    for (const text of inbox) {
      // Reading may end with a new socket: the rest is of the old one.
      if (this.socket !== socket) return;
      this.read(text);
    }
    if (closing !== null) this.lose(closing);
  }

  private read(text: string): void {
    this.handle(LiveServerFrame.parse(JSON.parse(text)));
  }

  private sendJunk(): void {
    if (!this.isConnected) return;
    this.hasSentJunk = true;
    this.socket?.sendToObject(pick(this.deps.random, JUNK));
  }

  private connect(): void {
    if (this.socket !== null || !this.wantsToStay) return;
    const { clock, random, end, onBug } = this.deps;
    const client: ClientEnd = {
      onOpen: () => this.socket === socket && this.onOpen(),
      onText: (text) => this.socket === socket && this.onText(text),
      onClose: (code) => this.socket === socket && this.onClose(code),
    };
    const socket = new SimSocket({
      clock,
      random,
      live: this.isLive,
      latencyMs: this.plan.latencyMs,
      client,
      object: end,
      onBug,
    });
    this.socket = socket;
  }

  private lose(code: number): void {
    if ((code === 1008 || code === 1009) && !this.hasSentJunk)
      this.bug(`[SM35] closed with ${code} without a reason`);
    if (code === 4408 && !this.hasBeenFrozenOnSocket) this.bug("[SM36] called too slow and was not");
    this.drop();
    this.deps.ledger.reconnects += 1;
    this.deps.clock.startTimer(between(this.deps.random, 30, 1_500), () => this.connect());
  }

  private drop(): void {
    this.socket = null;
    this.isConnected = false;
    this.hasSentJunk = false;
    this.hasBeenFrozenOnSocket = this.isFrozen;
    this.inbox = [];
    this.closing = null;
    this.noteLost();
  }
}
