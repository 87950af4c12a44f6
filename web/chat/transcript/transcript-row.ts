/**
 * What stands in a transcript, from top to bottom: stored messages, the answer that is being written, questions on
 * their way, the line above which a summary is told. Pure; drawing them is row-view.tsx. Rules WB62, WB64, WB65.
 */
import type { Branches, StoredMessage } from "../../../src/protocol/session-frame.ts";
import { findAnswerPlace, findWaiting } from "../../session/message-path.ts";
import { isStoredAs } from "../../session/pending-send.ts";
import type { PendingSend } from "../../session/pending-send.ts";
import type { SettledChat } from "../../session/settled-chat.ts";

/** The others at a message's place, oldest first, and where it stands among them. */
export interface BranchPlace {
  readonly ids: readonly string[];
  readonly index: number;
}

/** `key` stays the same from a question's first letter on its way to its end, and when another branch is shown. */
export type TranscriptRow = { readonly key: string } & (
  | {
      readonly kind: "message";
      readonly message: StoredMessage;
      readonly place: BranchPlace | null;
      /** A question that waits for the answers above it. */
      readonly waits: boolean;
    }
  | { readonly kind: "running"; readonly messageId: string; readonly place: BranchPlace | null }
  | { readonly kind: "pending"; readonly pending: PendingSend }
  /** An answer that has been asked for and has no turn yet. */
  | { readonly kind: "thinking"; readonly isSent: boolean }
  | { readonly kind: "summary"; readonly text: string }
  /** A stored question that nobody answers. */
  | { readonly kind: "unanswered"; readonly messageId: string }
  | { readonly kind: "notice"; readonly text: string }
);

function toPlace(branches: Branches, messageId: string): BranchPlace | null {
  const ids = branches[messageId];
  const index = ids?.indexOf(messageId) ?? -1;
  return ids === undefined || ids.length < 2 || index === -1 ? null : { ids, index };
}

/** The oldest message at a place gives its row the name: branches that are shown there are one row. */
function toKey(branches: Branches, messageId: string): string {
  return branches[messageId]?.[0] ?? messageId;
}

function toMessageRow(message: StoredMessage, branches: Branches, waits: boolean): TranscriptRow {
  const { id } = message;
  return { kind: "message", key: toKey(branches, id), message, place: toPlace(branches, id), waits };
}

/** The path without what a branch that is on its way takes the place of. */
function cutForBranch(
  messages: readonly StoredMessage[],
  { trigger, messageId, edits }: PendingSend,
): readonly StoredMessage[] {
  const index = messages.findIndex(({ id }) => id === (edits?.messageId ?? messageId));
  if (index === -1) return messages;
  const isAgainOfQuestion = trigger === "regenerate-message" && messages[index]?.role === "user";
  return messages.slice(0, isAgainOfQuestion ? index + 1 : index);
}

function toPendingRow(pending: PendingSend, { messages, branches }: SettledChat): TranscriptRow {
  const { trigger, messageId, edits, refusal, sent } = pending;
  if (trigger === "regenerate-message") {
    return { kind: "thinking", key: toKey(branches, messageId), isSent: sent };
  }
  const takesPlace = refusal === null && messages.some(({ id }) => id === edits?.messageId);
  return { kind: "pending", key: takesPlace ? toKey(branches, edits?.messageId ?? "") : messageId, pending };
}

/** Stored messages with the running answer and the summary's line between them. */
function toPathRows(chat: SettledChat, messages: readonly StoredMessage[]): TranscriptRow[] {
  const { branches, running, summary } = chat;
  const turn = running?.turn ?? null;
  const place = findAnswerPlace(messages, turn);
  const waiting = new Set(findWaiting(messages, turn).map(({ id }) => id));
  const rows = messages.flatMap((message): TranscriptRow[] => {
    const row = toMessageRow(message, branches, waiting.has(message.id));
    return message.id === summary?.upToMessageId
      ? [row, { kind: "summary", key: "summary", text: summary.text }]
      : [row];
  });
  if (turn === null || place === -1) return rows;
  const { messageId } = turn;
  const runningRow: TranscriptRow = {
    kind: "running",
    key: toKey(branches, messageId),
    messageId,
    place: toPlace(branches, messageId),
  };
  const at = rows.findIndex((row) => row.kind === "message" && row.message.id === turn.parentId);
  return rows.toSpliced(at + 1, 0, runningRow);
}

/** What stands below the path: what is on its way, and what there is to say. */
function toEndRows(chat: SettledChat, pending: readonly PendingSend[]): TranscriptRow[] {
  const { running, messages, notice } = chat;
  const rows = pending.map((one) => toPendingRow(one, chat));
  const first = pending[0];
  const isAsked = first?.trigger === "submit-message" && first.sent && pending.length === 1;
  const isThinking = running === null && (isAsked || chat.expectsTurn);
  if (isThinking) rows.push({ kind: "thinking", key: "thinking", isSent: true });
  const last = messages.at(-1);
  if (last?.role === "user" && running === null && pending.length === 0 && !isThinking) {
    rows.push({ kind: "unanswered", key: "unanswered", messageId: last.id });
  }
  if (notice !== null) rows.push({ kind: "notice", key: "notice", text: notice });
  return rows;
}

/** The rows of a chat, oldest first. */
export function toTranscriptRows(chat: SettledChat): readonly TranscriptRow[] {
  // An edited question stays in the outbox until its turn begins; stored, it stands in the path by then.
  const pending = chat.outbox.filter(
    (one) => !one.takenBack && !chat.messages.some((message) => isStoredAs(one, message)),
  );
  const branching = pending.find(
    ({ trigger, edits, refusal }) => refusal === null && (trigger === "regenerate-message" || edits !== null),
  );
  const messages = branching === undefined ? chat.messages : cutForBranch(chat.messages, branching);
  return [...toPathRows(chat, messages), ...toEndRows(chat, pending)];
}

/** Where a message stands among the rows; -1 when it is not loaded. */
export function findRow(rows: readonly TranscriptRow[], messageId: string): number {
  return rows.findIndex((row) => row.kind === "message" && row.message.id === messageId);
}
