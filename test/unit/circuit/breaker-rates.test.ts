/** Rates over a window of time, slow calls, and several probes at a time. */
import { describe, expect, it } from "vitest";
import { isSlow, NO_SAMPLES, noteGoodCall, toUsual, type UsualSamples } from "../../../src/circuit/usual.ts";
import { countCall, readTotals, type CallBucket } from "../../../src/circuit/window.ts";
import { BreakerDriver, T0 } from "./breaker-driver.ts";

const WINDOW = { windowMs: 60_000, bucketMs: 5_000 };
const GOOD = { failed: false, slow: false };

describe("the window", () => {
  it("[CB40] counts calls, failures and slow ones by buckets", () => {
    let buckets: CallBucket[] = [];
    for (const [atMs, call] of [
      [1_000, GOOD],
      [4_999, { failed: true, slow: false }],
      [5_000, { failed: false, slow: true }],
    ] as const) {
      buckets = countCall(buckets, call, atMs, WINDOW);
    }
    expect(buckets).toEqual([
      { startMs: 0, calls: 2, failures: 1, slow: 0 },
      { startMs: 5_000, calls: 1, failures: 0, slow: 1 },
    ]);
    expect(readTotals(buckets, 5_000, WINDOW)).toEqual({ calls: 3, failures: 1, slow: 1 });
  });

  it("[CB40] forgets whole buckets, when the last of their time is out of it", () => {
    const buckets = countCall([], GOOD, 4_000, WINDOW);
    expect(readTotals(buckets, 64_999, WINDOW).calls).toBe(1);
    expect(readTotals(buckets, 65_000, WINDOW).calls).toBe(0);
    expect(countCall(buckets, GOOD, 65_000, WINDOW)).toHaveLength(1);
  });

  it("[CB40] loses nothing when the clock jumps back, and holds no more buckets than fit into it", () => {
    let buckets = countCall([], GOOD, 50_000, WINDOW);
    buckets = countCall(buckets, GOOD, 3_000, WINDOW);
    expect(buckets).toEqual([{ startMs: 50_000, calls: 2, failures: 0, slow: 0 }]);
    for (let atMs = 0; atMs < 600_000; atMs += 700) buckets = countCall(buckets, GOOD, atMs, WINDOW);
    expect(buckets.length).toBeLessThanOrEqual(13);
  });
});

describe("the failure rate", () => {
  it.each([
    { calls: "x.x.x.x.x", status: "CLOSED", why: "nine calls are too few" },
    { calls: "x.x.x.x.x.", status: "CLOSED", why: "the tenth was good: only a failure opens" },
    { calls: "x.x.x.x.x.x", status: "OPEN", why: "half of ten and more, good ones in between" },
    { calls: "x..x..x..x..x..x", status: "CLOSED", why: "less than half" },
  ])("[CB41] $calls leaves it $status: $why", ({ calls, status }) => {
    const driver = new BreakerDriver();
    driver.play(calls);
    expect(driver.status).toBe(status);
  });

  it("[CB41] says so, with the figures, and share and minimum are the policy's", () => {
    const driver = new BreakerDriver();
    driver.set({ minimumCalls: 4, failureRate: 0.25 });
    driver.play("...x");
    expect(driver.transitions[0]?.reason).toBe("1 of the last 4 calls failed, the last: scripted failure");
    expect(driver.openForMs).toBe(5_000);
  });

  it("[CB41] what has left the window does not count", () => {
    const driver = new BreakerDriver();
    driver.play("x.x.x.x.");
    driver.nowMs += 120_000;
    driver.play(".x.x.x");
    expect(driver.status).toBe("CLOSED");
  });

  it.each(["trip", "reset"] as const)("[CB44] a %s empties the window", (how) => {
    const driver = new BreakerDriver();
    driver.play("x.x.x.x.");
    if (how === "trip") {
      driver.trip();
      driver.probe("success");
      driver.callEnd("success");
    } else driver.control("reset");
    driver.play("x.x");
    expect(driver.status).toBe("CLOSED");
    expect(driver.breaker.buckets.reduce((sum, bucket) => sum + bucket.calls, 0)).toBeLessThan(10);
  });
});

describe("slow calls", () => {
  it.each([
    { calls: "sssssssss", status: "CLOSED" },
    { calls: "sssssssss.", status: "OPEN" },
    { calls: "ssssssss..", status: "OPEN" },
    { calls: "sssssss...", status: "CLOSED" },
  ])("[CB42] of ten calls $calls leave it $status", ({ calls, status }) => {
    const driver = new BreakerDriver();
    driver.play(calls);
    expect(driver.status).toBe(status);
  });

  it("[CB42] the reason says that they were slow, and nobody failed", () => {
    const driver = new BreakerDriver();
    driver.play("ssssssssss");
    expect(driver.transitions[0]).toMatchObject({
      to: "OPEN",
      reason: "10 of the last 10 calls were far slower than usual",
      failureCount: 0,
    });
  });

  it("[CB23] [CB42] one that a person holds closed is not opened by rates", () => {
    const driver = new BreakerDriver();
    driver.control("close");
    driver.play("ssssssssssxxxxxxxxxxxxxxxxxxxxxx");
    expect(driver.status).toBe("CLOSED");
  });
});

