/**
 * One chat while its object is awake: what a frame means, and what each tab is told. Turns are run by
 * turn-runner.ts and followed through turn-following.ts, what is shown is read by chat-view.ts, rows are kept by store/.
 * Rules SE10 to SE31, SE54 to SE56, SE70 to SE73.
 */
import type { Clock } from "../base/clock.ts";
import { toOnce } from "../base/once.ts";
import type { Result } from "../base/result.ts";
import type { ChatQuestion } from "../protocol/chat-question.ts";
import type {
  LiveClientFrame,
  LiveServerFrame,
  SendFrame,
  StoredMessage,
} from "../protocol/session-frame.ts";
import { toRequestedNames } from "../providers/catalog.ts";
import type { ResolvedModels } from "../routing/run-answer.ts";
import { acceptMessage, type Acceptance } from "./questions/accept-message.ts";
import { ChatView } from "./views/chat-view.ts";
import { toActiveTurn, type ChatSocket } from "./turn/live-turn.ts";
import type { SessionRow } from "./rows.ts";
import { isWithinLimit, type QuestionLimitDeps } from "./questions/question-limit.ts";
import { refuse, sendFrame } from "./frames/send-frame.ts";
import type { SessionStore } from "./store/session-store.ts";
import { toTitle, UNTITLED } from "./title.ts";
import { readToolWords } from "./tools/tool-words.ts";
import { TurnFollowing } from "./turn/turn-following.ts";
import { TurnRunner } from "./turn/turn-runner.ts";
import type { TurnRunnerDeps } from "./turn/turn-runner-deps.ts";

export interface ChatDeps extends TurnRunnerDeps, Pick<QuestionLimitDeps, "callBudget"> {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  /** Stops what is done for the chat behind a turn. */
  readonly endUpkeep: () => Promise<void>;
}

/** What a program asks for beside its question. */
type ProgramWish = Pick<ChatQuestion, "settings" | "parentId">;

export class Chat {
  readonly view: ChatView;
  private readonly deps: ChatDeps;
  private readonly runner: TurnRunner;
  private readonly following: TurnFollowing;

  constructor(deps: ChatDeps) {
    this.deps = deps;
    this.runner = new TurnRunner(deps);
    this.view = new ChatView(deps.store, this.runner);
    this.following = new TurnFollowing(deps, this.runner);
  }

  get isRunning(): boolean {
    return this.runner.running !== null;
  }

  /** It is being deleted. */
  get isClosed(): boolean {
    return this.runner.isClosed;
  }

  /** Follows the running answer from its beginning, or an ended one that is among those a reader has not had to its end. */
  followNewest(socket: ChatSocket, left: ReadonlySet<string>): void {
    this.following.followNewest(socket, left);
  }

  /** The id of the answer, running or still to be, that this socket follows. */
  findFollowedAnswer(socket: ChatSocket): string | null {
    return this.following.findFollowedAnswer(socket);
  }

  get hasOpenTurns(): boolean {
    return this.runner.queue.open.length > 0;
  }

  /** Takes one parsed frame of a socket. Answers go out over the socket. */
  handleFrame(socket: ChatSocket, frame: LiveClientFrame): void {
    // A frame may still arrive on a socket that was closed with the chat.
    if (this.runner.isClosed) return;
    switch (frame.type) {
      case "send":
        if (isWithinLimit(this.deps, socket, frame.requestId)) this.ask(socket, frame);
        return;
      case "resume":
        return this.following.resume(socket, frame);
      case "abort":
        return this.following.abort(socket, frame.requestId);
      case "stop":
        return this.stop(frame.turnId ?? null);
      case "ack":
        this.runner.running?.followers.acknowledge(frame.requestId, socket, frame.sequence);
        // Whoever was passed over meanwhile is told how things stand.
        if (this.runner.slow.noteArrival(socket)) this.sendHello(socket);
        return;
      case "load-older": {
        const page = this.view.readOlder(frame.before, frame.limit);
        return sendFrame(socket, { type: "older-messages", before: frame.before, ...page });
      }
      case "select-branch":
        return this.selectBranch(socket, frame.messageId);
      case "decide-tool":
        this.runner.decideTool(frame.approvalId, frame.approved);
    }
  }

