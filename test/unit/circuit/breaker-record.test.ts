import { describe, expect, it } from "vitest";
import { Breaker } from "../../../src/circuit/breaker.ts";
import { quantile } from "../../../src/circuit/quantile.ts";
import { BreakerDriver, T0 } from "./breaker-driver.ts";

describe("what is seen", () => {
  it("[CB20] a card's figures are the nearest rank of what was measured", () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([30, 10, 20], 0.5)).toBe(20);
    expect(quantile([30, 10, 20], 0.95)).toBe(30);
    expect(quantile([7], 0.01)).toBe(7);
    const given = [3, 1, 2];
    quantile(given, 1);
    expect(given).toEqual([3, 1, 2]);
  });

  it("[CB21] transitions say from, to, why, how many and which requests", () => {
    const driver = new BreakerDriver();
    driver.trip();
    driver.ripen();
    const common = { failureCount: 3, requestIds: ["req_1", "req_2", "req_3"], actor: null };
    expect(driver.transitions).toEqual([
      {
        type: "transition",
        from: "CLOSED",
        to: "OPEN",
        reason: "3 failures in a row, the last: scripted failure",
        ...common,
      },
      {
        type: "transition",
        from: "OPEN",
        to: "HALF_OPEN",
        reason: "The open time is over: a probe decides.",
        ...common,
      },
    ]);
    expect(driver.breaker.changedAtMs).toBe(T0 + 5_000);
  });

  it("[CB21] a reason is true after one failure too, and counts it in words", () => {
    const driver = new BreakerDriver();
    expect(driver.breaker.reason).toBe("It has never opened.");
    driver.set({ failureThreshold: 1 });
    driver.trip();
    expect(driver.transitions[0]?.reason).toBe("1 failure, the last: scripted failure");
  });

  it("[CB21] of many failed requests the newest 10 are kept", () => {
    const driver = new BreakerDriver();
    driver.set({ failureThreshold: 12, minimumCalls: 100 });
    driver.trip();
    const requestIds = driver.transitions[0]?.requestIds ?? [];
    expect(requestIds).toHaveLength(10);
    expect([requestIds[0], requestIds.at(-1)]).toEqual(["req_3", "req_12"]);
  });

  it("[CB24] a stored breaker is parsed: what is not one is refused", () => {
    const driver = new BreakerDriver();
    driver.trip();
    const stored: unknown = JSON.parse(JSON.stringify(driver.breaker));
    expect(Breaker.parse(stored)).toEqual(driver.breaker);
    expect(Breaker.safeParse({ ...driver.breaker, state: { status: "AJAR" } }).success).toBe(false);
    expect(Breaker.safeParse({ ...driver.breaker, trips: -1 }).success).toBe(false);
  });
});

describe("by hand", () => {
  it.each([
    { action: "open", status: "OPEN", mode: "forced-open" },
    { action: "close", status: "CLOSED", mode: "forced-closed" },
    { action: "reset", status: "CLOSED", mode: "auto" },
  ] as const)(
    "[CB23] $action makes it $status and $mode, and says who and why",
    ({ action, status, mode }) => {
      const driver = new BreakerDriver();
      driver.control(action);
      expect(driver.breaker).toMatchObject({ state: { status }, mode });
      expect(driver.transitions).toHaveLength(1);
      expect(driver.transitions[0]).toMatchObject({
        actor: "ada@example.com",
        reason: "ada@example.com: maintenance",
      });
    },
  );

  it("[CB23] setting to automatic is recorded too, and goes on from what it finds", () => {
    const fromOpen = new BreakerDriver();
    fromOpen.control("open");
    fromOpen.control("auto");
    expect(fromOpen.breaker).toMatchObject({ mode: "auto", state: { status: "HALF_OPEN", permits: [] } });
    const fromClosed = new BreakerDriver();
    fromClosed.control("close");
    fromClosed.control("auto");
    expect(fromClosed.breaker).toMatchObject({ mode: "auto", state: { status: "CLOSED" } });
    for (const driver of [fromOpen, fromClosed]) {
      expect(driver.transitions.map((transition) => transition.actor)).toEqual([
        "ada@example.com",
        "ada@example.com",
      ]);
    }
  });

  it("[CB23] reset forgets failures, trips and pauses", () => {
    const driver = new BreakerDriver();
    driver.trip();
    driver.probe("failure");
    driver.callEnd("rate-limited", "req_1", 60_000);
    driver.control("reset");
    expect(driver.breaker).toMatchObject({
      failureCount: 0,
      failedRequestIds: [],
      trips: 0,
      coolDownUntilMs: null,
    });
    driver.trip();
    expect(driver.openForMs).toBe(5_000);
  });

  it.each([
    { action: "open", status: "OPEN" },
    { action: "close", status: "CLOSED" },
  ] as const)(
    "[CB23] after $action neither calls nor probes nor time leave $status",
    ({ action, status }) => {
      const driver = new BreakerDriver();
      driver.control(action);
      for (let round = 0; round < 5; round += 1) {
        for (const verdict of ["failure", "fatal", "success", "rate-limited", "neutral"] as const) {
          driver.callEnd(verdict);
          driver.confirmEnd(verdict);
          driver.requestPermit("permit_1");
          driver.probeEnd(verdict, "permit_1");
          driver.pass(600_000);
          expect(driver.status).toBe(status);
        }
      }
      expect(driver.transitions).toHaveLength(1);
    },
  );

  it("[CB55] a drained circuit goes on by its own rules", () => {
    const driver = new BreakerDriver();
    driver.control("drain");
    expect(driver.breaker).toMatchObject({ mode: "draining", state: { status: "CLOSED" } });
    expect(driver.transitions).toMatchObject([{ from: "CLOSED", to: "CLOSED", actor: "ada@example.com" }]);
    driver.trip();
    expect(driver.openForMs).toBe(5_000);
    driver.probe("success");
    expect(driver.breaker).toMatchObject({ mode: "draining", state: { status: "CLOSED" } });
    driver.control("auto");
    expect(driver.breaker.mode).toBe("auto");
  });
});
