/**
 * What a chat does for itself after a turn, with a cheap model and in the background: a title after the first answer,
 * a summary when the history outgrows the budget. Each is a selection on record like any other. A failure leaves
 * things as they are; the next turn tries again. Rules SE31, SE77, SE87, SE135.
 */
import { describeError } from "../auth/store/describe-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import type { ChatSummary } from "../protocol/session-frame.ts";
import type { AnswerInput, ResolvedModels } from "../routing/run-answer.ts";
import { findUnsummarised } from "./context/find-unsummarised.ts";
import type { TurnStepsDeps } from "./turn/turn-steps.ts";
import type { SessionRow } from "./rows.ts";
import type { SessionStore } from "./store/session-store.ts";
import { toQuoted, toSummaryText } from "./context/summary-text.ts";
import { toTitle, UNTITLED } from "./title.ts";

export interface ChatUpkeepDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: TurnStepsDeps["runAnswer"];
  readonly newSelectionId: () => string;
  /** The class that titles and summaries are asked of; null switches both off. */
  readonly upkeepModel: string | null;
  readonly contextTokens: number;
  /** A record lies in the outbox: it is to reach the queue also when the object dies next. */
  readonly onRecord: () => void;
  readonly onTitle: (title: string) => void;
  readonly onSummary: (summary: ChatSummary) => void;
}

const TITLE_INSTRUCTION =
  "Write a title of at most six words for the conversation below, in its language. Answer with the title alone, " +
  "without quotation marks and without a full stop.";
const SUMMARY_INSTRUCTION =
  "Summarise the conversation below for yourself: you will go on with it and see only this summary of it. Keep facts, " +
  "names, numbers, decisions, open questions and what the person asked for. Write at most 400 words, in its language.";
const TITLE_TOKENS = 200;
const SUMMARY_TOKENS = 2_000;
/** Of each side of the first exchange; a title needs no more. */
const TITLE_READS_CHARACTERS = 1_500;
/** Behind one turn: where none could be made for long, the rest is for the turns to come. */
const MAX_SUMMARIES = 3;
/** Nobody waits for it, and it must not outlive its use. */
const CALL_LIMIT_MS = 60_000;

export class ChatUpkeep {
  private readonly deps: ChatUpkeepDeps;
  private running: Promise<void> | null = null;
  private stopCall: () => void = () => {};
  private isEnding = false;

  constructor(deps: ChatUpkeepDeps) {
    this.deps = deps;
  }