  /** For a chat that is about to be forgotten: nothing begins any more, what runs is stopped and has ended. */
  async close(): Promise<void> {
    await this.runner.close();
    await this.deps.endUpkeep();
  }

  /** It could not be forgotten: every tab that is there may go on. */
  reopen(): void {
    this.runner.reopen();
    this.announceChange(false);
  }

  /** Called when the object wakes up: the turn that a crash left running goes on or ends, those that wait follow. */
  recover(): void {
    this.runner.recover();
  }

  removeSocket(socket: ChatSocket): void {
    this.forgetFollower(socket);
    this.announceChange(false);
  }

  /** For one that was never counted among those who are there. */
  forgetFollower(socket: ChatSocket): void {
    this.runner.forgetSocket(socket);
  }

  /** The first frame of a live socket, and the word to the others that somebody came. */
  greet(socket: ChatSocket): void {
    this.sendHello(socket);
    this.announceChange(false);
  }

  /** Tells every live tab the chat's name and how many there are, or that the chat is gone. */
  announceChange(deleted: boolean): void {
    const title = this.deps.store.readSession()?.title ?? "";
    this.announce({ type: "session-changed", title, presence: this.deps.sockets().length, deleted });
  }

  announce(frame: LiveServerFrame): void {
    this.runner.announce(frame);
  }

  /** Stops the turn that is named, running or waiting; without a name the running one. */
  stop(turnId: string | null): void {
    const { running, queue } = this.runner;
    const waiting = queue.open.find((turn) => turn.turnId === turnId && turn.status === "queued");
    if (waiting !== undefined) this.runner.cancelQueued(waiting);
    else if (turnId === null || running?.turn.turnId === turnId) this.runner.stop();
  }

  /** Stops what runs and takes back what waits; false when there was nothing. */
  stopAll(): boolean {
    const isStopped = this.runner.stop();
    const waiting = this.runner.queue.open.filter((turn) => turn.status === "queued");
    for (const turn of waiting) this.runner.cancelQueued(turn);
    return isStopped || waiting.length > 0;
  }

  private sendHello(socket: ChatSocket): void {
    const session = this.session();
    const { running } = this.runner;
    sendFrame(socket, {
      type: "hello",
      sessionId: session.sessionId,
      title: session.title,
      ...this.view.readNewest(),
      activeTurn: running === null ? null : toActiveTurn(running.turn),
      summary: this.view.readSummary(),
      presence: this.deps.sockets().length,
    });
  }

  /** Takes a question and has it answered; `wish` is that of a program, which no frame can have. */
  ask(socket: ChatSocket, frame: SendFrame, wish: ProgramWish = {}): void {
    if (this.runner.isClosed) return;
    const words = readToolWords(frame);
    if (words !== null) return this.following.takeWords(socket, frame.requestId, words);
    const { store } = this.deps;
    const requested = toRequestedNames(frame.body);
    const models = this.deps.resolveModels(requested);
    if (!models.ok) return refuse(socket, frame.requestId, models.error);
    const session = this.session();
    const accepted = acceptMessage(frame, {
      findMessage: toOnce((id) => store.messages.find(id)),
      findAsked: (requestId) => store.findAsked(requestId),
      listBeside: (message) => store.messages.listBranchesBelow(message.parentId),
      parent: wish.parentId === undefined ? null : store.messages.find(wish.parentId),
      leafMessageId: this.view.leafMessageId,
      isOpenAnswer: (id) => this.runner.queue.open.some((turn) => turn.messageId === id),
      isAwaited: (id) => this.runner.queue.open.some((turn) => turn.parentId === id),
      openTurns: this.runner.queue.open.length,
      turnsBehind: this.runner.queue.countBehind(),
      findOwnType: (url) => store.extras.findOwnType(session.sessionId, url),
    });
    if (!accepted.ok) return refuse(socket, frame.requestId, accepted.error);
    if (accepted.value.type === "repeat")
      return this.following.repeat(socket, frame.requestId, accepted.value.userMessageId);
    if (socket.bringsWords) this.following.hearBeforeQuestion(frame);
    const acceptance = accepted.value;
    // The question and its turn are there together, or not at all: one without the other is never answered.
    const turn = this.runner.transact(() => {
      const isElsewhere = this.isElsewhere(acceptance);
      const parentId = this.storeQuestion(acceptance, session);
      if (isElsewhere) this.announce({ type: "path-changed", ...this.view.readDownTo(parentId) });
      const ids = this.deps.newIds();
      if (acceptance.type === "answer-again") this.noteAnswerBeside(parentId, ids.messageId);
      const createdAtMs = this.deps.clock.nowMs();
      const policy = frame.body.policy ?? null;
      const asked = { ...ids, requestId: frame.requestId, parentId, requested, policy, createdAtMs };
      return this.runner.add(asked, wish.settings);
    });
    this.runner.begin(turn, socket);
  }

