/**
 * An attempt that a second target may be started beside when the first token is late: whoever speaks first goes on,
 * the other is cancelled. When one fails the other simply goes on. It does not decide whether a hedge is affordable
 * or who it goes to: that is handed in. Rules RT80 to RT85.
 */
import type { Clock } from "../../base/clock.ts";
import {
  driveAttempt,
  type AttemptEnd,
  type DriveAttemptDeps,
  type DriveAttemptInput,
  type LegEvent,
} from "./drive-attempt.ts";

export interface HedgeChoice {
  /** How long after the start, without a first token, a second target may start; null for never. Milliseconds. */
  readonly afterMs: number | null;
  /** Picks the second target and pays for it; null when there is none or nothing to pay with. */
  readonly start: () => DriveAttemptInput | null;
  /** Told of each attempt that ended while the other one went on. */
  readonly noteOtherEnd: (end: AttemptEnd) => void;
}

type Stream = AsyncGenerator<readonly LegEvent[], AttemptEnd, undefined>;

interface Lane {
  /** Its attempt's. */
  readonly controller: AbortController;
  readonly stream: Stream;
  /** Its first words, or its end without any. */
  readonly first: Promise<IteratorResult<readonly LegEvent[], AttemptEnd>>;
  /** It has come to its end and was read to it: nothing is open any more. */
  hasEnded: boolean;
}

type RaceStep =
  | { readonly type: "hedge-due" }
  | {
      readonly type: "lane";
      readonly lane: Lane;
      readonly result: IteratorResult<readonly LegEvent[], AttemptEnd>;
    };

/** Yields what driveAttempt yields; returns the end that decides: the winner's, or the last failure. Never throws. */
export async function* driveHedgedAttempt(
  deps: DriveAttemptDeps,
  input: DriveAttemptInput,
  hedge: HedgeChoice,
): Stream {
  const lanes = [openLane(deps, input)];
  const due = startDue(deps.clock, hedge.afterMs);
  // The first lane is late as soon as there is a second one.
  const first = lanes[0];
  let running = lanes;
  try {
    for (;;) {
      const step = await nextStep(running, due);
      if (step.type === "hedge-due") {
        const second = hedge.start();
        if (second === null) continue;
        lanes.push(openLane(deps, second));
        running = lanes;
        continue;
      }
      const { lane, result } = step;
      const others = running.filter((other) => other !== lane);
      if (result.done === true && result.value.failure !== null && others.length > 0) {
        hedge.noteOtherEnd(result.value);
        running = others;
        continue;
      }
      due.cancel();
      const losses = Promise.all(
        others.map((other) => cancelLane(other, other === first).then(hedge.noteOtherEnd)),
      );
      if (result.done !== true) yield result.value;
      const end = result.done === true ? result.value : yield* lane.stream;
      lane.hasEnded = true;
      await losses;
      return end;
    }
  } finally {
    due.cancel();
    for (const lane of lanes) await closeLane(lane);
  }
}

function openLane(deps: DriveAttemptDeps, input: DriveAttemptInput): Lane {
  const stream = driveAttempt(deps, input);
  return { controller: input.controller, stream, first: stream.next(), hasEnded: false };
}

interface Due {
  promise: Promise<RaceStep> | null;
  readonly cancel: () => void;
}

function startDue(clock: Clock, afterMs: number | null): Due {
  if (afterMs === null) return { promise: null, cancel: () => {} };
  const { promise, resolve } = Promise.withResolvers<RaceStep>();
  return { promise, cancel: clock.startTimer(afterMs, () => resolve({ type: "hedge-due" })) };
}

async function nextStep(lanes: readonly Lane[], due: Due): Promise<RaceStep> {
  const steps = lanes.map((lane) => lane.first.then((result): RaceStep => ({ type: "lane", lane, result })));
  // Words that are there at the same moment come before a hedge.
  const step = await Promise.race(due.promise === null ? steps : [...steps, due.promise]);
  if (step.type === "hedge-due") due.promise = null;
  return step;
}

/** Another target has spoken first: the call is aborted, and what it cost until then is what it costs. */
async function cancelLane(lane: Lane, late: boolean): Promise<AttemptEnd> {
  lane.controller.abort();
  let next = await lane.first;
  while (next.done !== true) next = await lane.stream.next();
  return toLost(next.value, late);
}

function toLost(end: AttemptEnd, late: boolean): AttemptEnd {
  if (end.failure?.kind !== "cancelled") return end;
  const error = "cancelled: another target answered first";
  return { ...end, late, record: { ...end.record, error } };
}

/** For a reader that has left: nothing stays open. An ended lane takes no harm. */
async function closeLane(lane: Lane): Promise<void> {
  if (lane.hasEnded) return;
  lane.controller.abort();
  await lane.first;
  for (;;) {
    const next = await lane.stream.next();
    if (next.done === true) return;
  }
}