describe("what is usual", () => {
  const policy = { slowFactor: 4, slowFloorMs: 2_000, windowMs: 64_000 };
  /** Far enough apart for each to be taken. */
  const at = (index: number) => ({ nowMs: index * 2_000, policy });
  const samplesOf = (count: number, firstTokenMs: number): UsualSamples => {
    let samples = NO_SAMPLES;
    for (let index = 0; index < count; index += 1) {
      samples = noteGoodCall(
        samples,
        { firstTokenMs, tokensPerSecond: index % 2 === 0 ? 50 : null },
        at(index),
      );
    }
    return samples;
  };

  it("[CB43] is learnt from twenty good calls on; before that nothing is slow", () => {
    expect(isSlow(samplesOf(19, 600), 60_000, policy)).toBe(false);
    expect(isSlow(samplesOf(20, 600), 60_000, policy)).toBe(true);
  });

  it.each([
    { usualMs: 600, firstTokenMs: 2_400, slow: false },
    { usualMs: 600, firstTokenMs: 2_401, slow: true },
    { usualMs: 100, firstTokenMs: 2_000, slow: false },
    { usualMs: 100, firstTokenMs: 2_001, slow: true },
  ])("[CB42] with $usualMs ms usual, $firstTokenMs ms is slow: $slow", ({ usualMs, firstTokenMs, slow }) => {
    expect(isSlow(samplesOf(30, usualMs), firstTokenMs, policy)).toBe(slow);
  });

  it("[CB43] [CB65] busy traffic does not make slow usual: a full memory takes half of itself in a window", () => {
    let samples = samplesOf(64, 500);
    const since = at(64).nowMs;
    for (let ms = 0; ms < policy.windowMs; ms += 10) {
      const moment = { nowMs: since + ms, policy };
      samples = noteGoodCall(samples, { firstTokenMs: 6_000, tokensPerSecond: null }, moment);
      expect(isSlow(samples, 6_000, policy)).toBe(true);
    }
    expect(samples.firstTokenMs.filter((ms) => ms === 6_000)).toHaveLength(32);
    expect(noteGoodCall(samples, { firstTokenMs: 1, tokensPerSecond: null }, { nowMs: 0, policy })).not.toBe(
      samples,
    );
  });

  it("[CB43] is made of the last 64 alone", () => {
    let samples = samplesOf(64, 5_000);
    for (let index = 0; index < 64; index += 1) {
      samples = noteGoodCall(samples, { firstTokenMs: index + 1, tokensPerSecond: null }, at(64 + index));
    }
    expect(toUsual(samples)).toEqual({
      samples: 64,
      firstTokenP50Ms: 32,
      firstTokenP95Ms: 61,
      tokensPerSecond: 50,
    });
    expect(samples.firstTokenMs).toHaveLength(64);
  });
});

describe("several probes", () => {
  function halfOpen(halfOpenPermits: number, halfOpenSuccesses: number): BreakerDriver {
    const driver = new BreakerDriver();
    driver.set({ halfOpenPermits, halfOpenSuccesses });
    driver.trip();
    driver.ripen();
    return driver;
  }

  it("[CB45] as many permits are out as the policy says, and not one more", () => {
    const driver = halfOpen(3, 1);
    const granted = ["p1", "p2", "p3", "p4"].map((id) => driver.requestPermit(id));
    expect(granted).toEqual([true, true, true, false]);
    expect(driver.pass(0)).toEqual([{ type: "wake", atMs: driver.nowMs + driver.policy.permitTtlMs }]);
  });

  it("[CB45] the same permit is not given twice", () => {
    const driver = halfOpen(3, 1);
    expect(driver.requestPermit("p1")).toBe(true);
    expect(driver.requestPermit("p1")).toBe(false);
  });

  it("[CB45] as many good probes close it as the policy says; one bad one opens it", () => {
    const good = halfOpen(1, 2);
    good.requestPermit("p1");
    expect(good.probeEnd("success", "p1")).toEqual([{ type: "wake", atMs: good.nowMs }]);
    expect(good.status).toBe("HALF_OPEN");
    good.requestPermit("p2");
    good.probeEnd("success", "p2");
    expect(good.status).toBe("CLOSED");
    const bad = halfOpen(2, 2);
    bad.requestPermit("p1");
    bad.requestPermit("p2");
    bad.probeEnd("success", "p1");
    bad.probeEnd("failure", "p2");
    expect(bad.openForMs).toBe(10_000);
  });

  it("[CB45] good probes of an earlier time are not counted", () => {
    const driver = halfOpen(1, 2);
    driver.requestPermit("p1");
    driver.probeEnd("success", "p1");
    driver.requestPermit("p2");
    driver.probeEnd("failure", "p2");
    driver.probe("success", "p3");
    expect(driver.status).toBe("HALF_OPEN");
    expect(driver.nowMs).toBeGreaterThan(T0);
  });
});
