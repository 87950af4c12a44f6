/**
 * Passes an attempt's words on to the reader through the filter of its leg. A leg that cannot be joined is stopped,
 * and its attempt comes back as `unjoinable`; one that has no room left as `too-long`. Rules RT93 to RT96, SE171.
 */
import type { AnswerLegs } from "./answer-legs.ts";
import type { AttemptEnd, LegEvent } from "../attempt/drive-attempt.ts";
import type { LegFilter } from "./leg-filter.ts";

type Stream = AsyncGenerator<readonly LegEvent[], AttemptEnd, undefined>;

/** Yields what is shown of the stream; returns its end. */
export async function* passLeg(legs: AnswerLegs, stream: Stream): Stream {
  const ended: { end: AttemptEnd | null } = { end: null };
  let filter: LegFilter | null = null;
  let attempt = 0;
  for await (const batch of keepEnd(stream, ended)) {
    const [first] = batch;
    if (first?.type === "leg-start") {
      attempt = first.attempt;
      filter = legs.begin(attempt);
    }
    if (filter === null) throw new Error("words came before anybody had begun to speak");
    const shown = legs.fit(filter.pass(batch));
    if (filter.hasDiverged || legs.isFull) legs.abort(attempt);
    if (shown.length > 0) yield shown;
  }
  const { end } = ended;
  if (end === null) throw new Error("an attempt ended without an end");
  if (end.failure === null && filter !== null) {
    const rest = legs.fit(filter.finish());
    if (rest.length > 0) yield rest;
  }
  if (filter?.hasDiverged === true) return toStopped(end, "unjoinable", "it began an answer of its own");
  return legs.isFull ? toStopped(end, "too-long", "the answer was as long as it may be") : end;
}

/** The stream as a loop can read it: leaving the loop early closes it. */
async function* keepEnd(
  stream: Stream,
  ended: { end: AttemptEnd | null },
): AsyncGenerator<readonly LegEvent[], void, undefined> {
  ended.end = yield* stream;
}

/** It was stopped here, whatever it says itself. */
function toStopped(end: AttemptEnd, kind: "unjoinable" | "too-long", message: string): AttemptEnd {
  const error = `${kind}: ${message}`;
  return {
    ...end,
    failure: { kind, phase: "stream", status: null, retryAfterMs: null, message },
    record: { ...end.record, outcome: "failure", error },
  };
}
