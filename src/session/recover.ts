/**
 * What becomes of a turn that a crash or an eviction left running: it ends in a named state with every stored word
 * kept. Pure: the stored chunks in, the message out. Rules SE40 to SE44.
 */
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
  type AnswerPart,
} from "../protocol/answer-parts.ts";
import { UNKNOWN_USAGE, type Receipt } from "../protocol/answer.ts";
import { AnswerChunk } from "../protocol/session-frame.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import { classifyIntent } from "../routing/intent.ts";
import { toStartReceipt } from "./run-turn.ts";
import type { SessionRow, TurnRow } from "./store.ts";

export interface RecoveredTurn {
  readonly parts: AnswerPart[];
  readonly receipt: Receipt;
  readonly record: SelectionRecord;
  /** The chunks that end its stream log. */
  readonly terminalChunks: AnswerChunk[];
}

export interface RecoverFacts {
  readonly turn: TurnRow;
  readonly session: SessionRow;
  readonly question: string;
  readonly sandbox: boolean;
  readonly nowMs: number;
}

/** `storedChunks` are the JSON texts of the turn's log. */
export function recoverTurn(storedChunks: readonly string[], facts: RecoverFacts): RecoveredTurn {
  const draft = startAnswerDraft();
  let receipt = toStartReceipt(
    { ...facts.turn, sandbox: facts.sandbox },
    new Date(facts.turn.createdAtMs).toISOString(),
  );
  for (const text of storedChunks) {
    const chunk = AnswerChunk.parse(JSON.parse(text));
    applyAnswerChunk(draft, chunk);
    if (chunk.type === "message-metadata") receipt = chunk.messageMetadata;
  }
  const hasText = draft.parts.some((part) => "text" in part && part.text !== "");
  const final: Receipt = {
    ...receipt,
    status: facts.turn.stopRequested ? "cancelled" : hasText ? "incomplete" : "failed",
    attempts: receipt.legs.length,
    notice: toRecoveryNotice(facts.turn.stopRequested, hasText),
  };
  return {
    parts: closeAnswerDraft(draft),
    receipt: final,
    record: toRecoveredRecord(final, facts),
    terminalChunks: [
      ...[...draft.openBlocks.keys()].flatMap((id) => toBlockEnd(id)),
      { type: "message-metadata", messageMetadata: final },
      facts.turn.stopRequested
        ? { type: "abort" }
        : { type: "error", errorText: final.notice ?? "The answer did not come to its end." },
    ],
  };
}

function toRecoveryNotice(stopRequested: boolean, hasText: boolean): string {
  if (stopRequested) return "You stopped this answer.";
  return hasText
    ? "This answer is incomplete: the service was restarted while it was being written."
    : "No answer came: the service was restarted before the first word.";
}

function toBlockEnd(id: string): AnswerChunk[] {
  if (id.startsWith("text-")) return [{ type: "text-end", id }];
  return id.startsWith("reasoning-") ? [{ type: "reasoning-end", id }] : [];
}

/** What is still known; candidates and timings went with the memory of the object. */
function toRecoveredRecord(receipt: Receipt, facts: RecoverFacts): SelectionRecord {
  const { turn, session } = facts;
  const leg = receipt.legs.at(-1);
  const first = turn.requested[0];
  return {
    id: turn.selectionId,
    requestId: turn.turnId,
    organizationId: session.organizationId,
    userId: session.userId,
    sessionId: session.sessionId,
    turnId: turn.turnId,
    createdAt: new Date(turn.createdAtMs).toISOString(),
    requested: [...turn.requested],
    mode:
      first === undefined
        ? "auto"
        : turn.requested.length > 1
          ? "list"
          : first.includes("/")
            ? "pinned"
            : "class",
    intent: classifyIntent(facts.question).intent,
    candidates: [],
    decision: null,
    attempts: [],
    status: receipt.status === "streaming" ? "incomplete" : receipt.status,
    provider: leg?.provider ?? null,
    model: leg?.model ?? null,
    affinity: leg !== undefined && leg.provider === session.lastProvider,
    firstTokenMs: null,
    durationMs: Math.max(0, facts.nowMs - turn.createdAtMs),
    usage: UNKNOWN_USAGE,
    costMicroUsd: null,
    sandbox: facts.sandbox,
  };
}
