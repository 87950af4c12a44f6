/** What a chat's object hands to the runner of its turns: the world, as far as turns touch it. */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { ToolPart } from "../../protocol/answer-parts.ts";
import type { Leg } from "../../protocol/answer.ts";
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { ChatSocket, LiveTurn } from "./live-turn.ts";
import type { TurnRow, TurnStatus } from "../rows.ts";
import type { RunTurnDeps } from "./run-turn.ts";
import type { SessionStore } from "../store/session-store.ts";

export interface TurnRunnerDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly sockets: () => readonly ChatSocket[];
  readonly newIds: () => {
    readonly turnId: string;
    readonly messageId: string;
    readonly selectionId: string;
  };
  readonly startStep: (live: LiveTurn, startedMs: number) => RunTurnDeps["startStep"];
  /** Null while no tool is set up. */
  readonly runTools:
    | ((
        live: LiveTurn,
        calls: readonly ToolPart[],
        tell: (chunks: readonly AnswerChunk[]) => void,
      ) => Promise<void>)
    | null;
  /** The word on a tool call; false when nobody waits for it. */
  readonly decideTool: (approvalId: string, approved: boolean) => boolean;
  readonly isSandbox: () => boolean;
  /** False: a turn that a crash interrupted ends with the part that is stored. */
  readonly continuesAfterCrash: boolean;
  /** The legs of a turn that a crash has ended, with an estimate where nobody counted. */
  readonly countLegs: (
    turn: TurnRow,
    legs: readonly Leg[],
    charactersOfLegs: readonly number[],
  ) => readonly Leg[];
  /** How long a turn may take, all its lives together, milliseconds. */
  readonly turnMs: number;
  /** Keeps the object awake for a turn. */
  readonly runInBackground: (work: Promise<void>) => void;
  /** A turn has begun or ended: the dead-man alarm and the outbox are the object's. */
  readonly onTurnStart: () => void;
  readonly onTurnEnd: (turn: TurnRow, status: TurnStatus) => void;
}
