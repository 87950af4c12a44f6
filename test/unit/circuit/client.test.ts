import { describe, expect, it } from "vitest";
import { CircuitClient } from "../../../src/circuit/client.ts";
import { snapshotOf } from "../../fakes/fake-authority.ts";
import { createClientWorld, outcomeOf } from "./client-world.ts";

/** A client that knows a quiet, closed circuit, learned just now. */
async function createWarmWorld() {
  const world = createClientWorld();
  world.authority.set(snapshotOf("openai"));
  await world.client.warm(["openai"]);
  world.authority.calls.length = 0;
  return world;
}

describe("reading", () => {
  it("[CB30] a circuit that is known is read without a call to anybody", async () => {
    const { client, authority, background } = await createWarmWorld();
    background.length = 0;
    for (let request = 0; request < 100; request += 1) {
      expect(client.read("openai")).toEqual(snapshotOf("openai"));
    }
    expect(authority.calls).toEqual([]);
    expect(background).toEqual([]);
  });

  it("[CB30] a healthy request, from warming to its report, makes no call before it is sent and none at once after", async () => {
    const { client, authority, clock } = await createWarmWorld();
    await client.warm(["openai"]);
    client.read("openai");
    client.report("openai", outcomeOf("success"));
    await clock.settle();
    expect(authority.calls).toEqual([]);
  });

  it("[CB30] a circuit that nothing is known of reads as null at once and is looked up behind", async () => {
    const { client, authority, clock } = createClientWorld();
    authority.set(snapshotOf("openai", { version: 7 }));
    expect(client.read("openai")).toBeNull();
    await clock.settle();
    expect(client.read("openai")?.version).toBe(7);
    expect(authority.reads).toHaveLength(1);
  });

  it("[CB31] a quiet snapshot is refreshed after three quarters of a second, in the background", async () => {
    const { client, authority, clock } = await createWarmWorld();
    authority.set(snapshotOf("openai", { version: 2 }));
    await clock.advance(750);
    expect(client.read("openai")?.version).toBe(1);
    expect(authority.reads).toHaveLength(0);
    await clock.advance(1);
    expect(client.read("openai")?.version).toBe(1);
    await clock.settle();
    expect(client.read("openai")?.version).toBe(2);
    expect(authority.reads).toHaveLength(1);
  });

  it.each([
    { name: "open", changes: { status: "OPEN", openUntilMs: Number.MAX_SAFE_INTEGER } },
    { name: "half-open", changes: { status: "HALF_OPEN" } },
    { name: "suspect", changes: { suspect: true } },
    { name: "just changed", changes: { changedAtMs: Number.MAX_SAFE_INTEGER } },
  ] as const)("[CB31] an $name circuit is refreshed after half a second", async ({ changes }) => {
    const { client, authority, clock } = createClientWorld();
    authority.set(snapshotOf("openai", changes));
    await client.warm(["openai"]);
    await clock.advance(500);
    client.read("openai");
    expect(authority.reads).toHaveLength(1);
    await clock.advance(1);
    client.read("openai");
    expect(authority.reads).toHaveLength(2);
  });

  it("[CB31] many requests share one refresh; one that got lost is forgotten after 5 s", async () => {
    const { client, authority, clock } = await createWarmWorld();
    await clock.advance(4_000);
    authority.delayMs = null;
    for (let request = 0; request < 50; request += 1) client.read("openai");
    expect(authority.reads).toHaveLength(1);
    await clock.advance(4_999);
    client.read("openai");
    expect(authority.reads).toHaveLength(1);
    await clock.advance(1);
    client.read("openai");
    expect(authority.reads).toHaveLength(2);
  });

  it("[CB32] a snapshot with a lower version, arriving late, is dropped", async () => {
    const { client, authority, clock } = await createWarmWorld();
    await clock.advance(4_000);
    authority.delayMs = 1_000;
    client.read("openai");
    authority.set(snapshotOf("openai", { version: 5, status: "HALF_OPEN" }));
    authority.delayMs = 0;
    client.report("openai", outcomeOf("failure"));
    await clock.settle();
    expect(client.read("openai")).toMatchObject({ version: 5, status: "HALF_OPEN" });
    await clock.advance(1_000);
    expect(client.read("openai")).toMatchObject({ version: 5, status: "HALF_OPEN" });
  });

  it("[CB32] isolates share what they know: a second client of the same cache starts warm", async () => {
    const { client, authority, clock, cache, log } = await createWarmWorld();
    client.read("openai");
    const second = new CircuitClient({ authority, cache, clock, log, waitUntil: () => {} });
    expect(second.read("openai")).toEqual(snapshotOf("openai"));
    expect(authority.calls).toEqual([]);
  });
});

