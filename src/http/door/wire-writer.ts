/**
 * What a door of the HTTP API is to the code that serves an answer (serve-answer.ts): the wire it is written in. One
 * writer for one answer; pure. Each wire has its own folder beside this one.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";

export interface WireWriter {
  /** Forgets what was said so far: another target begins anew, and nobody has seen a word. */
  startOver(): void;
  /** Takes note of events; the text that is sent for them in a stream, empty when there is none yet. */
  write(events: readonly AnswerEvent[]): string;
  /** What ends a good stream. */
  end(end: AnswerEnd, breakwater: BreakwaterEnd): string;
  /** What ends a stream that broke: the wire's error event. No client may take such a stream for a finished one. */
  fail(end: AnswerEnd, breakwater: BreakwaterEnd): string;
  /** What ends a stream that a bug of ours has broken. */
  crash(): string;
  /** The whole answer, for a call without a stream. */
  toWhole(end: AnswerEnd, breakwater: BreakwaterEnd): object;
  /** The answer of a call that failed before anything of it was sent. */
  toRefusal(end: AnswerEnd, breakwater: BreakwaterEnd): WireRefusal;
}

/** Of an answer and of who gives it: ours, so that they stay the same when somebody else goes on. */
export interface AnswerNames {
  readonly id: string;
  readonly model: string;
}

export interface WireRefusal {
  readonly status: ContentfulStatusCode;
  readonly body: object;
}

/** What is wrong with a call, for the wire's own error object. */
export interface CallMistake {
  readonly code: "invalid-request" | "model-not-found";
  /** The field or header. */
  readonly param: string;
  /** A sentence that says what to change. */
  readonly message: string;
}
