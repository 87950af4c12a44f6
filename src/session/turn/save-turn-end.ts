/** Stores the end of a turn: the last chunks, the message, the state, the records. One transaction. Rules SE43, SE110. */
import type { Clock } from "../../base/clock.ts";
import type { AnswerPart } from "../../protocol/answer-parts.ts";
import type { Receipt } from "../../protocol/answer.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import type { SessionRow, TurnRow, TurnStatus } from "../rows.ts";
import type { SessionStore } from "../store/session-store.ts";
import type { StreamLog } from "../log/stream-log.ts";
import { UNTITLED } from "../title.ts";

export interface TurnResult {
  readonly status: TurnStatus;
  readonly parts: readonly AnswerPart[];
  readonly receipt: Receipt;
  readonly records: readonly SelectionRecord[];
}

/** All of it is stored or nothing; the message as it is stored comes back to be told. `log`: null to leave it as it is. */
export function saveTurnEnd(
  { store, clock }: { readonly store: SessionStore; readonly clock: Clock },
  session: SessionRow,
  turn: TurnRow,
  log: StreamLog | null,
  result: TurnResult,
): StoredMessage {
  const message = toAnswerMessage(turn, result);
  store.transact(() => {
    store.messages.append(message);
    store.updateTurn(turn.position, { status: result.status, endedAtMs: clock.nowMs() });
    const provider = result.records.at(-1)?.provider ?? null;
    store.updateSession({
      ...(isNewest(store, turn, session) ? { leafMessageId: message.id } : {}),
      ...(provider === null || provider === session.lastProvider ? {} : { lastProvider: provider }),
    });
    saveRecords(store, session, result.records);
    // Last: what the log takes for stored is not taken back.
    log?.save();
  });
  return message;
}

export function toAnswerMessage(turn: TurnRow, { parts, receipt }: TurnResult): StoredMessage {
  return {
    id: turn.messageId,
    role: "assistant",
    parentId: turn.parentId,
    parts: [...parts],
    metadata: receipt,
    createdAt: receipt.createdAt,
  };
}

/** The name of the chat goes along, so that its list has it. */
export function saveRecords(
  store: Pick<SessionStore, "appendOutbox">,
  { title }: Pick<SessionRow, "title">,
  records: readonly SelectionRecord[],
): void {
  const sessionTitle = title === UNTITLED ? null : title;
  for (const record of records) store.appendOutbox({ record, sessionTitle });
}

/** A turn behind it may have been taken out of the queue before: then the path ends there already. */
function isNewest(store: SessionStore, turn: TurnRow, session: SessionRow): boolean {
  const last = store.readLastTurn();
  return last === null || last.position <= turn.position || last.messageId !== session.leafMessageId;
}
