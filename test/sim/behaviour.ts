/**
 * How a simulated provider treats a call: it answers, refuses, dies in the middle or says nothing more. A behaviour
 * looks at when, from where and for which model it is asked; behaviours are put together like sentences.
 */
import type { Random } from "../../src/base/random.ts";
import type { FailurePhase, ProviderFailureKind } from "../../src/providers/failure.ts";
import { lognormal, scaled, type Distribution } from "./distributions.ts";

/** What one call will meet, decided when it arrives. Times are milliseconds. */
export type Manner =
  | {
      readonly type: "answer";
      readonly headersMs: number;
      readonly firstTokenMs: number;
      readonly wordMs: number;
    }
  | {
      readonly type: "refuse";
      readonly kind: ProviderFailureKind;
      readonly status: number | null;
      readonly afterMs: number;
      readonly retryAfterMs: number | null;
    }
  /** Good headers and a few words, then the connection is gone. */
  | {
      readonly type: "die";
      readonly headersMs: number;
      readonly firstTokenMs: number;
      readonly wordMs: number;
      readonly kind: Extract<ProviderFailureKind, "stream-reset" | "stream-cut" | "stream-error">;
    }
  /** Nothing more comes from this phase on; the caller's deadline has to end it. */
  | {
      readonly type: "hang";
      readonly phase: FailurePhase;
      readonly headersMs: number;
      readonly firstTokenMs: number;
    };

export interface CallConditions {
  /** From the start of the scenario, milliseconds. */
  readonly atMs: number;
  /** Empty for a ping. */
  readonly model: string;
  readonly region: string;
  readonly random: Random;
}

export type Behaviour = (conditions: CallConditions) => Manner;

export interface Speed {
  /** From the headers to the first token. */
  readonly firstToken: Distribution;
  readonly headers: Distribution;
  /** Between two pieces of the answer. */
  readonly word: Distribution;
}

/** What a large provider looks like on a good day. */
export const USUAL_SPEED: Speed = {
  headers: lognormal(60, 0.25),
  firstToken: lognormal(350, 0.35),
  word: lognormal(120, 0.3),
};

export function answering(speed: Speed = USUAL_SPEED): Behaviour {
  return ({ random }) => ({
    type: "answer",
    headersMs: speed.headers(random),
    firstTokenMs: speed.firstToken(random),
    wordMs: speed.word(random),
  });
}

export function slowedBy(factor: number, speed: Speed = USUAL_SPEED): Speed {
  return {
    headers: speed.headers,
    firstToken: scaled(factor, speed.firstToken),
    word: scaled(factor, speed.word),
  };
}

const REFUSAL_TIME = lognormal(40, 0.4);

export function refusing(kind: ProviderFailureKind, status: number | null): Behaviour {
  return ({ random }) => ({
    type: "refuse",
    kind,
    status,
    afterMs: REFUSAL_TIME(random),
    retryAfterMs: null,
  });
}

/** Nobody listens any more. */
export const DEAD = refusing("unreachable", null);
export const FAILING = refusing("server-error", 500);
export const OVERLOADED = refusing("overloaded", 503);

export function hanging(phase: FailurePhase): Behaviour {
  const { headers, firstToken } = USUAL_SPEED;
  return ({ random }) => ({
    type: "hang",
    phase,
    headersMs: headers(random),
    firstTokenMs: firstToken(random),
  });
}

export function dyingMidStream(speed: Speed = USUAL_SPEED): Behaviour {
  const kinds = ["stream-reset", "stream-cut", "stream-error"] as const;
  return ({ random }) => ({
    type: "die",
    headersMs: speed.headers(random),
    firstTokenMs: speed.firstToken(random),
    wordMs: speed.word(random),
    kind: kinds[Math.floor(random() * kinds.length)] ?? "stream-cut",
  });
}

/** One manner in a share of the calls, another in the rest. */
export function sometimes(share: number, seldom: Behaviour, often: Behaviour): Behaviour {
  return (conditions) => (conditions.random() < share ? seldom(conditions) : often(conditions));
}

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function during(spans: readonly Span[], then: Behaviour, otherwise: Behaviour): Behaviour {
  return (conditions) =>
    spans.some(({ fromMs, untilMs }) => conditions.atMs >= fromMs && conditions.atMs < untilMs)
      ? then(conditions)
      : otherwise(conditions);
}

export function forModel(model: string, then: Behaviour, otherwise: Behaviour): Behaviour {
  return (conditions) => (conditions.model === model ? then(conditions) : otherwise(conditions));
}

export function fromRegions(regions: readonly string[], then: Behaviour, otherwise: Behaviour): Behaviour {
  return (conditions) => (regions.includes(conditions.region) ? then(conditions) : otherwise(conditions));
}

/** So many calls a second, with a second's worth of burst; the rest is told to come back, and when. */
export function limitedTo(ratePerSecond: number, retryAfterMs: number, otherwise: Behaviour): Behaviour {
  let allowance = ratePerSecond;
  let countedAtMs = 0;
  return (conditions) => {
    // Listing models is not counted by anybody.
    if (conditions.model === "") return otherwise(conditions);
    const gained = ((conditions.atMs - countedAtMs) * ratePerSecond) / 1_000;
    allowance = Math.min(ratePerSecond, allowance + gained);
    countedAtMs = conditions.atMs;
    if (allowance >= 1) {
      allowance -= 1;
      return otherwise(conditions);
    }
    const afterMs = REFUSAL_TIME(conditions.random);
    return { type: "refuse", kind: "rate-limited", status: 429, afterMs, retryAfterMs };
  };
}

/** Up and down by turns within a span, beginning down. */
export function toFlappingSpans(span: Span, downMs: number, upMs: number): Span[] {
  const spans: Span[] = [];
  for (let fromMs = span.fromMs; fromMs < span.untilMs; fromMs += downMs + upMs) {
    spans.push({ fromMs, untilMs: Math.min(span.untilMs, fromMs + downMs) });
  }
  return spans;
}
