/** Where a client that comes back goes on in a turn's log, and what a crash has taken back from it. Pure. Rules SE11, SE52. */
import type { ResumeFrame } from "../../protocol/session-frame.ts";
import type { TurnRow } from "../rows.ts";

export interface ResumePlace {
  /** The next sequence it is sent. */
  readonly next: number;
  /** What it has after this sequence is gone (-1: all of it); null when nothing is. */
  readonly rewindTo: number | null;
}

/**
 * A cursor of an earlier generation may point behind what the crash left. Of the last crash we know how much that was;
 * who slept through more than one begins anew. On the stock wire nobody is ever shown what a crash can take back.
 */
export function toResumePlace(
  { lastSequence, generation }: Pick<ResumeFrame, "lastSequence" | "generation">,
  turn: Pick<TurnRow, "generation" | "rewoundTo">,
  isLive: boolean,
): ResumePlace {
  if (lastSequence === undefined) return { next: 0, rewindTo: null };
  const next = lastSequence + 1;
  if (!isLive || turn.generation === 0 || generation === turn.generation) return { next, rewindTo: null };
  // Who does not say which generation it saw may have seen the first.
  if ((generation ?? 0) !== turn.generation - 1) return { next: 0, rewindTo: -1 };
  if (next <= turn.rewoundTo) return { next, rewindTo: null };
  return { next: turn.rewoundTo, rewindTo: turn.rewoundTo - 1 };
}
