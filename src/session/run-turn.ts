/**
 * Drives one turn from question to terminal chunk. The object hands in the answer's events and what to do with
 * chunks; this decides when to store and send. Rules SE1, SE7 to SE9, SE20 to SE24.
 */
import type { Clock } from "../base/clock.ts";
import type { Receipt } from "../protocol/answer.ts";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  type AnswerDraft,
  type AnswerPart,
} from "../protocol/answer-parts.ts";
import type { AnswerChunk } from "../protocol/session-frame.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import type { AnswerOutcome } from "../routing/run-answer.ts";
import type { AnswerEnd, AnswerEvent } from "../routing/run-plan.ts";
import { toNotice, toReasons } from "../routing/selection-record.ts";
import { AnswerWriter } from "./answer-writer.ts";
import type { FlushedChunks, StreamLog } from "./stream-log.ts";

/** Deltas that come within this time share a row and a frame: below what an eye sees, a fraction of the writes. */
const FLUSH_EVERY_MS = 60;

export interface RunTurnDeps {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** Sends stored chunks to whoever follows; called in the same synchronous block that stored them. */
  readonly send: (flushed: FlushedChunks) => void;
  /** The message as it grows; a reader who asks for the messages in mid-answer is shown it. */
  readonly draft: AnswerDraft;
  readonly answer: AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
}

export interface TurnFacts {
  readonly messageId: string;
  readonly turnId: string;
  readonly selectionId: string;
  readonly requested: readonly string[];
  readonly sandbox: boolean;
}

export interface TurnEnd {
  readonly end: AnswerEnd;
  readonly record: SelectionRecord;
  readonly receipt: Receipt;
  readonly parts: AnswerPart[];
}

/**
 * Runs to the end of the answer. The terminal chunks are appended but not flushed: the caller stores them together
 * with the message and the turn's state, in one transaction.
 */
export async function runTurn(deps: RunTurnDeps, facts: TurnFacts): Promise<TurnEnd> {
  const pace = new FlushPace(deps);
  const createdAt = new Date(deps.clock.nowMs()).toISOString();
  const writer = new AnswerWriter(toStartReceipt(facts, createdAt));
  const append = (chunks: readonly AnswerChunk[]): void => {
    deps.log.append(chunks);
    for (const chunk of chunks) applyAnswerChunk(deps.draft, chunk);
  };
  append(writer.start(facts.messageId));
  try {
    for (;;) {
      const next = await deps.answer.next();
      if (next.done === true) {
        const { end, record } = next.value;
        const receipt = toReceipt(facts, record, end, createdAt);
        append(writer.end(end, receipt));
        return { end, record, receipt, parts: closeAnswerDraft(deps.draft) };
      }
      append(writer.write(next.value));
      pace.note();
    }
  } finally {
    pace.stop();
  }
}

/** Flushes at once after a pause, then at most every FLUSH_EVERY_MS. */
class FlushPace {
  private readonly deps: RunTurnDeps;
  private lastFlushMs = 0;
  private cancelTimer: (() => void) | null = null;

  constructor(deps: RunTurnDeps) {
    this.deps = deps;
  }

  note(): void {
    if (this.cancelTimer !== null || !this.deps.log.hasPending) return;
    const dueInMs = this.lastFlushMs + FLUSH_EVERY_MS - this.deps.clock.nowMs();
    if (dueInMs <= 0) this.flush();
    else this.cancelTimer = this.deps.clock.startTimer(dueInMs, () => this.flush());
  }

  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private flush(): void {
    this.cancelTimer = null;
    this.lastFlushMs = this.deps.clock.nowMs();
    const flushed = this.deps.log.flush();
    if (flushed !== null) this.deps.send(flushed);
  }
}

export function toStartReceipt(facts: TurnFacts, createdAt: string): Receipt {
  return {
    status: "streaming",
    turnId: facts.turnId,
    selectionId: facts.selectionId,
    requested: [...facts.requested],
    legs: [],
    attempts: 0,
    firstTokenMs: null,
    durationMs: null,
    costMicroUsd: null,
    sandbox: facts.sandbox,
    notice: null,
    reasons: [],
    createdAt,
  };
}

function toReceipt(facts: TurnFacts, record: SelectionRecord, end: AnswerEnd, createdAt: string): Receipt {
  return {
    ...toStartReceipt(facts, createdAt),
    status: end.status,
    legs: [...end.legs],
    attempts: end.attempts.length,
    firstTokenMs: end.firstTokenMs,
    durationMs: end.durationMs,
    costMicroUsd: end.costMicroUsd,
    notice: toNotice(end),
    reasons: toReasons(record.candidates, end.attempts),
  };
}