  /** It edits or answers again what is not shown: its branch will be, and tabs cannot know what stands on it. */
  private isElsewhere(acceptance: Exclude<Acceptance, { type: "repeat" }>): boolean {
    if (acceptance.type === "answer-again") return !this.view.isShown(acceptance.userMessageId);
    const { parentId } = acceptance.message;
    return parentId !== null && parentId !== this.view.leafMessageId && !this.view.isShown(parentId);
  }

  /** Stores a new question, or takes an old one; returns the id of the message to answer. */
  private storeQuestion(acceptance: Exclude<Acceptance, { type: "repeat" }>, session: SessionRow): string {
    if (acceptance.type === "answer-again") return acceptance.userMessageId;
    const { id, parts, parentId, editedId } = acceptance.message;
    const { store } = this.deps;
    const message: StoredMessage = {
      id: id ?? this.deps.newIds().messageId,
      role: "user",
      parentId,
      parts: [...parts],
      metadata: null,
      createdAt: new Date(this.deps.clock.nowMs()).toISOString(),
    };
    const beside = editedId === null ? this.findBeside(parentId) : [editedId];
    store.messages.append(message);
    this.announce({ type: "message-added", message });
    if (beside.length > 0) {
      store.messages.noteBranch(parentId, beside, message.id);
      this.announceBranches([message, ...beside.map((besideId) => ({ id: besideId, parentId }))]);
    }
    const title = toTitle(acceptance.message.text);
    // A picture alone gives no name; the first words will.
    if (session.titleSource === "none" && title !== UNTITLED) {
      store.updateSession({ title, titleSource: "question" });
      this.announceChange(false);
    }
    return message.id;
  }

  /** Questions behind the same answer: only a program asks behind one that is not the newest, without editing. */
  private findBeside(parentId: string | null): string[] {
    if (parentId === null || parentId === this.view.leafMessageId) return [];
    return this.deps.store.messages.findChildren(parentId);
  }

  /** Another answer to an old question gets its place beside the answers that are there. */
  private noteAnswerBeside(questionId: string, answerId: string): void {
    const { messages } = this.deps.store;
    const beside = messages.findChildren(questionId);
    if (beside.length === 0) return;
    messages.noteBranch(questionId, beside, answerId);
    this.announceBranches([...beside, answerId].map((id) => ({ id, parentId: questionId })));
  }

  private announceBranches(
    messages: readonly { readonly id: string; readonly parentId: string | null }[],
  ): void {
    this.announce({ type: "branches-changed", branches: this.deps.store.messages.readBranches(messages) });
  }

  /** The branch is shown in every tab. Not while an answer is being written: it belongs to the one that is shown. */
  private selectBranch(socket: ChatSocket, messageId: string): void {
    const { messages } = this.deps.store;
    if (this.hasOpenTurns) {
      return refuse(
        socket,
        messageId,
        "An answer is still being written. Stop it before changing the branch.",
      );
    }
    if (messages.find(messageId) === null) return refuse(socket, messageId, "There is no such message.");
    this.deps.store.updateSession({ leafMessageId: messages.findLeafBelow(messageId) });
    this.announce({ type: "path-changed", ...this.view.readNewest() });
  }

  private session(): SessionRow {
    const session = this.deps.store.readSession();
    if (session === null) throw new Error("this chat was never created");
    return session;
  }
}