describe("reporting", () => {
  it("[CB33] good calls are reported together after a quarter of a second", async () => {
    const { client, authority, clock } = await createWarmWorld();
    for (let call = 0; call < 5; call += 1) client.report("openai", outcomeOf("success"));
    await clock.advance(249);
    expect(authority.reports).toHaveLength(0);
    await clock.advance(1);
    expect(authority.reports.map((report) => report.outcomes.length)).toEqual([5]);
    client.report("openai", outcomeOf("success"));
    await clock.advance(500);
    expect(authority.reports.map((report) => report.outcomes.length)).toEqual([5, 1]);
  });

  it("[CB33] two hundred good calls do not wait for that", async () => {
    const { client, authority, clock } = await createWarmWorld();
    for (let call = 0; call < 200; call += 1) client.report("openai", outcomeOf("success"));
    expect(authority.reports.map((report) => report.outcomes.length)).toEqual([200]);
    await clock.advance(5_000);
    expect(authority.reports).toHaveLength(1);
  });

  it.each(["failure", "fatal", "rate-limited"] as const)(
    "[CB33] a %s is reported at once, with the good calls that were waiting, and the answer is taken",
    async (verdict) => {
      const { client, authority, clock } = await createWarmWorld();
      client.report("openai", outcomeOf("success"));
      authority.set(
        snapshotOf("openai", { version: 9, status: "OPEN", openUntilMs: clock.nowMs() + 60_000 }),
      );
      client.report("openai", outcomeOf(verdict));
      expect(authority.reports.map((report) => report.outcomes.map((outcome) => outcome.verdict))).toEqual([
        ["success", verdict],
      ]);
      await clock.settle();
      expect(client.read("openai")).toMatchObject({ version: 9, status: "OPEN" });
      await clock.advance(1_000);
      expect(authority.reports).toHaveLength(1);
    },
  );

  it("[CB33] calls that say nothing about health are not reported", async () => {
    const { client, authority, clock } = await createWarmWorld();
    for (let call = 0; call < 30; call += 1) client.report("openai", outcomeOf("neutral"));
    await clock.advance(10_000);
    expect(authority.calls).toEqual([]);
  });

  it("[CB33] a planned report that got lost with its request is planned again", async () => {
    const { client, authority, clock, cache, log } = await createWarmWorld();
    const cutOff = {
      nowMs: () => clock.nowMs(),
      sleep: () => new Promise<void>(() => {}),
      startTimer: () => () => {},
    };
    const lost = new CircuitClient({ authority, cache, clock: cutOff, log, waitUntil: () => {} });
    lost.report("openai", outcomeOf("success"));
    await clock.advance(5_001);
    client.report("openai", outcomeOf("success"));
    await clock.advance(1_000);
    expect(authority.reports.map((report) => report.outcomes.length)).toEqual([2]);
  });
});

describe("warming", () => {
  it("[CB36] waits for the circuits it knows nothing of, all at once", async () => {
    const { client, authority, clock } = createClientWorld();
    authority.delayMs = 100;
    const startedMs = clock.nowMs();
    await clock.runUntil(client.warm(["openai", "google", "anthropic"]));
    expect(clock.nowMs() - startedMs).toBe(100);
    expect(client.read("google")).not.toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([10_000, null])(
    "[CB36] waits 150 ms at most for an authority that takes %s ms",
    async (delayMs) => {
      const { client, authority, clock } = createClientWorld();
      authority.delayMs = delayMs;
      const startedMs = clock.nowMs();
      await clock.runUntil(client.warm(["openai"]));
      expect(clock.nowMs() - startedMs).toBe(150);
      expect(client.read("openai")).toBeNull();
    },
  );

  it("[CB36] a turn that waited in vain spares the others the wait for a while", async () => {
    const { client, authority, clock } = createClientWorld();
    authority.delayMs = null;
    await clock.runUntil(client.warm(["openai"]));
    const startedMs = clock.nowMs();
    await clock.runUntil(client.warm(["openai"]));
    expect(clock.nowMs() - startedMs).toBe(0);
    authority.delayMs = 20;
    await clock.advance(5_000);
    await clock.runUntil(client.warm(["openai"]));
    expect(client.read("openai")).not.toBeNull();
  });

  it("[CB36] an answer that comes too late for the turn is kept for the next", async () => {
    const { client, authority, clock } = createClientWorld();
    authority.delayMs = 400;
    await clock.runUntil(client.warm(["openai"]));
    await clock.advance(250);
    expect(client.read("openai")).toEqual(snapshotOf("openai", { version: 0 }));
  });

  it("[CB36] does not wait for what it knows, unless that is more than a minute old", async () => {
    const { client, authority, clock } = await createWarmWorld();
    await clock.advance(60_000);
    await client.warm(["openai"]);
    expect(authority.calls).toEqual([]);
    await clock.advance(1);
    await client.warm(["openai"]);
    expect(authority.reads).toHaveLength(1);
  });
});
