/**
 * What becomes of a turn that a crash or an eviction left running: it goes on behind what is stored, or ends in a
 * named state with every stored word kept. Pure: the stored chunks in, the decision out. Rules SE40 to SE47, SE173.
 */
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
  toOpenCalls,
  toStepParts,
  type AnswerDraft,
  type AnswerPart,
} from "../../protocol/answer-parts.ts";
import { UNKNOWN_USAGE, type Leg, type Receipt } from "../../protocol/answer.ts";
import { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { SelectionAttempt, SelectionRecord } from "../../protocol/selection.ts";
import { sumKnown } from "../../protocol/sum-known.ts";
import type { EarlierLegs } from "../../routing/legs/answer-legs.ts";
import { readIntent } from "../../routing/intent/intent.ts";
import { STOPPED } from "../../routing/selection-record.ts";
import { AnswerWriter } from "../log/answer-writer.ts";
import { toTerminalChunks } from "../log/terminal-chunks.ts";
import type { ResumedTurn } from "./run-turn.ts";
import type { SessionRow, TurnRow } from "../rows.ts";
import { toStartReceipt } from "./turn-receipt.ts";

/** A turn that has taken its object down so often is not tried again. */
export const MAX_RECOVERIES = 3;

const CAUSES = {
  crash: {
    incomplete: "This answer is incomplete: the service was restarted while it was being written.",
    failed: "No answer came: the service was restarted before the first word.",
    ofCall: "interrupted: the service was restarted",
  },
  bug: {
    incomplete: "This answer is incomplete: something went wrong here while it was being written. Try again.",
    failed: "No answer came: something went wrong here before the first word. Try again.",
    ofCall: "interrupted: something went wrong here",
  },
} as const;

export interface RecoverFacts {
  readonly turn: TurnRow;
  readonly session: SessionRow;
  readonly question: string;
  readonly sandbox: boolean;
  /** Why it has no runner any more: its object died, or a bug of ours ended its run. */
  readonly cause: keyof typeof CAUSES;
  readonly nowMs: number;
  /** For the record of what is not on record yet, where an earlier step's is. */
  readonly newSelectionId: () => string;
  /** Legs with an estimate where nobody counted (count-legs.ts). */
  readonly countLegs: (legs: readonly Leg[], charactersOfLegs: readonly number[]) => readonly Leg[];
}

/** A turn as its log tells it. */
export interface StoredTurn extends ResumedTurn {
  readonly draft: AnswerDraft;
  /** All legs that were told, those of the running step included. */
  readonly legs: readonly Leg[];
  /** So many of them are on record: their model calls had ended and called tools. */
  readonly recordedLegs: number;
  /** Characters of words and thoughts that came of each of them. */
  readonly charactersOfLegs: readonly number[];
}

export interface EndedTurn {
  readonly parts: AnswerPart[];
  readonly receipt: Receipt;
  readonly record: SelectionRecord;
  /** The chunks that end its stream log. */
  readonly terminalChunks: AnswerChunk[];
}

/** True when the turn may go on: nobody has stopped it, and neither its lives nor the time since it began are used up. */
export function mayGoOn(turn: TurnRow, startedMs: number, turnMs: number, nowMs: number): boolean {
  return !turn.stopRequested && turn.generation < MAX_RECOVERIES && nowMs - startedMs < turnMs;
}

/** When a turn that is gone on with began, epoch milliseconds: it may have waited before. */
export function toStartedMs({ receipt }: Pick<ResumedTurn, "receipt">): number {
  return Date.parse(receipt.createdAt);
}

/** Reads a turn's stored chunks (JSON texts) back; null when not even its beginning is stored. */
export function readStoredTurn(storedChunks: readonly string[], facts: RecoverFacts): StoredTurn | null {
  const chunks = storedChunks.map((text) => AnswerChunk.parse(JSON.parse(text)));
  if (chunks.length === 0) return null;
  const draft = startAnswerDraft();
  let receipt = toStartReceipt({ ...facts.turn, sandbox: facts.sandbox, startedMs: facts.turn.createdAtMs });
  let [legsBeforeStep, attemptsBeforeStep] = [0, 0];
  const characters: number[] = [];
  for (const chunk of chunks) {
    applyAnswerChunk(draft, chunk);
    if (chunk.type === "start-step")
      [legsBeforeStep, attemptsBeforeStep] = [receipt.legs.length, receipt.attempts];
    if (chunk.type === "message-metadata") receipt = chunk.messageMetadata;
    if (chunk.type !== "text-delta" && chunk.type !== "reasoning-delta") continue;
    const leg = receipt.legs.length - 1;
    characters[leg] = (characters[leg] ?? 0) + chunk.delta.length;
  }
  const { legs } = receipt;
  const ofStep = toStepParts(draft.parts);
  const text = toShownText(ofStep);
  const isModelDone = ofStep.some((part) => part.type === "dynamic-tool" && part.state !== "input-streaming");
  const stepLegs = isModelDone ? [] : legs.slice(legsBeforeStep);
  const charactersOfLegs = legs.map((_, index) => characters[index] ?? 0);
  const firstOfStep = legs.length - stepLegs.length;
  // Those of the step that gave no leg: the next life counts its legs alone.
  const attempts = Math.max(firstOfStep, receipt.attempts - stepLegs.length);
  const lostAttempts = isModelDone ? 0 : Math.max(0, attempts - attemptsBeforeStep);
  return {
    draft,
    legs,
    recordedLegs: firstOfStep,
    charactersOfLegs,
    writer: AnswerWriter.behind(chunks, receipt, lostAttempts),
    receipt: { ...receipt, legs: legs.slice(0, firstOfStep), attempts },
    earlier:
      stepLegs.length === 0 ? null : toEarlier(stepLegs, text, charactersOfLegs.slice(firstOfStep), receipt),
  };
}

function toEarlier(
  legs: readonly Leg[],
  text: string,
  charactersOfLegs: readonly number[],
  { firstTokenMs }: Receipt,
): EarlierLegs {
  const attempts = legs.map((leg) => toAttempt(leg, CAUSES.crash.ofCall));
  return { text, legs, charactersOfLegs, attempts, firstTokenMs };
}

/** A call that was cut off; its times went with the memory of its run. */
function toAttempt({ provider, model, usage, costMicroUsd }: Leg, error: string): SelectionAttempt {
  return {
    provider,
    model,
    startedAtMs: 0,
    durationMs: 0,
    firstTokenMs: null,
    outcome: "failure",
    error,
    hedge: false,
    usage,
    costMicroUsd,
  };
}

function toShownText(parts: readonly AnswerPart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** The end of a turn that does not go on. */
export function endStoredTurn(stored: StoredTurn | null, facts: RecoverFacts): EndedTurn {
  const { turn } = facts;
  const draft = stored?.draft ?? startAnswerDraft();
  // A call that is left open would look like one whose word is still waited for.
  const closed = toOpenCalls(toStepParts(draft.parts)).map(({ toolCallId }): AnswerChunk => ({
    type: "tool-output-error",
    toolCallId,
    errorText: "The answer ended before the tool was done.",
    dynamic: true,
  }));
  for (const chunk of closed) applyAnswerChunk(draft, chunk);
  const receipt = toStartReceipt({ ...turn, sandbox: facts.sandbox, startedMs: turn.createdAtMs });
  const hasText = draft.parts.some((part) => "text" in part && part.text !== "");
  const legs = stored === null ? [] : [...facts.countLegs(stored.legs, stored.charactersOfLegs)];
  const recordedLegs = stored?.recordedLegs ?? 0;
  // What is on record was told with its cost, which is more than its legs' where other calls were paid for.
  const recorded = recordedLegs === 0 || stored === null ? [] : [stored.receipt];
  const final: Receipt = {
    ...(stored?.receipt ?? receipt),
    legs,
    costMicroUsd: sumCosts([...recorded, ...legs.slice(recordedLegs)]),
    status: turn.stopRequested ? "cancelled" : hasText ? "incomplete" : "failed",
    attempts: (stored?.receipt.attempts ?? 0) + legs.length - recordedLegs,
    notice: turn.stopRequested ? STOPPED : CAUSES[facts.cause][hasText ? "incomplete" : "failed"],
  };
  return {
    parts: closeAnswerDraft(draft),
    receipt: final,
    record: toRecord(final, recordedLegs, facts),
    terminalChunks: [
      ...[...draft.openBlocks.keys()].flatMap((id) => toBlockEnd(id)),
      ...closed,
      ...toTerminalChunks(final),
    ],
  };
}

function sumCosts(parts: readonly Pick<Leg, "costMicroUsd">[]): number | null {
  return sumKnown(parts.map(({ costMicroUsd }) => costMicroUsd));
}

function toBlockEnd(id: string): AnswerChunk[] {
  if (id.startsWith("text-")) return [{ type: "text-end", id }];
  return id.startsWith("reasoning-") ? [{ type: "reasoning-end", id }] : [];
}

/** What is still known; candidates and timings went with the memory of the object. */
function toRecord(receipt: Receipt, recordedLegs: number, facts: RecoverFacts): SelectionRecord {
  const { turn, session } = facts;
  const legs = receipt.legs.slice(recordedLegs);
  const leg = legs.at(-1);
  return {
    id: recordedLegs === 0 ? turn.selectionId : facts.newSelectionId(),
    requestId: turn.turnId,
    organizationId: session.organizationId,
    userId: session.userId,
    sessionId: session.sessionId,
    turnId: turn.turnId,
    createdAt: new Date(turn.createdAtMs).toISOString(),
    requested: [...turn.requested],
    mode: toMode(turn.requested),
    intent: readIntent(facts.question),
    candidates: [],
    decision: null,
    attempts: legs.map((each) => toAttempt(each, CAUSES[facts.cause].ofCall)),
    status: receipt.status === "streaming" ? "incomplete" : receipt.status,
    provider: leg?.provider ?? null,
    model: leg?.model ?? null,
    affinity: leg !== undefined && leg.provider === session.lastProvider,
    firstTokenMs: recordedLegs === 0 ? receipt.firstTokenMs : null,
    durationMs: Math.max(0, facts.nowMs - turn.createdAtMs),
    usage: UNKNOWN_USAGE,
    costMicroUsd: sumCosts(legs),
    sandbox: facts.sandbox,
  };
}

function toMode(requested: readonly string[]): SelectionRecord["mode"] {
  const [first] = requested;
  if (first === undefined) return "auto";
  if (requested.length > 1) return "list";
  return first.includes("/") ? "pinned" : "class";
}
