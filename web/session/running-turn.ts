/**
 * The turn that runs, as far as this page has followed it: its answer, the cursor in its log, what a crash has taken
 * back of it. Pure; the frames of a whole chat are chat-view.ts's business. Rules WB2 to WB5, WB51 to WB53.
 */
import type { ActiveTurn, LiveServerFrame, ResumeFrame } from "../../src/protocol/session-frame.ts";
import { applyChunk, EMPTY_ANSWER } from "./answer-part.ts";
import type { StreamedAnswer } from "./answer-part.ts";
import { cutLog, replayLog } from "./chunk-log.ts";
import type { ChunkLog } from "./chunk-log.ts";

type Frame<Type extends LiveServerFrame["type"]> = Extract<LiveServerFrame, { type: Type }>;

export interface RunningTurn {
  readonly turn: ActiveTurn;
  readonly answer: StreamedAnswer;
  /** What the answer was put together from; its last sequence is the cursor. */
  readonly log: ChunkLog | null;
  /** The generation in which the cursor was seen: the turn may be in a later one by now. */
  readonly generation: number;
  /** Up to here no crash takes anything back; -1 while nothing is stored. */
  readonly durableSequence: number;
  /** True from a gap until the missing chunk arrives, so that one gap asks once. */
  readonly catchingUp: boolean;
  readonly stopping: boolean;
  /** What this tab has said about tool calls and not heard back yet, by approval. */
  readonly decided: Readonly<Record<string, boolean>>;
}

export function startRunningTurn(turn: ActiveTurn): RunningTurn {
  return {
    turn,
    answer: EMPTY_ANSWER,
    log: null,
    generation: turn.generation,
    durableSequence: -1,
    catchingUp: false,
    stopping: false,
    decided: {},
  };
}

/** The turn that a hello tells of: the one that is known with what is known of it, or a new one. */
export function meetTurn(known: RunningTurn | null, turn: ActiveTurn): RunningTurn {
  const running = known?.turn.turnId === turn.turnId ? known : startRunningTurn(turn);
  return { ...running, turn, catchingUp: true, decided: {} };
}

export function toResumeFrame(sessionId: string, { turn, log, generation }: RunningTurn): ResumeFrame {
  return {
    type: "resume",
    requestId: turn.requestId,
    id: sessionId,
    turnId: turn.turnId,
    generation,
    ...(log === null ? {} : { lastSequence: log.sequence }),
    headers: {},
    body: {},
  };
}

/** The turn with one more chunk in it; `hasGap` asks for what follows the cursor. */
export function takeChunk(
  running: RunningTurn,
  { sequence, chunk }: Frame<"chunk">,
): { readonly running: RunningTurn; readonly hasGap: boolean } {
  const expected = (running.log?.sequence ?? -1) + 1;
  if (sequence < expected || (sequence > expected && running.catchingUp)) return { running, hasGap: false };
  if (sequence > expected) return { running: { ...running, catchingUp: true }, hasGap: true };
  return {
    hasGap: false,
    running: {
      ...running,
      answer: applyChunk(running.answer, chunk),
      log: { sequence, chunk, before: running.log },
      // It came without a rewind before it: the cursor stands in the turn's own generation.
      generation: running.turn.generation,
      catchingUp: false,
    },
  };
}

/** What came after that sequence never was; what takes its place follows. */
export function rewindTurn(running: RunningTurn, { sequence, generation }: Frame<"rewind">): RunningTurn {
  const known = running.log?.sequence ?? -1;
  const log = cutLog(running.log, sequence);
  return {
    ...running,
    turn: { ...running.turn, generation },
    answer: sequence < known ? replayLog(log) : running.answer,
    log,
    generation,
    durableSequence: Math.min(running.durableSequence, sequence),
    // Cut behind what has arrived: what follows leaves a gap, which must be asked for.
    catchingUp: sequence > known ? false : running.catchingUp,
  };
}

export function noteDurable(running: RunningTurn, { sequence, generation }: Frame<"durable">): RunningTurn {
  if (generation !== running.turn.generation || sequence <= running.durableSequence) return running;
  return { ...running, durableSequence: sequence };
}
