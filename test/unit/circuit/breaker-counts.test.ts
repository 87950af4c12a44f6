import { describe, expect, it } from "vitest";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import { VERDICT_OF_FAILURE } from "../../../src/routing/health-verdict.ts";
import { BreakerDriver, T0 } from "./breaker-driver.ts";

const COUNTED: readonly ProviderFailureKind[] = [
  "server-error",
  "overloaded",
  "unreachable",
  "timeout",
  "stream-reset",
  "stream-cut",
  "stream-error",
  "malformed",
];
const FATAL: readonly ProviderFailureKind[] = ["unauthorized", "payment-required", "model-not-found"];
const UNCOUNTED: readonly ProviderFailureKind[] = [
  "bad-request",
  "context-too-long",
  "content-refused",
  "unjoinable",
  "too-long",
  "files-away",
  "cancelled",
];

const cooling = (driver: BreakerDriver): number | null => driver.breaker.coolDownUntilMs;

describe("what counts", () => {
  it.each(COUNTED)("[CB10] three times %s opens a circuit", (kind) => {
    const driver = new BreakerDriver();
    for (let count = 0; count < 3; count += 1) driver.callEnd(VERDICT_OF_FAILURE[kind]);
    expect(driver.status).toBe("OPEN");
    expect(driver.transitions[0]?.failureCount).toBe(3);
  });

  it.each(FATAL)("[CB11] %s opens a circuit at once", (kind) => {
    const driver = new BreakerDriver();
    driver.callEnd(VERDICT_OF_FAILURE[kind], "req_7");
    expect(driver.status).toBe("OPEN");
    expect(driver.openForMs).toBe(30_000);
    expect(driver.transitions[0]?.requestIds).toEqual(["req_7"]);
  });

  it("[CB11] a probe that finds a wrong key opens too, closed or half-open", () => {
    const closed = new BreakerDriver();
    closed.callEnd("failure");
    closed.confirmEnd("fatal");
    expect(closed.openForMs).toBe(30_000);
    const halfOpen = new BreakerDriver();
    halfOpen.trip();
    halfOpen.probe("fatal");
    expect(halfOpen.openForMs).toBe(30_000);
  });

  it.each(UNCOUNTED)("[CB13] %s never counts", (kind) => {
    const driver = new BreakerDriver();
    driver.callEnd("failure");
    const before = driver.breaker;
    for (let count = 0; count < 5; count += 1) driver.callEnd(VERDICT_OF_FAILURE[kind]);
    expect(driver.breaker).toBe(before);
  });

  it("[CB13] every kind of failure is in exactly one of the groups of these rules", () => {
    const kinds = [...COUNTED, ...FATAL, ...UNCOUNTED, "rate-limited"].toSorted();
    expect(kinds).toEqual(Object.keys(VERDICT_OF_FAILURE).toSorted());
  });

  it.each(["success", "failure", "fatal", "neutral"] as const)(
    "[CB14] a call (%s) that began before the trip changes nothing after it, open or half-open",
    (verdict) => {
      const driver = new BreakerDriver();
      driver.trip();
      const open = driver.breaker;
      driver.callEnd(verdict, "req_late");
      expect(driver.breaker).toBe(open);
      driver.ripen();
      const halfOpen = driver.breaker;
      driver.callEnd(verdict, "req_late");
      expect(driver.breaker).toBe(halfOpen);
    },
  );

  it("[CB14] a late confirming probe does not touch an open circuit", () => {
    const driver = new BreakerDriver();
    driver.trip();
    const open = driver.breaker;
    for (const verdict of ["success", "failure", "fatal", "rate-limited", "neutral"] as const) {
      driver.confirmEnd(verdict);
    }
    expect(driver.breaker).toBe(open);
  });
});

