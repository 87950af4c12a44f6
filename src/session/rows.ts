/** The rows of one chat as its core sees them. Types only; how they are kept is in store/. */
import type { TerminalState } from "../protocol/answer.ts";
import type { RoutingPolicy } from "../protocol/selection.ts";

/** Where a title comes from; one of a higher kind is not replaced by one of a lower. */
export const TITLE_SOURCES = ["none", "question", "model", "person"] as const;
export type TitleSource = (typeof TITLE_SOURCES)[number];

export interface SessionRow {
  readonly sessionId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly title: string;
  readonly titleSource: TitleSource;
  /** The newest message of the branch that is shown, as far as answers have ended. */
  readonly leafMessageId: string | null;
  readonly lastProvider: string | null;
  readonly createdAtMs: number;
}

export type TurnStatus = "queued" | "running" | TerminalState;

export interface TurnRow {
  readonly position: number;
  readonly turnId: string;
  readonly requestId: string;
  readonly selectionId: string;
  readonly messageId: string;
  readonly parentId: string;
  readonly requested: readonly string[];
  /** How the candidates are to be put in order; null for the default. */
  readonly policy: RoutingPolicy | null;
  readonly status: TurnStatus;
  readonly stopRequested: boolean;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** Counts the crashes that it has lived through. */
  readonly generation: number;
  /** How many chunks of its log the last crash had left. */
  readonly rewoundTo: number;
}

export type NewTurn = Omit<TurnRow, "position" | "stopRequested" | "endedAtMs" | "generation" | "rewoundTo">;

/** What models are told in place of the messages up to and with this one. */
export interface SummaryRow {
  readonly upToMessageId: string;
  readonly body: string;
}

/** How far a path is read upwards. */
export interface PathLimits {
  readonly maxMessages: number;
  /** Characters of stored JSON after which no further message is read; at least one message is. */
  readonly maxCharacters?: number;
  /** Messages with these ids, and what is above them, are left out. */
  readonly stopBelow?: ReadonlySet<string>;
}
