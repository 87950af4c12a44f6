/**
 * Drives one turn from question to terminal chunk: model calls and the tools they ask for, step by step, until an
 * answer ends. The object hands in how a step is begun and what to do with the log. Rules SE1, SE8, SE9, SE60, SE80.
 */
import type { Clock } from "../../base/clock.ts";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  toOpenCalls,
  toStepParts,
  type AnswerDraft,
  type AnswerPart,
  type ToolPart,
} from "../../protocol/answer-parts.ts";
import type { Receipt } from "../../protocol/answer.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { EarlierLegs } from "../../routing/legs/answer-legs.ts";
import type { AnswerOutcome } from "../../routing/run-answer.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import { AnswerWriter } from "../log/answer-writer.ts";
import { LogPace, type LogPaceDeps } from "../log/log-pace.ts";
import { toReceipt, toStartReceipt, type TurnFacts } from "./turn-receipt.ts";

/** A question that takes more model calls than this goes in circles; the last one is offered no tools. */
export const MAX_STEPS = 8;

export interface StepInput {
  /** The parts of the steps before this one, tool results included. */
  readonly done: readonly AnswerPart[];
  /** What an earlier life of the turn has shown of this step; null when it begins. */
  readonly earlier: EarlierLegs | null;
  readonly mayCallTools: boolean;
}

export interface RunTurnDeps extends LogPaceDeps {
  readonly clock: Clock;
  /** The message as it grows; a reader who asks for the messages in mid-answer is shown it. */
  readonly draft: AnswerDraft;
  readonly startStep: (input: StepInput) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  /**
   * A model call has ended and its tools are about to be run: stores the log and the call's record, in one transaction.
   * After a crash the one says what the other holds.
   */
  readonly saveModelCall: (record: SelectionRecord) => Promise<void>;
  /** Calls tools and tells what becomes of each; null where there are none. */
  readonly runTools:
    ((calls: readonly ToolPart[], tell: (chunks: readonly AnswerChunk[]) => void) => Promise<void>) | null;
}

/** A turn that a crash interrupted, as its log tells it; its draft is in the deps. */
export interface ResumedTurn {
  readonly writer: AnswerWriter;
  /** As it was last told, without the legs in `earlier`. */
  readonly receipt: Receipt;
  /** What was shown of the step that was running; null when nothing was. */
  readonly earlier: EarlierLegs | null;
}

export interface TurnEnd {
  readonly end: Pick<AnswerEnd, "status" | "finishReason" | "failure" | "attempts">;
  /** One for each model call that began in this life of the turn and is not stored yet. */
  readonly records: readonly SelectionRecord[];
  readonly receipt: Receipt;
  readonly parts: AnswerPart[];
}

/**
 * Runs to the end of the answer. The terminal chunks are appended but not stored: the caller stores them together
 * with the message and the turn's state, in one transaction.
 */
export async function runTurn(
  deps: RunTurnDeps,
  facts: TurnFacts,
  resumed: ResumedTurn | null,
): Promise<TurnEnd> {
  const run = new TurnRun(deps, facts, resumed);
  try {
    return await run.toItsEnd(resumed?.earlier ?? null);
  } finally {
    run.stop();
  }
}

class TurnRun {
  private readonly deps: RunTurnDeps;
  private readonly facts: TurnFacts;
  private readonly before: Receipt;
  private readonly writer: AnswerWriter;
  private readonly pace: LogPace;
  private readonly outcomes: AnswerOutcome[] = [];
  /** So many of their records are stored. */
  private savedRecords = 0;

  constructor(deps: RunTurnDeps, facts: TurnFacts, resumed: ResumedTurn | null) {
    this.deps = deps;
    this.facts = facts;
    this.pace = new LogPace(deps);
    this.before = resumed?.receipt ?? toStartReceipt(facts);
    this.writer = resumed?.writer ?? new AnswerWriter(this.before);
    if (resumed === null) this.append(this.writer.start(facts.messageId));
  }

  stop(): void {
    this.pace.stop();
  }

