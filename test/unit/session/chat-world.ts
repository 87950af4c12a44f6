/**
 * One chat's core with everything around it but workerd: real rows in SQLite, a clock that is moved by hand, a model
 * that speaks one word at a time, and crashes that leave what was stored and nothing else.
 */
import type { CallBudget } from "../../../src/routing/budgets/call-budget.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { UNKNOWN_USAGE, type Leg } from "../../../src/protocol/answer.ts";
import { LiveClientFrame, type SendFrame } from "../../../src/protocol/session-frame.ts";
import type { AnswerInput, AnswerOutcome } from "../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { Chat } from "../../../src/session/chat.ts";
import { countLegs } from "../../../src/session/turn/count-legs.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";
import type { TurnRunnerDeps } from "../../../src/session/turn/turn-runner-deps.ts";
import { createStepStarter } from "../../../src/session/turn/turn-steps.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { RECORD, TARGET, toEnd } from "./answer-fixtures.ts";
import { FakeSocket } from "./session-fakes.ts";
import { ChatDisk } from "./sqlite-store.ts";

type Answer = AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;

/** What a model says to a question: each piece one batch, with a pause before it. */
export interface Speech {
  readonly pieces: readonly AnswerEvent[];
  readonly paceMs: number;
}

export const say = (text: string): AnswerEvent => ({ type: "text-delta", text });
export const think = (text: string): AnswerEvent => ({ type: "reasoning-delta", text });

/** Numbered words, so that none can be lost or repeated unnoticed. */
export const toWords = (count: number, first = 0): string =>
  Array.from({ length: count }, (_, index) => `w${first + index} `).join("");

/** Time as one life of the object sees it: its timers die with it. */
function toMortal(clock: VirtualClock, isAlive: () => boolean): Clock {
  return {
    nowMs: () => clock.nowMs(),
    startTimer: (durationMs, callback) =>
      clock.startTimer(durationMs, () => {
        if (isAlive()) callback();
      }),
    sleep: async (durationMs, signal) => {
      await clock.sleep(durationMs, signal);
      // Whoever slept when the object died never wakes up.
      if (!isAlive()) await new Promise(() => {});
    },
  };
}

export interface WorldOptions {
  /** What is said to which question; the default counts words: `12` gets twelve of them, one every 20 ms. */
  readonly speak?: (question: string) => Speech;
  readonly turnMs?: number;
  readonly callBudget?: CallBudget;
  /** Made anew for each life, with its clock; left out: no tools. */
  readonly runTools?: (clock: Clock) => TurnRunnerDeps["runTools"];
  readonly decideTool?: TurnRunnerDeps["decideTool"];
  readonly continuesAfterCrash?: boolean;
  readonly onTurnStart?: () => void;
}

function countWords(question: string): Speech {
  const count = Number(/\d+/.exec(question)?.[0] ?? 3);
  return { pieces: Array.from({ length: count }, (_, index) => say(`w${index} `)), paceMs: 20 };
}

export class ChatWorld {
  readonly clock = new VirtualClock();
  readonly disk: ChatDisk;
  readonly log = new RecordingLog();
  /** What models were asked, in order. */
  readonly calls: AnswerInput[] = [];
  /** Ended turns, as the object would hand them over. */
  readonly ended: string[] = [];
  /** What background work has thrown: bugs. */
  readonly failures: unknown[] = [];
  sockets: FakeSocket[] = [];
  store!: SessionStore;
  chat!: Chat;
  private readonly options: WorldOptions;
  private life = 0;
  private ids = 0;

  constructor(options: WorldOptions = {}, disk = new ChatDisk()) {
    this.options = options;
    this.disk = disk;
    this.disk.open().createSession({
      sessionId: "chat_1",
      organizationId: "org_1",
      userId: "user_1",
      title: "New chat",
      titleSource: "none",
      createdAtMs: this.clock.nowMs(),
    });
    this.wake();
  }

  /** The object dies and is made anew: memory, timers and (unless it is told otherwise) sockets are gone. */
  crash({ keepsSockets = false } = {}): void {
    this.disk.crash();
    if (!keepsSockets) {
      for (const socket of this.sockets) socket.closing ??= { code: 1006, reason: "" };
      this.sockets = [];
    }
    this.wake();
  }

  connect(live: boolean): FakeSocket {
    const socket = new FakeSocket(live);
    this.sockets.push(socket);
    if (live) this.chat.greet(socket);
    return socket;
  }

  disconnect(socket: FakeSocket): void {
    socket.closing ??= { code: 1000, reason: "" };
    this.sockets = this.sockets.filter((other) => other !== socket);
    this.chat.removeSocket(socket);
  }

  send(socket: FakeSocket, frame: object): void {
    this.chat.handleFrame(socket, LiveClientFrame.parse(frame));
  }

  ask(
    socket: FakeSocket,
    requestId: string,
    text: string,
    more: Partial<SendFrame> & { id?: string } = {},
  ): void {
    const { id = `user-${requestId}`, ...rest } = more;
    const messages = [{ id, role: "user", parts: [{ type: "text", text }] }];
    this.send(socket, { type: "send", requestId, id: "chat", trigger: "submit-message", messages, ...rest });
  }

  regenerate(socket: FakeSocket, requestId: string, messageId?: string): void {
    this.ask(socket, requestId, "", {
      trigger: "regenerate-message",
      ...(messageId === undefined ? {} : { messageId }),
    });
  }

