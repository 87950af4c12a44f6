/**
 * The chunks of a running turn as they came, so that a rewind can go back to any of them. Pure: a log is never
 * changed; a longer one shares the shorter one it grew from, so that a chunk costs the same however many there are.
 */
import type { AnswerChunk } from "../../src/protocol/answer-chunk.ts";
import { applyChunk, EMPTY_ANSWER } from "./answer-part.ts";
import type { StreamedAnswer } from "./answer-part.ts";

/** The newest chunk and what came before it; null is the empty log. */
export interface ChunkLog {
  readonly sequence: number;
  readonly chunk: AnswerChunk;
  readonly before: ChunkLog | null;
}

/** The part of the log up to and with that sequence. */
export function cutLog(log: ChunkLog | null, sequence: number): ChunkLog | null {
  let at = log;
  while (at !== null && at.sequence > sequence) at = at.before;
  return at;
}

/** The answer that these chunks make, from the first one on. */
export function replayLog(log: ChunkLog | null): StreamedAnswer {
  const newestFirst: AnswerChunk[] = [];
  for (let at = log; at !== null; at = at.before) newestFirst.push(at.chunk);
  return newestFirst.reduceRight(applyChunk, EMPTY_ANSWER);
}
