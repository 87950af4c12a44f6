/** A turn that is running in this object's memory: its log, who follows it, how it is stopped. Rules SE24, SE54. */
import type { AnswerDraft } from "../../protocol/answer-parts.ts";
import type { CallSettings } from "../../protocol/call-settings.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { ActiveTurn } from "../../protocol/session-frame.ts";
import type { Followers, FrameSink } from "../log/followers.ts";
import type { TurnRow } from "../rows.ts";
import type { StreamLog } from "../log/stream-log.ts";

/** A socket as a chat sees it. */
export interface ChatSocket extends FrameSink {
  /** Closes it with a reason; the client is to come back. */
  close(code: number, reason: string): void;
}

export interface LiveTurn {
  readonly turn: TurnRow;
  /** What it was asked with beside its question; null for nothing. */
  readonly settings: CallSettings | null;
  readonly log: StreamLog;
  readonly followers: Followers<ChatSocket>;
  readonly draft: AnswerDraft;
  readonly controller: AbortController;
  /** Tool calls that a crash left open: whether they were made is not known. Empty in a turn's first life. */
  readonly openBeforeCrash: ReadonlySet<string>;
  /** Approvals that have been given their word, which may not have been told yet. */
  readonly givenWords: Set<string>;
  /** Records of model calls that could not be stored yet: they go with the end. */
  unsaved: readonly SelectionRecord[];
}

/** What other tabs are told of a turn. */
export function toActiveTurn(turn: TurnRow): ActiveTurn {
  const { turnId, requestId, messageId, parentId, generation } = turn;
  return { turnId, requestId, messageId, parentId, generation };
}