  resume(socket: FakeSocket, requestId: string, more: object = {}): void {
    this.send(socket, { type: "resume", requestId, id: "chat", ...more });
  }

  /** Until no turn is open any more. */
  async finish(limitMs = 600_000): Promise<void> {
    const giveUpAtMs = this.clock.nowMs() + limitMs;
    await this.clock.settle();
    while (this.chat.hasOpenTurns) {
      if (this.clock.nowMs() > giveUpAtMs) throw new Error("turns are open that do not end");
      await this.clock.advance(10);
    }
    await this.clock.settle();
    if (this.failures.length > 0) throw this.failures[0];
  }

  /** The texts of the path that is shown. */
  path(): string[] {
    return this.chat.view.readNewest(1_000).messages.map((message) => textOf(message.parts));
  }

  statuses(): (string | undefined)[] {
    return this.chat.view.readNewest(1_000).messages.map(({ metadata }) => metadata?.status);
  }

  private wake(): void {
    this.life += 1;
    const mine = this.life;
    const isAlive = (): boolean => mine === this.life;
    const clock = toMortal(this.clock, isAlive);
    const store = this.disk.open();
    this.store = store;
    this.chat = new Chat({
      store,
      clock,
      log: this.log,
      callBudget: this.options.callBudget ?? null,
      sockets: () => this.sockets,
      resolveModels,
      endUpkeep: () => Promise.resolve(),
      newIds: () => ({
        turnId: this.newId("turn"),
        messageId: this.newId("msg"),
        selectionId: this.newId("sel"),
      }),
      decideTool: this.options.decideTool ?? (() => false),
      startStep: createStepStarter({
        store,
        resolveModels,
        runAnswer: (input) => this.answer(clock, input),
        contextTokens: 24_000,
        newSelectionId: () => this.newId("sel"),
        log: this.log,
        onBudget: () => {},
        listTools: () => Promise.resolve([]),
        readFiles: () => Promise.resolve(new Map()),
      }),
      runTools: this.options.runTools?.(clock) ?? null,
      isSandbox: () => true,
      continuesAfterCrash: this.options.continuesAfterCrash ?? true,
      countLegs: (_, legs, charactersOfLegs) =>
        countLegs(legs, { charactersOfLegs, inputTokens: () => 10, priceUsage: () => 3 }),
      turnMs: this.options.turnMs ?? 900_000,
      runInBackground: (work) => {
        work.catch((error: unknown) => {
          // What a dead life still tried is of no interest.
          if (isAlive()) this.failures.push(error);
        });
      },
      onTurnStart: () => this.options.onTurnStart?.(),
      onTurnEnd: (turn, status) => this.ended.push(`${turn.turnId} ${status}`),
    });
    this.chat.recover();
  }

  private newId(prefix: string): string {
    this.ids += 1;
    return `${prefix}_${this.ids}`;
  }

  private async *answer(clock: Clock, input: AnswerInput): Answer {
    this.calls.push(input);
    if (!resolveModels(input.models.requested).ok) return yield* endUnplanned(input);
    const { pieces, paceMs } = (this.options.speak ?? countWords)(input.question);
    const legs: Leg[] = [...(input.earlier?.legs ?? [])];
    const rest = skipText(pieces, input.earlier?.text ?? "");
    let isFirst = true;
    // As a network does it: what is due comes, however late it is read.
    let dueMs = clock.nowMs();
    for (const piece of rest) {
      dueMs += paceMs;
      if (dueMs > clock.nowMs()) await clock.sleep(dueMs - clock.nowMs(), input.signal);
      if (input.signal.aborted) break;
      const attempt = (input.earlier?.attempts.length ?? 0) + 1;
      yield isFirst ? [{ type: "leg-start", target: TARGET, attempt }, piece] : [piece];
      isFirst = false;
    }
    if (!isFirst) legs.push({ ...TARGET, usage: UNKNOWN_USAGE, costMicroUsd: 7, estimated: false });
    const status = input.signal.aborted ? "cancelled" : "complete";
    const end = toEnd({ status, legs, ...(status === "complete" ? {} : { finishReason: null }) });
    yield [end];
    return { end, record: { ...RECORD, id: input.selectionId, turnId: input.turnId, status } };
  }
}

/** As the real one does where there is nobody to ask. */
async function* endUnplanned({ earlier, selectionId, turnId }: AnswerInput): Answer {
  const status = earlier === undefined ? "failed" : "incomplete";
  const end = toEnd({ status, legs: earlier?.legs ?? [], finishReason: null });
  yield [end];
  return { end, record: { ...RECORD, id: selectionId, turnId, status } };
}

/** What is left to say behind a text; thoughts are not thought again in the middle of it. */
function skipText(pieces: readonly AnswerEvent[], shown: string): AnswerEvent[] {
  let left = shown.length;
  return pieces.flatMap((piece) => {
    if (piece.type !== "text-delta") return left > 0 ? [] : [piece];
    const taken = Math.min(left, piece.text.length);
    left -= taken;
    return taken === piece.text.length ? [] : [say(piece.text.slice(taken))];
  });
}

function resolveModels(requested: readonly string[]) {
  const unknown = requested.find((name) => name.startsWith("no-such"));
  return unknown === undefined
    ? succeed({ requested, unspecified: requested.length === 0, models: [] })
    : fail(`There is no model ${unknown}.`);
}

export function textOf(parts: readonly { readonly type: string; readonly text?: unknown }[]): string {
  return parts
    .map((part) => (part.type === "text" && typeof part.text === "string" ? part.text : ""))
    .join("");
}
