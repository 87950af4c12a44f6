/** Random histories of a provider with several models: whatever happens in whatever order, these things stay true. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Breaker } from "../../../src/circuit/breaker.ts";
import { isAutomatic } from "../../../src/circuit/breaker-steps.ts";
import { toCircuitSnapshot } from "../../../src/circuit/circuits-snapshot.ts";
import { DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import {
  applyCircuitsEvent,
  ProviderCircuits,
  startCircuits,
  type CircuitsEffect,
  type CircuitsEvent,
} from "../../../src/circuit/provider-circuits.ts";
import { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";
import { outcomeOf } from "./client-world.ts";

const POLICY = { ...DEFAULT_CIRCUIT_POLICY, halfOpenPermits: 2 };
const Verdict = fc.constantFrom("success", "failure", "failure", "fatal", "rate-limited", "neutral");
const OutcomeVerdict = fc.oneof(
  { weight: 6, arbitrary: Verdict },
  { weight: 1, arbitrary: fc.constant("late" as const) },
);
const Model = fc.constantFrom("small", "large", "huge", "constructor");
const Circuit = fc.constantFrom(null, "small", "large");
const PermitId = fc.constantFrom("p1", "p2", "p3");
const Reach = fc.constantFrom("provider", "model");
const RetryAfter = fc.option(fc.integer({ min: 0, max: 10_000_000 }));
const message = fc.constant("because");

const Event: fc.Arbitrary<CircuitsEvent> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        verdict: OutcomeVerdict,
        model: Model,
        scope: Reach,
        retryAfterMs: RetryAfter,
        latencyMs: fc.nat(9_000),
      })
      .map(({ verdict, ...changes }) => ({
        type: "call-end" as const,
        outcome: outcomeOf(verdict, changes),
      })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("confirm-end" as const),
      model: Model,
      reach: Reach,
      verdict: Verdict,
      retryAfterMs: RetryAfter,
      message,
    }),
  },
  { weight: 5, arbitrary: fc.constant({ type: "time-pass" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("permit-request" as const),
      model: Circuit,
      permitId: PermitId,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("probe-end" as const),
      model: Circuit,
      permitId: PermitId,
      verdict: Verdict,
      retryAfterMs: RetryAfter,
      message,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("control" as const),
      model: Circuit,
      action: fc.constantFrom("reset", "open", "close", "auto", "auto", "drain"),
      actor: fc.constant("ada@example.com"),
      reason: message,
    }),
  },
);
const PauseMs = fc.oneof(
  fc.constant(0),
  fc.constant(0),
  fc.integer({ min: 0, max: 30_000 }),
  fc.constant(400_000),
);
const History = fc.array(fc.record({ event: Event, pauseMs: PauseMs }), {
  minLength: 30,
  maxLength: 60,
  size: "max",
});

interface Seen {
  readonly before: ProviderCircuits;
  readonly event: CircuitsEvent;
  readonly after: ProviderCircuits;
  readonly effects: readonly CircuitsEffect[];
  readonly nowMs: number;
}

/** Each step starts from the stored form of the one before, as after an eviction. */
function play(
  history: readonly { event: CircuitsEvent; pauseMs: number }[],
  seed: number,
  check: (seen: Seen) => void,
) {
  const random = createSeededRandom(seed);
  let nowMs = 1_000_000;
  let before = startCircuits(nowMs);
  for (const { event, pauseMs } of history) {
    nowMs += pauseMs;
    const step = applyCircuitsEvent(before, event, { nowMs, random, policy: POLICY });
    const after = ProviderCircuits.parse(JSON.parse(JSON.stringify(step.circuits)));
    check({ before, event, nowMs, after, effects: step.effects });
    before = after;
  }
}

function forAllHistories(check: (seen: Seen) => void): void {
  fc.assert(
    fc.property(History, fc.integer(), (history, seed) => play(history, seed, check)),
    { seed: 20_261_120, numRuns: 200 },
  );
}

/** The breakers by name; null is the provider's own. */
function breakersOf(circuits: ProviderCircuits): Map<string | null, Breaker> {
  const models = Object.entries(circuits.models).map(([name, { breaker }]) => [name, breaker] as const);
  return new Map<string | null, Breaker>([[null, circuits.provider], ...models]);
}

describe("any history of a provider and its models", () => {
  it("[CB20] the version never goes down and rises whenever a snapshot would differ", () => {
    forAllHistories(({ before, after }) => {
      const earlier = toCircuitSnapshot("openai", before, POLICY);
      const later = CircuitSnapshot.parse(toCircuitSnapshot("openai", after, POLICY));
      expect(later.version).toBeGreaterThanOrEqual(earlier.version);
      if (later.version === earlier.version) expect(later).toEqual(earlier);
    });
  });

  it("[CB21] transitions of all circuits share one numbering without gaps, and no status changes without one", () => {
    forAllHistories(({ before, after, effects }) => {
      const transitions = effects.filter((effect) => effect.type === "transition");
      expect(transitions.map((transition) => transition.number)).toEqual(
        transitions.map((_, index) => before.transitions + index + 1),
      );
      expect(after.transitions).toBe(before.transitions + transitions.length);
      const earlier = breakersOf(before);
      for (const [name, breaker] of breakersOf(after)) {
        const own = transitions.filter((transition) => transition.model === name);
        const from = earlier.get(name)?.state.status ?? "CLOSED";
        expect(own.at(0)?.from ?? from).toBe(from);
        expect(own.at(-1)?.to ?? from).toBe(breaker.state.status);
      }
    });
  });

  it("[CB6] [CB46] permits are granted in HALF_OPEN alone, by each circuit for itself, and never too many", () => {
    let granted = 0;
    forAllHistories(({ before, event, after, effects, nowMs }) => {
      if (event.type !== "permit-request") return;
      for (const [name, { state }] of breakersOf(after)) {
        if (state.status !== "HALF_OPEN") continue;
        const live = state.permits.filter((permit) => nowMs < permit.expiresAtMs);
        expect(live.length).toBeLessThanOrEqual(POLICY.halfOpenPermits);
        if (name !== event.model) expect(state).toEqual(breakersOf(before).get(name)?.state);
      }
      if (!effects.some((effect) => effect.type === "permit-grant")) return;
      granted += 1;
      expect(breakersOf(before).get(event.model)?.state.status).toBe("HALF_OPEN");
    });
    expect(granted).toBeGreaterThan(100);
  });

  it("[CB18] after the clock was told, whatever is open or half-open has asked to be woken, and nothing at once in vain", () => {
    forAllHistories(({ event, after, effects, nowMs }) => {
      if (event.type !== "time-pass") return;
      for (const [name, breaker] of breakersOf(after)) {
        const wakes = effects.flatMap((one) => (one.type === "wake" && one.model === name ? [one.atMs] : []));
        if (breaker.state.status === "CLOSED" || !isAutomatic(breaker)) expect(wakes).toEqual([]);
        else if (name === null || after.provider.state.status === "CLOSED") expect(wakes).toHaveLength(1);
        else for (const atMs of wakes) expect(atMs).toBeGreaterThan(nowMs);
      }
    });
  });

  it("[CB23] [CB56] what a person holds is left only by a person", () => {
    forAllHistories(({ before, after, event }) => {
      const later = breakersOf(after);
      for (const [name, breaker] of breakersOf(before)) {
        if (isAutomatic(breaker) || event.type === "control") continue;
        expect(later.get(name)?.mode).toBe(breaker.mode);
        expect(later.get(name)?.state.status).toBe(breaker.mode === "forced-open" ? "OPEN" : "CLOSED");
      }
    });
  });
});