  async toItsEnd(earlier: EarlierLegs | null): Promise<TurnEnd> {
    let ofThisStep = earlier;
    for (;;) {
      const { parts } = this.deps.draft;
      const ofStep = toStepParts(parts);
      const calls = toOpenCalls(ofStep);
      if (calls.length === 0 || this.deps.runTools === null) {
        // A crash came between the last call's output and the end of its step.
        const hasCalled = ofThisStep === null && ofStep.some(({ type }) => type === "dynamic-tool");
        if (hasCalled && this.writer.isStepOpen) this.tell(this.writer.endStep());
        const { end, record } = await this.runStep({
          done: ofThisStep === null ? [...parts] : toPartsBeforeStep(parts),
          earlier: ofThisStep,
          mayCallTools: countSteps(parts) < MAX_STEPS - 1,
        });
        ofThisStep = null;
        if (!this.asksForTools(end)) return this.end(end);
        this.append(this.writer.endModelCall(this.toReceipt(null)));
        // Nobody else may store the one without the other meanwhile.
        this.pace.stop();
        await this.deps.saveModelCall(record);
        this.savedRecords = this.outcomes.length;
        this.deps.deliver(true);
        continue;
      }
      await this.deps.runTools(calls, (chunks) => this.tell(chunks));
      this.tell(this.writer.endStep());
    }
  }

  private async runStep(input: StepInput): Promise<AnswerOutcome> {
    const answer = this.deps.startStep(input);
    // A model that calls what it was not offered would be asked again and again.
    const isOffered = input.mayCallTools || this.deps.runTools === null;
    // Calls of tools come behind all words. A log that has them also has the end of the model call that made them.
    const calls: AnswerEvent[] = [];
    for (;;) {
      const next = await answer.next();
      if (next.done === true) {
        this.append(this.writer.write(isOffered ? calls : calls.filter((event) => !isAboutTools(event))));
        const outcome = isOffered ? next.value : withoutCalls(next.value);
        this.outcomes.push(outcome);
        return outcome;
      }
      if (calls.length > 0 || next.value.some(isAboutTools)) calls.push(...next.value);
      else this.tell(this.writer.write(next.value, this.toAgeMs()));
    }
  }

  private asksForTools(end: AnswerEnd): boolean {
    if (end.status !== "complete" || this.deps.runTools === null) return false;
    return toOpenCalls(toStepParts(this.deps.draft.parts)).length > 0;
  }

  private end(given: AnswerEnd): TurnEnd {
    const end = this.withLeftCalls(this.withEarlierWords(given));
    const receipt = this.toReceipt(end);
    this.append(this.writer.end(end, receipt));
    return {
      end,
      receipt,
      records: this.outcomes.slice(this.savedRecords).map(({ record }) => record),
      parts: closeAnswerDraft(this.deps.draft),
    };
  }

  /** A step that fails without a word leaves what earlier ones said: the answer has begun, and is not whole. */
  private withEarlierWords(end: AnswerEnd): AnswerEnd {
    const hasWords = this.deps.draft.parts.some((part) => part.type === "text" && part.text !== "");
    return end.status === "failed" && hasWords ? { ...end, status: "incomplete" } : end;
  }

  /** Calls that nobody here runs are their caller's, also where a provider does not say that it stopped for them. */
  private withLeftCalls(end: AnswerEnd): AnswerEnd {
    const isLeft = end.status === "complete" && toOpenCalls(toStepParts(this.deps.draft.parts)).length > 0;
    const isCutShort = end.finishReason === "length" || end.finishReason === "content-filter";
    return isLeft && !isCutShort ? { ...end, finishReason: "tool-calls" } : end;
  }

  private toReceipt(end: AnswerEnd | null): Receipt {
    const durationMs = this.toAgeMs();
    return toReceipt({ before: this.before, outcomes: this.outcomes, end, durationMs });
  }

  /** Since the turn began, milliseconds. */
  private toAgeMs(): number {
    return Math.max(0, this.deps.clock.nowMs() - this.facts.startedMs);
  }

  private tell(chunks: readonly AnswerChunk[]): void {
    this.append(chunks);
    this.pace.note();
  }

  private append(chunks: readonly AnswerChunk[]): void {
    this.deps.log.append(chunks);
    for (const chunk of chunks) applyAnswerChunk(this.deps.draft, chunk);
  }
}

function isAboutTools({ type }: AnswerEvent): boolean {
  return type === "tool-input-start" || type === "tool-input-delta" || type === "tool-call";
}

/** Its calls were left out: it did not stop for them. */
function withoutCalls({ end, record }: AnswerOutcome): AnswerOutcome {
  return { record, end: end.finishReason === "tool-calls" ? { ...end, finishReason: "other" } : end };
}

/** The parts of the steps before the one that runs. */
function toPartsBeforeStep(parts: readonly AnswerPart[]): readonly AnswerPart[] {
  return parts.slice(0, Math.max(0, parts.length - toStepParts(parts).length - 1));
}

function countSteps(parts: readonly AnswerPart[]): number {
  return parts.filter((part) => part.type === "step-start").length;
}
