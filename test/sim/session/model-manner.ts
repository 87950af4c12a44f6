/**
 * How one call of a simulated model goes: whether it is taken, how fast it speaks, where it breaks, and how it goes on
 * with an answer that another call began. Drawn when the call arrives; sim-model.ts plays it.
 */
import type { Random } from "../../../src/base/random.ts";
import type { FailurePhase, ProviderFailure, ProviderFailureKind } from "../../../src/providers/failure.ts";
import { lognormal } from "../distributions.ts";
import { between, pick, pickWeighted } from "./chance.ts";

/** What models do when they are asked to go on: docs/decisions/0018-going-on-in-mid-sentence.md. */
export type Habit =
  "exact" | "repeats-asked" | "repeats-more" | "repeats-with-marks" | "starts-over" | "diverges";

export type Break = "reset" | "cut" | "error-event" | "stall";

export type Manner =
  | { readonly type: "refuse"; readonly failure: ProviderFailure; readonly afterMs: number }
  | { readonly type: "hang"; readonly phase: Extract<FailurePhase, "connect" | "first-token"> }
  /** Headers and the word that it is done, and nothing between them. */
  | { readonly type: "empty" }
  | SpeakingManner;

export interface SpeakingManner {
  readonly type: "speak";
  readonly habit: Habit;
  readonly headersMs: number;
  readonly firstMs: number;
  /** The median between two network reads. */
  readonly gapMs: number;
  /** Pieces of text in one read. */
  readonly piecesAtOnce: number;
  readonly thoughts: number;
  /** After which share of what it had to say it breaks; null for one that comes to its end. */
  readonly breakAfter: number | null;
  readonly breakBy: Break;
  /** How long it goes on after it was told to stop; less than the time that routing gives it. */
  readonly heedsAfterMs: number;
  /** What a call that did not come to its end is told to have used. */
  readonly countsOnBreak: "nothing" | "input" | "everything";
}

export interface MannerConditions {
  readonly random: Random;
  /** From 0 (all is well) to 1. */
  readonly trouble: number;
  readonly isContinued: boolean;
  readonly isPrefill: boolean;
  /** So much of the answer is shown already; short beginnings leave some habits no room. */
  readonly toldCharacters: number;
}

const HEADERS = lognormal(70, 0.4);
const FIRST = lognormal(320, 0.5);
/** Below this nobody can tell a repetition that was not asked for from a word that comes again. */
const LEAST_TO_TELL_APART = 24;
const LEAST_FOR_DIVERGING = 160;

export function drawManner(conditions: MannerConditions): Manner {
  const { random, trouble, isPrefill } = conditions;
  // A model that refuses prefills does so whether or not all is well.
  if (isPrefill && random() < 0.25) return refuse("bad-request", 400, null, 30);
  if (random() >= trouble) return drawSpeaking(conditions, null);
  return pickWeighted<() => Manner>(random, [
    [26, () => drawRefusal(random)],
    [6, () => ({ type: "hang", phase: random() < 0.5 ? "connect" : "first-token" })],
    [3, () => ({ type: "empty" })],
    [55, () => drawSpeaking(conditions, random() ** 1.5)],
    [10, () => ({ ...drawSpeaking(conditions, null), gapMs: 1_500 + Math.round(random() * 4_000) })],
  ])();
}

function drawSpeaking(conditions: MannerConditions, breakAfter: number | null): SpeakingManner {
  const { random } = conditions;
  return {
    type: "speak",
    habit: conditions.isContinued ? drawHabit(conditions) : "exact",
    headersMs: HEADERS(random),
    firstMs: FIRST(random),
    gapMs: pick(random, [8, 25, 60, 60, 120, 120, 350]),
    piecesAtOnce: 1 + Math.floor(random() * 3),
    thoughts: random() < 0.25 ? 1 + Math.floor(random() * 5) : 0,
    breakAfter,
    breakBy: pickWeighted(random, [
      [3, "reset"],
      [3, "cut"],
      [3, "error-event"],
      [1, "stall"],
    ]),
    heedsAfterMs: random() < 0.3 ? between(random, 1, 240) : 0,
    countsOnBreak: pick(random, ["nothing", "input", "everything"]),
  };
}

function drawHabit({ random, isPrefill, toldCharacters }: MannerConditions): Habit {
  const isLong = toldCharacters >= LEAST_TO_TELL_APART;
  return pickWeighted<Habit>(random, [
    [isPrefill ? 0 : 50, "repeats-asked"],
    [isPrefill ? 70 : isLong ? 15 : 0, "exact"],
    [!isPrefill || isLong ? 12 : 0, "repeats-more"],
    [isPrefill ? 0 : 8, "repeats-with-marks"],
    [!isPrefill || isLong ? 10 : 0, "starts-over"],
    [toldCharacters >= LEAST_FOR_DIVERGING ? 5 : 0, "diverges"],
  ]);
}

function drawRefusal(random: Random): Manner {
  const afterMs = Math.round(10 + random() * 200);
  return pickWeighted<() => Manner>(random, [
    [4, () => refuse("server-error", 500, null, afterMs)],
    [3, () => refuse("overloaded", 529, null, afterMs)],
    [3, () => refuse("unreachable", null, null, afterMs)],
    [3, () => refuse("rate-limited", 429, pick(random, [null, 500, 2_000, 20_000]), afterMs)],
    [1, () => refuse("bad-request", 400, null, afterMs)],
    [1, () => refuse("content-refused", 400, null, afterMs)],
    [1, () => refuse("unauthorized", 401, null, afterMs)],
  ])();
}

function refuse(
  kind: ProviderFailureKind,
  status: number | null,
  retryAfterMs: number | null,
  afterMs: number,
): Manner {
  return { type: "refuse", failure: { ...toFailure(kind, "connect", status), retryAfterMs }, afterMs };
}

export function toFailure(
  kind: ProviderFailureKind,
  phase: FailurePhase,
  status: number | null = null,
): ProviderFailure {
  return { kind, phase, status, retryAfterMs: null, message: `simulated ${kind}` };
}