describe("rate limits", () => {
  it.each([
    { asked: null, pauseMs: 10_000 },
    { asked: 2_500, pauseMs: 2_500 },
    { asked: 86_400_000, pauseMs: 3_600_000 },
  ])("[CB12] 429 that asks for $asked ms pauses for $pauseMs ms and opens nothing", ({ asked, pauseMs }) => {
    const driver = new BreakerDriver();
    for (let count = 0; count < 5; count += 1) driver.callEnd("rate-limited", "req_1", asked);
    expect(driver.breaker.state).toEqual({ status: "CLOSED", suspect: false });
    expect(driver.breaker.failureCount).toBe(0);
    expect(cooling(driver)).toBe(T0 + pauseMs);
    expect(driver.transitions).toEqual([]);
  });

  it("[CB12] a shorter wait does not cut a longer one short", () => {
    const driver = new BreakerDriver();
    driver.callEnd("rate-limited", "req_1", 60_000);
    driver.callEnd("rate-limited", "req_2", 1_000);
    expect(cooling(driver)).toBe(T0 + 60_000);
  });

  it("[CB12] a good call that ends during the pause does not end the pause", () => {
    const driver = new BreakerDriver();
    driver.callEnd("failure");
    driver.callEnd("rate-limited", "req_1", 60_000);
    driver.nowMs += 1_000;
    driver.callEnd("success");
    expect(cooling(driver)).toBe(T0 + 60_000);
    expect(driver.breaker.failureCount).toBe(0);
    driver.nowMs = T0 + 60_000;
    driver.callEnd("success");
    expect(cooling(driver)).toBeNull();
  });

  it("[CB12] the count of failures is neither raised nor forgotten by a 429", () => {
    const driver = new BreakerDriver();
    driver.callEnd("failure");
    driver.callEnd("failure");
    driver.callEnd("rate-limited");
    expect(driver.breaker.failureCount).toBe(2);
    driver.callEnd("failure");
    expect(driver.status).toBe("OPEN");
  });

  it("[CB12] a 429 that a probe meets is heeded as long as it asks for", () => {
    const confirming = new BreakerDriver();
    confirming.callEnd("failure");
    confirming.confirmEnd("rate-limited", 45_000);
    expect(confirming.status).toBe("CLOSED");
    expect(cooling(confirming)).toBe(T0 + 45_000);
    const permitted = new BreakerDriver();
    permitted.trip();
    permitted.ripen();
    permitted.requestPermit("permit_1");
    permitted.probeEnd("rate-limited", "permit_1", 45_000);
    expect(permitted.status).toBe("CLOSED");
    expect(cooling(permitted)).toBe(permitted.nowMs + 45_000);
  });
});

describe("confirming probes", () => {
  it("[CB15] a failure while closed raises a suspicion and asks for a probe at once", () => {
    const driver = new BreakerDriver();
    expect(driver.callEnd("failure")).toEqual([{ type: "confirm" }]);
    expect(driver.breaker.state).toEqual({ status: "CLOSED", suspect: true });
  });

  it("[CB15] each failed probe counts: one user's failure and two probes open the circuit", () => {
    const driver = new BreakerDriver();
    driver.callEnd("failure", "req_1");
    expect(driver.confirmEnd("failure")).toEqual([{ type: "confirm" }]);
    driver.confirmEnd("failure");
    expect(driver.status).toBe("OPEN");
    expect(driver.transitions[0]).toMatchObject({ failureCount: 3, requestIds: ["req_1"] });
  });

  it("[CB15] a good probe clears the suspicion, not the count", () => {
    const driver = new BreakerDriver();
    driver.callEnd("failure");
    driver.callEnd("failure");
    driver.confirmEnd("success");
    expect(driver.breaker.state).toEqual({ status: "CLOSED", suspect: false });
    expect(driver.breaker.failureCount).toBe(2);
    driver.callEnd("failure");
    expect(driver.status).toBe("OPEN");
  });

  it("[CB17] a probe that could not be made changes nothing, and the next one waits for the base time", () => {
    const suspect = new BreakerDriver();
    suspect.callEnd("failure");
    const before = suspect.breaker;
    suspect.confirmEnd("neutral");
    expect(suspect.breaker).toBe(before);
    const halfOpen = new BreakerDriver();
    halfOpen.trip();
    halfOpen.ripen();
    halfOpen.requestPermit("permit_1");
    halfOpen.probeEnd("neutral", "permit_1");
    expect(halfOpen.status).toBe("HALF_OPEN");
    expect(halfOpen.effects.at(-1)).toEqual({ type: "wake", atMs: halfOpen.nowMs + 5_000 });
    // The clock asks for no earlier one: else the chain of alarms would spin.
    expect(halfOpen.pass(4_999)).toEqual([{ type: "wake", atMs: halfOpen.nowMs + 1 }]);
    expect(halfOpen.requestPermit("permit_2")).toBe(false);
    halfOpen.pass(1);
    expect(halfOpen.requestPermit("permit_2")).toBe(true);
  });
});
