import { describe, expect, it } from "vitest";
import { toCircuitSnapshot } from "../../../src/circuit/circuits-snapshot.ts";
import { DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import { startCircuits } from "../../../src/circuit/provider-circuits.ts";
import { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { PROBE_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { BreakerDriver, T0 } from "./breaker-driver.ts";

describe("states", () => {
  it("[CB1] a provider nobody asked for before is CLOSED", () => {
    const snapshot = toCircuitSnapshot("openai", startCircuits(T0), DEFAULT_CIRCUIT_POLICY);
    expect(CircuitSnapshot.parse(snapshot)).toEqual({
      provider: "openai",
      version: 0,
      status: "CLOSED",
      mode: "auto",
      suspect: false,
      openUntilMs: null,
      coolDownUntilMs: null,
      reason: expect.stringMatching(/\.$/),
      failureCount: 0,
      failureThreshold: 3,
      changedAtMs: T0,
      models: [],
    });
  });

  it("[CB1] a circuit passes through CLOSED, OPEN and HALF_OPEN and back, and shows each", () => {
    const driver = new BreakerDriver();
    driver.trip();
    expect(driver.status).toBe("OPEN");
    driver.ripen();
    expect(driver.status).toBe("HALF_OPEN");
    driver.requestPermit("permit_1");
    driver.probeEnd("success", "permit_1");
    expect(driver.status).toBe("CLOSED");
    expect(driver.transitions.map(({ from, to }) => `${from}-${to}`)).toEqual([
      "CLOSED-OPEN",
      "OPEN-HALF_OPEN",
      "HALF_OPEN-CLOSED",
    ]);
  });

  it.each([
    { verdicts: ["failure", "failure"], status: "CLOSED" },
    { verdicts: ["failure", "failure", "failure"], status: "OPEN" },
    { verdicts: ["failure", "failure", "success", "failure", "failure"], status: "CLOSED" },
    { verdicts: ["failure", "failure", "success", "failure", "failure", "failure"], status: "OPEN" },
    { verdicts: ["failure", "neutral", "failure", "rate-limited", "failure"], status: "OPEN" },
  ] as const)("[CB2] $verdicts leaves the circuit $status", ({ verdicts, status }) => {
    const driver = new BreakerDriver();
    for (const verdict of verdicts) driver.callEnd(verdict);
    expect(driver.status).toBe(status);
  });

  it("[CB2] the threshold is the policy's", () => {
    const driver = new BreakerDriver();
    driver.set({ failureThreshold: 1 });
    driver.callEnd("failure");
    expect(driver.status).toBe("OPEN");
  });

  it("[CB3] trips last 5 s, then twice as long each, at most 5 min", () => {
    const driver = new BreakerDriver();
    driver.trip();
    const lengths = [driver.openForMs];
    for (let round = 1; round <= 8; round += 1) {
      driver.probe("failure", `permit_${round}`);
      lengths.push(driver.openForMs);
    }
    expect(lengths).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it("[CB3] after a good call of a user the next trip is a first one again; a good probe alone is not enough", () => {
    const driver = new BreakerDriver();
    driver.trip();
    driver.probe("success");
    driver.callEnd("failure");
    expect(driver.openForMs).toBe(10_000);
    driver.probe("success");
    driver.callEnd("success");
    driver.trip();
    expect(driver.openForMs).toBe(5_000);
  });

  it.each([
    { chance: 0, openForMs: 5_000 },
    { chance: 0.5, openForMs: 5_500 },
    { chance: 1, openForMs: 6_000 },
  ])("[CB4] with $chance drawn, a first trip lasts $openForMs ms", ({ chance, openForMs }) => {
    const driver = new BreakerDriver();
    driver.chance = chance;
    driver.trip();
    expect(driver.openForMs).toBe(openForMs);
  });

  it("[CB4] the open time after a fatal failure has jitter too", () => {
    const driver = new BreakerDriver();
    driver.chance = 0.5;
    driver.callEnd("fatal");
    expect(driver.openForMs).toBe(33_000);
  });

  it("[CB5] an open circuit becomes HALF_OPEN at its time and not a millisecond before", () => {
    const driver = new BreakerDriver();
    driver.trip();
    const openForMs = driver.openForMs;
    const early = driver.pass(openForMs - 1);
    expect(driver.status).toBe("OPEN");
    expect(early).toEqual([{ type: "wake", atMs: T0 + openForMs }]);
    driver.pass(1);
    expect(driver.status).toBe("HALF_OPEN");
  });

  it("[CB5] an open time that no policy gives, since the clock went back, counts as over", () => {
    const driver = new BreakerDriver();
    driver.trip();
    driver.nowMs -= 3_600_000;
    driver.pass(0);
    expect(driver.status).toBe("HALF_OPEN");
    const skewed = new BreakerDriver();
    skewed.trip();
    skewed.nowMs -= 50;
    skewed.pass(0);
    expect(skewed.status).toBe("OPEN");
  });

  it("[CB5] nothing but time and a person ends an open time", () => {
    const driver = new BreakerDriver();
    driver.trip();
    for (const verdict of ["success", "failure", "fatal", "rate-limited", "neutral"] as const) {
      driver.callEnd(verdict);
      driver.confirmEnd(verdict);
      driver.probeEnd(verdict, "permit_1");
      expect(driver.requestPermit("permit_1")).toBe(false);
      expect(driver.status).toBe("OPEN");
    }
    driver.control("reset");
    expect(driver.status).toBe("CLOSED");
  });
});

describe("permits", () => {
  function halfOpen(): BreakerDriver {
    const driver = new BreakerDriver();
    driver.trip();
    driver.ripen();
    return driver;
  }

  it("[CB6] one permit is out at a time", () => {
    const driver = halfOpen();
    expect(driver.requestPermit("permit_1")).toBe(true);
    expect(driver.requestPermit("permit_2")).toBe(false);
    expect(driver.effects.at(-1)).toEqual({ type: "permit-deny" });
  });

  it("[CB6] a person who presses 'auto' during a probe does not let a second one out", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    driver.control("auto");
    expect(driver.requestPermit("permit_2")).toBe(false);
    driver.probeEnd("success", "permit_1");
    expect(driver.status).toBe("CLOSED");
  });

  it("[CB6] nobody gets a permit of a closed circuit", () => {
    const driver = new BreakerDriver();
    expect(driver.requestPermit("permit_1")).toBe(false);
  });

  it("[CB7] an unanswered permit is void after its time, and the next request gets one", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    driver.nowMs += driver.policy.permitTtlMs - 1;
    expect(driver.requestPermit("permit_2")).toBe(false);
    driver.nowMs += 1;
    expect(driver.requestPermit("permit_2")).toBe(true);
  });

  it("[CB7] the clock alone takes a void permit back and asks to be woken for the next", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    expect(driver.pass(driver.policy.permitTtlMs)).toEqual([{ type: "wake", atMs: driver.nowMs }]);
    expect(driver.breaker.state).toEqual({ status: "HALF_OPEN", permits: [], successes: 0 });
  });

  it("[CB7] a clock that went back an hour does not hold a permit out for an hour", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    driver.nowMs -= 50;
    expect(driver.requestPermit("permit_2")).toBe(false);
    driver.nowMs -= 3_600_000;
    expect(driver.requestPermit("permit_2")).toBe(true);
  });

  it("[CB7] a permit outlives the longest probe, so that a live probe never loses it", () => {
    // The free check, a word from the model in question, and one from another model.
    const longestProbeMs = PROBE_DEADLINES.headersMs + 2 * PROBE_DEADLINES.totalMs;
    expect(DEFAULT_CIRCUIT_POLICY.permitTtlMs).toBeGreaterThan(longestProbeMs);
  });

  it("[CB8] success closes, failure opens for longer", () => {
    const good = halfOpen();
    good.requestPermit("permit_1");
    good.probeEnd("success", "permit_1");
    expect(good.status).toBe("CLOSED");
    const bad = halfOpen();
    bad.requestPermit("permit_1");
    bad.probeEnd("failure", "permit_1");
    expect(bad.status).toBe("OPEN");
    expect(bad.openForMs).toBe(10_000);
  });

  it.each(["success", "failure", "fatal", "rate-limited", "neutral"] as const)(
    "[CB8] the end of a probe (%s) without a live permit changes nothing",
    (verdict) => {
      const driver = halfOpen();
      const before = driver.breaker;
      driver.probeEnd(verdict, "permit_1");
      expect(driver.breaker).toBe(before);
      driver.requestPermit("permit_1");
      const granted = driver.breaker;
      driver.probeEnd(verdict, "permit_unknown");
      expect(driver.breaker).toBe(granted);
      driver.nowMs += driver.policy.permitTtlMs;
      driver.probeEnd(verdict, "permit_1");
      expect(driver.breaker).toBe(granted);
    },
  );

  it("[CB8] a permit counts once", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    driver.probeEnd("neutral", "permit_1");
    const before = driver.breaker;
    driver.probeEnd("success", "permit_1");
    expect(driver.breaker).toBe(before);
  });

  it.each(["success", "rate-limited"] as const)(
    "[CB9] after a probe (%s) closed it, one more failure of a user's call opens it",
    (verdict) => {
      const driver = halfOpen();
      driver.requestPermit("permit_1");
      driver.probeEnd(verdict, "permit_1");
      expect(driver.status).toBe("CLOSED");
      driver.callEnd("failure", "req_9");
      expect(driver.status).toBe("OPEN");
      expect(driver.transitions.at(-1)?.requestIds).toEqual(["req_9"]);
    },
  );

  it("[CB9] a good call of a user ends the trial", () => {
    const driver = halfOpen();
    driver.requestPermit("permit_1");
    driver.probeEnd("success", "permit_1");
    driver.callEnd("success");
    driver.callEnd("failure");
    expect(driver.status).toBe("CLOSED");
  });
});
