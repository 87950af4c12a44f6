/** Random histories: whatever happens in whatever order, these things stay true. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyBreakerEvent,
  Breaker,
  startBreaker,
  toSnapshot,
  type BreakerEvent,
} from "../../../src/circuit/breaker.ts";
import { DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";

const Verdict = fc.constantFrom("success", "failure", "failure", "fatal", "rate-limited", "neutral");
// Few permits, so that live, void, answered and unknown ones all come up.
const PermitId = fc.constantFrom("permit_1", "permit_1", "permit_2");

const Event: fc.Arbitrary<BreakerEvent> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("call-end" as const),
      verdict: Verdict,
      requestId: fc.constantFrom("req_1", "req_2", "req_3"),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 10_000_000 })),
      message: fc.constant("call"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("confirm-end" as const),
      verdict: Verdict,
      message: fc.constant("probe"),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ type: "time-pass" as const }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("permit-request" as const), permitId: PermitId }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("probe-end" as const),
      permitId: PermitId,
      verdict: Verdict,
      message: fc.constant("probe"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("control" as const),
      action: fc.constantFrom("reset", "open", "close", "auto", "auto", "reset"),
      actor: fc.constant("ada@example.com"),
      reason: fc.constant("because"),
    }),
  },
);
const History = fc.array(
  fc.record({
    event: Event,
    pauseMs: fc.oneof(
      fc.constant(0),
      fc.constant(0),
      fc.integer({ min: 0, max: 30_000 }),
      fc.constant(400_000),
    ),
  }),
  // Without a size the histories stay too short to come round to a second trip.
  { minLength: 30, maxLength: 60, size: "max" },
);

interface Seen {
  readonly before: Breaker;
  readonly event: BreakerEvent;
  readonly nowMs: number;
  readonly after: Breaker;
  readonly effects: ReturnType<typeof applyBreakerEvent>["effects"];
}

type Step = { readonly event: BreakerEvent; readonly pauseMs: number };

/** Each step starts from the stored form of the one before, as after an eviction. */
function play(history: readonly Step[], seed: number, check: (seen: Seen) => void): void {
  const random = createSeededRandom(seed);
  let nowMs = 1_000_000;
  let before = startBreaker(nowMs);
  for (const { event, pauseMs } of history) {
    nowMs += pauseMs;
    const step = applyBreakerEvent(before, event, { nowMs, random, policy: DEFAULT_CIRCUIT_POLICY });
    const after = Breaker.parse(JSON.parse(JSON.stringify(step.breaker)));
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

describe("any history", () => {
  it("[CB1] the histories below are not idle: every state, a void permit and a late probe come up often", () => {
    const counts = { OPEN: 0, HALF_OPEN: 0, CLOSED: 0, granted: 0, voided: 0, closedByProbe: 0 };
    forAllHistories(({ before, event, after, effects, nowMs }) => {
      counts[after.state.status] += 1;
      if (effects.some((effect) => effect.type === "permit-grant")) counts.granted += 1;
      if (event.type !== "probe-end" || before.state.status !== "HALF_OPEN") return;
      if (before.state.permit?.id === event.permitId && nowMs >= before.state.permit.expiresAtMs)
        counts.voided += 1;
      if (after.state.status === "CLOSED") counts.closedByProbe += 1;
    });
    expect(Object.entries(counts).filter(([, count]) => count <= 20)).toEqual([]);
  });

  it("[CB20] the version never goes down and rises whenever a snapshot would differ", () => {
    forAllHistories(({ before, after }) => {
      const earlier = toSnapshot("openai", before, DEFAULT_CIRCUIT_POLICY);
      const later = CircuitSnapshot.parse(toSnapshot("openai", after, DEFAULT_CIRCUIT_POLICY));
      expect(later.version).toBeGreaterThanOrEqual(earlier.version);
      if (later.version === earlier.version) expect(later).toEqual(earlier);
    });
  });

  it("[CB21] transitions are gapless, name the states they join, and no status changes without one", () => {
    forAllHistories(({ before, after, effects, nowMs }) => {
      const transitions = effects.filter((effect) => effect.type === "transition");
      expect(after.transitions).toBe(before.transitions + transitions.length);
      expect(transitions.length).toBeLessThanOrEqual(1);
      const [transition] = transitions;
      if (transition === undefined) {
        expect(after.state.status).toBe(before.state.status);
        expect(after.changedAtMs).toBe(before.changedAtMs);
        return;
      }
      expect(transition.number).toBe(before.transitions + 1);
      expect(transition.from).toBe(before.state.status);
      expect(transition.to).toBe(after.state.status);
      expect(transition.requestIds.length).toBeLessThanOrEqual(10);
      expect(after.changedAtMs).toBe(nowMs);
    });
  });

  it("[CB5] an open circuit is left only when its time is over, or by a person", () => {
    forAllHistories(({ before, after, event, nowMs }) => {
      if (before.state.status !== "OPEN" || after.state.status === "OPEN") return;
      if (event.type === "control") return;
      expect(event.type).toBe("time-pass");
      expect(nowMs).toBeGreaterThanOrEqual(before.state.openUntilMs);
      expect(after.state.status).toBe("HALF_OPEN");
    });
  });

  it("[CB6] a permit is granted only in HALF_OPEN, and never beside a live one", () => {
    forAllHistories(({ before, event, effects, nowMs }) => {
      const granted = effects.some((effect) => effect.type === "permit-grant");
      if (event.type === "permit-request") {
        expect(granted).toBe(!effects.some((effect) => effect.type === "permit-deny"));
      }
      if (!granted) return;
      expect(before.state.status).toBe("HALF_OPEN");
      const permit = before.state.status === "HALF_OPEN" ? before.state.permit : null;
      if (permit !== null) expect(nowMs).toBeGreaterThanOrEqual(permit.expiresAtMs);
    });
  });

  it("[CB8] HALF_OPEN is left only by the holder of a live permit, or by a person", () => {
    forAllHistories(({ before, after, event, nowMs }) => {
      if (before.state.status !== "HALF_OPEN" || after.state.status === "HALF_OPEN") return;
      if (event.type === "control") return;
      expect(event.type).toBe("probe-end");
      if (event.type === "probe-end") expect(before.state.permit?.id).toBe(event.permitId);
      expect(nowMs).toBeLessThan(before.state.permit?.expiresAtMs ?? 0);
    });
  });

  it("[CB18] every open or half-open circuit has asked to be woken, also when the last wake-up was used up", () => {
    let dueAtMs: number | null = null;
    forAllHistories(({ before, after, event, effects, nowMs }) => {
      if (before.version === 0) dueAtMs = null;
      if (event.type === "time-pass" && dueAtMs !== null && nowMs >= dueAtMs) dueAtMs = null;
      for (const effect of effects) if (effect.type === "wake") dueAtMs = effect.atMs;
      if (after.mode !== "auto" || after.state.status === "CLOSED") return;
      expect(dueAtMs).not.toBeNull();
      if (after.state.status === "OPEN") expect(dueAtMs).toBe(after.state.openUntilMs);
      else if (after.state.permit !== null)
        expect(dueAtMs).toBeLessThanOrEqual(Math.max(nowMs, after.state.permit.expiresAtMs));
    });
  });

  it("[CB23] a forced state is left only by a person", () => {
    forAllHistories(({ before, after, event }) => {
      if (before.mode === "auto" || event.type === "control") return;
      expect(after.mode).toBe(before.mode);
      expect(after.state.status).toBe(before.mode === "forced-open" ? "OPEN" : "CLOSED");
    });
  });
});
