/**
 * 100,000 random histories, played by the breaker and by the model of its rules: no difference. Alone:
 * `npx vitest run --project node test/unit/circuit/breaker-model.test.ts`. A difference is shown as the shortest
 * history that was found to have it.
 */
import { describe, expect, it } from "vitest";
import type { Random } from "../../../src/base/random.ts";
import {
  applyBreakerEvent,
  startBreaker,
  type Breaker,
  type BreakerEffect,
  type BreakerEvent,
} from "../../../src/circuit/breaker.ts";
import { CircuitPolicy, DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import { readTotals } from "../../../src/circuit/window.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";
import { BreakerModel, type ModelEffect } from "./breaker-model.ts";

const HISTORIES_IN_A_BATCH = 10_000;
const BATCHES = 10;
const LONGEST = 60;
const T0 = 1_000_000_000;

interface Moment {
  readonly event: BreakerEvent;
  readonly pauseMs: number;
  readonly chance: number;
}

interface History {
  readonly policy: CircuitPolicy;
  readonly moments: readonly Moment[];
}

const oneOf = <const Value>(random: Random, values: readonly [Value, ...Value[]]): Value =>
  values[Math.floor(random() * values.length)] ?? values[0];

/** Small numbers, so that every threshold and every end of a time is met within a few events. */
function drawPolicy(random: Random): CircuitPolicy {
  const openBaseMs = oneOf(random, [100, 500, 2_000]);
  return CircuitPolicy.parse({
    ...DEFAULT_CIRCUIT_POLICY,
    failureThreshold: oneOf(random, [1, 2, 3, 3, 4, 12]),
    windowMs: oneOf(random, [1_000, 3_000, 10_000]),
    bucketMs: oneOf(random, [100, 300, 500]),
    minimumCalls: oneOf(random, [1, 2, 4, 6]),
    failureRate: oneOf(random, [0.25, 0.5, 0.7, 1]),
    slowRate: oneOf(random, [0.3, 0.5, 0.8, 1]),
    openBaseMs,
    openMaxMs: openBaseMs * oneOf(random, [1, 3, 8]),
    jitterShare: oneOf(random, [0, 0.2, 1]),
    fatalOpenMs: oneOf(random, [100, 700]),
    halfOpenPermits: oneOf(random, [1, 1, 2, 3]),
    halfOpenSuccesses: oneOf(random, [1, 1, 2, 3]),
    permitTtlMs: oneOf(random, [100, 1_000]),
    defaultCoolDownMs: oneOf(random, [100, 1_000]),
    maxCoolDownMs: oneOf(random, [500, 5_000]),
  });
}

function drawEvent(random: Random, nowMs: number): BreakerEvent {
  const verdict = oneOf(random, [
    "success",
    "success",
    "failure",
    "failure",
    "failure",
    "fatal",
    "rate-limited",
    "neutral",
  ]);
  const retryAfterMs = random() < 0.5 ? null : Math.floor(random() * 8_000);
  const permitId = oneOf(random, ["p1", "p1", "p2", "p3", "p4"]);
  const message = "because";
  const kind = random();
  if (kind < 0.35) {
    const requestId = `req_${Math.floor(random() * 1_000)}`;
    const firstTokenAtMs =
      random() < 0.5 ? undefined : nowMs - Math.floor(random() * oneOf(random, [1, 100, 2_000]));
    return {
      type: "call-end",
      verdict,
      slow: random() < 0.5,
      firstTokenAtMs,
      requestId,
      retryAfterMs,
      message,
    };
  }
  if (kind < 0.38) return { type: "late-call", slow: random() < 0.7 };
  if (kind < 0.45) return { type: "confirm-end", verdict, retryAfterMs, message };
  if (kind < 0.65) return { type: "time-pass" };
  if (kind < 0.8) return { type: "permit-request", permitId };
  if (kind < 0.97) return { type: "probe-end", permitId, verdict, retryAfterMs, message };
  const action = oneOf(random, ["reset", "open", "close", "auto", "auto", "drain"]);
  return { type: "control", action, actor: "ada@example.com", reason: message };
}

function drawPauseMs(random: Random): number {
  const kind = random();
  if (kind < 0.4) return 0;
  if (kind < 0.7) return Math.floor(random() * 200);
  if (kind < 0.9) return Math.floor(random() * 2_000);
  if (kind < 0.97) return Math.floor(random() * 20_000);
  // Clocks of machines differ, and are set.
  return -Math.floor(random() * (random() < 0.5 ? 100 : 1_000_000));
}

function drawHistory(random: Random): History {
  const policy = drawPolicy(random);
  const length = 1 + Math.floor(random() * LONGEST);
  let nowMs = T0;
  const moments = Array.from({ length }, () => {
    const pauseMs = drawPauseMs(random);
    nowMs += pauseMs;
    return { event: drawEvent(random, nowMs), pauseMs, chance: random() };
  });
  return { policy, moments };
}

function lookAt(breaker: Breaker, nowMs: number, policy: CircuitPolicy): ReturnType<BreakerModel["look"]> {
  const { state, mode, failureCount, failedRequestIds, trips, coolDownUntilMs, changedAtMs } = breaker;
  return {
    status: state.status,
    mode,
    suspect: state.status === "CLOSED" && state.suspect,
    openUntilMs: state.status === "OPEN" ? state.openUntilMs : null,
    permits: state.status === "HALF_OPEN" ? state.permits : [],
    successes: state.status === "HALF_OPEN" ? state.successes : 0,
    failureCount,
    failedRequestIds,
    trips,
    coolDownUntilMs,
    changedAtMs,
    totals: readTotals(breaker.buckets, nowMs, policy),
  };
}

function withoutReason(effect: BreakerEffect): ModelEffect {
  if (effect.type === "alert") return { type: "alert" };
  if (effect.type !== "transition") return effect;
  const { type, from, to, failureCount, requestIds, actor } = effect;
  return { type, from, to, failureCount, requestIds, actor };
}

interface Difference {
  readonly step: number;
  readonly breaker: unknown;
  readonly model: unknown;
}

/** The first step after which the two say different things. */
function findDifference({ policy, moments }: History, seen: Map<string, number>): Difference | null {
  const model = new BreakerModel(policy, T0);
  let breaker = startBreaker(T0);
  let nowMs = T0;
  for (const [step, { event, pauseMs, chance }] of moments.entries()) {
    nowMs += pauseMs;
    const result = applyBreakerEvent(breaker, event, { nowMs, random: () => chance, policy });
    breaker = result.breaker;
    const ours = { effects: result.effects.map(withoutReason), ...lookAt(breaker, nowMs, policy) };
    const theirs = { effects: model.take(event, nowMs, chance), ...model.look() };
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) return { step, breaker: ours, model: theirs };
    for (const effect of ours.effects) {
      const name = effect.type === "transition" ? `${effect.from}>${effect.to}` : effect.type;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  }
  return null;
}

/** Leaves out whatever the difference does not need. */
function shorten(history: History): History {
  for (let index = history.moments.length - 1; index >= 0; index -= 1) {
    const shorter = { ...history, moments: history.moments.toSpliced(index, 1) };
    if (findDifference(shorter, new Map()) !== null) return shorten(shorter);
  }
  return history;
}

describe("the breaker and the model of its rules", () => {
  const seen = new Map<string, number>();

  it.each(Array.from({ length: BATCHES }, (_, batch) => ({ batch })))(
    "[CB1] [CB2] [CB3] [CB4] [CB5] [CB6] [CB7] [CB8] [CB9] [CB40] [CB41] [CB42] [CB44] [CB45] agree on 10,000 random histories, batch $batch",
    { timeout: 60_000 },
    ({ batch }) => {
      for (let index = 0; index < HISTORIES_IN_A_BATCH; index += 1) {
        const history = drawHistory(createSeededRandom(batch * HISTORIES_IN_A_BATCH + index));
        if (findDifference(history, seen) === null) continue;
        const shortest = shorten(history);
        expect({
          seed: batch * HISTORIES_IN_A_BATCH + index,
          history: shortest,
          difference: findDifference(shortest, seen),
        }).toBeNull();
      }
    },
  );

  it("[CB1] those histories come through every change of state, alert, grant and denial thousands of times", () => {
    const names = [
      "CLOSED>OPEN",
      "OPEN>HALF_OPEN",
      "HALF_OPEN>CLOSED",
      "HALF_OPEN>OPEN",
      "alert",
      "confirm",
      "wake",
    ];
    for (const name of [...names, "permit-grant", "permit-deny"])
      expect(seen.get(name)).toBeGreaterThan(5_000);
  });
});