  /** Does what is due; one at a time. `budgetTokens`: of history, as the turn before had them. Never throws. */
  run(leafMessageId: string | null, budgetTokens = this.deps.contextTokens): Promise<void> {
    if (this.deps.upkeepModel === null) return Promise.resolve();
    this.running ??= this.runOnce(leafMessageId, this.deps.upkeepModel, budgetTokens).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** For a chat that is about to be forgotten: what is still asked is stopped, and stands on record. */
  async end(): Promise<void> {
    this.isEnding = true;
    this.stopCall();
    await this.running;
    this.isEnding = false;
  }

  private async runOnce(leafMessageId: string | null, model: string, budgetTokens: number): Promise<void> {
    try {
      await this.makeTitle(leafMessageId, model);
      for (let round = 0; round < MAX_SUMMARIES; round += 1) {
        if (!(await this.makeSummary(leafMessageId, model, budgetTokens))) break;
      }
    } catch (error) {
      this.deps.log.write("error", "background_failed", {
        task: "chat-upkeep",
        error: describeError(error),
      });
    }
  }

  private async makeTitle(leafMessageId: string | null, model: string): Promise<void> {
    const { store } = this.deps;
    const session = store.readSession();
    if (session === null || !isOpenForTitle(session)) return;
    const { messages } = store.messages.paths.read(leafMessageId, [], { maxMessages: 2 });
    const answer = messages.at(-1);
    if (answer?.role !== "assistant" || answer.metadata?.status !== "complete") return;
    const text = messages.map((each) => toQuoted(each).slice(0, TITLE_READS_CHARACTERS)).join("\n\n");
    const asked = await this.ask(session, model, `${TITLE_INSTRUCTION}\n\n${text}`, TITLE_TOKENS);
    // Somebody may have deleted it meanwhile, or named it.
    const now = store.readSession();
    if (asked === null || now === null) return;
    const said = toTitle((asked.said ?? "").replace(/^["'“„«]+|["'”“».]+$/gu, ""));
    const title = isOpenForTitle(now) && said !== UNTITLED ? said : null;
    store.appendOutbox({ record: asked.record, sessionTitle: title, replacedTitle: now.title });
    this.deps.onRecord();
    if (title === null) return;
    store.updateSession({ title, titleSource: "model" });
    this.deps.onTitle(title);
  }

  /** True when another one is due behind it. */
  private async makeSummary(
    leafMessageId: string | null,
    model: string,
    budgetTokens: number,
  ): Promise<boolean> {
    const { store, clock } = this.deps;
    const session = store.readSession();
    const due = session === null ? null : findUnsummarised(store, leafMessageId, budgetTokens);
    if (session === null || due === null) return false;
    const text = `${SUMMARY_INSTRUCTION}\n\n${toSummaryText(due)}`;
    const asked = await this.ask(session, model, text, SUMMARY_TOKENS);
    if (asked === null || store.readSession() === null) return false;
    store.appendOutbox({ record: asked.record, sessionTitle: null });
    this.deps.onRecord();
    const body = asked.said;
    if (body === null) return false;
    const upToMessageId = (due.messages.at(-1) ?? due.messages[0]).id;
    store.summaries.append({ upToMessageId, body, createdAtMs: clock.nowMs() });
    this.deps.onSummary({ upToMessageId, text: body });
    return due.hasMore;
  }

  /** What was said, null when the answer is not complete, and the record; null when there is nobody to ask. */
  private async ask(
    session: SessionRow,
    model: string,
    text: string,
    maxOutputTokens: number,
  ): Promise<{ readonly said: string | null; readonly record: SelectionRecord } | null> {
    const models = this.deps.resolveModels([model]);
    if (!models.ok || this.isEnding) return null;
    const controller = new AbortController();
    this.stopCall = () => controller.abort();
    // Cancelled when the answer is there: a timer that runs on would keep the object awake.
    const cancel = this.deps.clock.startTimer(CALL_LIMIT_MS, () => controller.abort());
    try {
      const input = this.toInput(session, models.value, text, maxOutputTokens, controller.signal);
      return await this.readAnswer(this.deps.runAnswer(input));
    } finally {
      cancel();
    }
  }

  private async readAnswer(
    answer: ReturnType<ChatUpkeepDeps["runAnswer"]>,
  ): Promise<{ readonly said: string | null; readonly record: SelectionRecord }> {
    let said = "";
    for (;;) {
      const next = await answer.next();
      if (next.done === true) {
        const { end, record } = next.value;
        return { said: end.status === "complete" && said.trim() !== "" ? said.trim() : null, record };
      }
      for (const event of next.value) {
        // Nobody was shown a word: another target begins anew.
        if (event.type === "leg-start") said = "";
        if (event.type === "text-delta") said += event.text;
      }
    }
  }

  private toInput(
    session: SessionRow,
    models: ResolvedModels,
    text: string,
    maxOutputTokens: number,
    signal: AbortSignal,
  ): AnswerInput {
    const selectionId = this.deps.newSelectionId();
    return {
      models,
      policy: null,
      call: { prompt: [{ role: "user", content: [{ type: "text", text }] }], maxOutputTokens },
      question: text.slice(0, TITLE_READS_CHARACTERS),
      selectionId,
      requestId: selectionId,
      organizationId: session.organizationId,
      userId: session.userId,
      sessionId: session.sessionId,
      turnId: null,
      lastProvider: null,
      mayStartOver: true,
      signal,
    };
  }
}

/** Neither a person nor a model has named it. */
function isOpenForTitle({ titleSource }: SessionRow): boolean {
  return titleSource === "none" || titleSource === "question";
}
