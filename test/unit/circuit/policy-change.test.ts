/** What operators set: a provider's numbers, validated, kept, and in force without a deploy. */
import { describe, expect, it } from "vitest";
import { CircuitPolicy, DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import { HealthWorld } from "./health-world.ts";

const ADA = "ada@example.com";

describe("a policy", () => {
  it("[CB54] the default is one that the rules allow", () => {
    expect(CircuitPolicy.parse(DEFAULT_CIRCUIT_POLICY)).toEqual(DEFAULT_CIRCUIT_POLICY);
  });

  it("[CB54] [CB20] is in force at once, and the snapshot that shows it has a higher version", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    const before = openai.desk.snapshot();
    const changed = await openai.desk.changePolicy(
      { failureThreshold: 1, openBaseMs: 60_000 },
      ADA,
      "they flap",
    );
    expect(changed).toMatchObject({
      ok: true,
      value: { failureThreshold: 1, openBaseMs: 60_000, windowMs: 60_000 },
    });
    const after = openai.desk.snapshot();
    expect(after.failureThreshold).toBe(1);
    expect(after.version).toBeGreaterThan(before.version);
    expect(openai.published).toBeGreaterThan(0);
    const failedAtMs = world.clock.nowMs();
    const snapshot = await openai.fail("small");
    expect(snapshot.models[0]).toMatchObject({ status: "OPEN", openUntilMs: failedAtMs + 60_000 });
  });

  it("[CB54] every change is kept with who, when and why, and survives the object", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.desk.changePolicy({ failureThreshold: 5 }, ADA, "they flap");
    await world.clock.advance(1_000);
    await openai.desk.changePolicy({ slowFactor: 2.5 }, "grace@example.com", "slow is bad");
    openai.crash();
    const { policy, policyChanges } = openai.desk.detail(null);
    expect(policy).toEqual({ ...DEFAULT_CIRCUIT_POLICY, failureThreshold: 5, slowFactor: 2.5 });
    const nowMs = world.clock.nowMs();
    expect(policyChanges).toEqual([
      { number: 1, atMs: nowMs - 1_000, actor: ADA, reason: "they flap", change: { failureThreshold: 5 } },
      {
        number: 2,
        atMs: nowMs,
        actor: "grace@example.com",
        reason: "slow is bad",
        change: { slowFactor: 2.5 },
      },
    ]);
  });

  it.each([
    { change: { failureThreshold: 0 }, says: "failureThreshold" },
    { change: { failureThreshold: 2.5 }, says: "failureThreshold" },
    { change: { failureRate: 1.1 }, says: "failureRate" },
    { change: { openBaseMs: Number.NaN }, says: "openBaseMs" },
    {
      change: { openBaseMs: 400_000 },
      says: "openMaxMs: the longest open time is not shorter than the first",
    },
    { change: { bucketMs: 31_000 }, says: "bucketMs: a window needs at least two buckets" },
    { change: { windowMs: 5_000 }, says: "bucketMs" },
    { change: { patience: 3 }, says: "patience" },
    { change: { failureThreshold: 4, slowRate: 0 }, says: "slowRate" },
  ])("[CB54] $change is refused, named, and nothing is changed or kept", async ({ change, says }) => {
    const openai = new HealthWorld().object("openai");
    const before = openai.desk.detail(null);
    const changed = await openai.desk.changePolicy(change, ADA, "a slip");
    expect(changed).toMatchObject({ ok: false, error: expect.stringContaining(says) });
    expect(openai.desk.detail(null)).toEqual(before);
  });

  it("[CB54] numbers are judged with those in force, not with the default", async () => {
    const openai = new HealthWorld().object("openai");
    await openai.desk.changePolicy({ openMaxMs: 600_000 }, ADA, "patience");
    expect(await openai.desk.changePolicy({ openBaseMs: 400_000 }, ADA, "patience")).toMatchObject({
      ok: true,
    });
    expect(await openai.desk.changePolicy({ openMaxMs: 300_000 }, ADA, "a slip")).toMatchObject({
      ok: false,
    });
  });

  it("[CB54] the card shows the newest 20 changes, and all of them are in force", async () => {
    const openai = new HealthWorld().object("openai");
    await openai.desk.changePolicy({ idleProbeMs: 90_000 }, ADA, "thrift");
    for (let number = 2; number <= 25; number += 1) {
      await openai.desk.changePolicy({ failureThreshold: number }, ADA, "a try");
    }
    openai.crash();
    const { policy, policyChanges } = openai.desk.detail(null);
    expect(policyChanges.map((change) => change.number)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 6),
    );
    expect(policy).toMatchObject({ idleProbeMs: 90_000, failureThreshold: 25 });
  });
});

describe("by hand", () => {
  it("[CB23] [CB56] a person's decision about one model survives the object", async () => {
    const openai = new HealthWorld().object("openai");
    await openai.desk.control("open", "small", ADA, "wrong answers");
    openai.crash();
    expect(openai.desk.snapshot().models).toMatchObject([
      {
        model: "small",
        status: "OPEN",
        mode: "forced-open",
        openUntilMs: null,
        reason: `${ADA}: wrong answers`,
      },
    ]);
  });

  it("[CB55] a drained provider says so to every isolate, and is still probed when it opens", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.succeed("large");
    await openai.desk.control("drain", null, ADA, "contract ends");
    expect(openai.desk.snapshot()).toMatchObject({ status: "CLOSED", mode: "draining" });
    world.cutOff.add("*");
    await openai.fail("small");
    expect(openai.desk.snapshot()).toMatchObject({ status: "OPEN", mode: "draining" });
    world.cutOff.clear();
    await world.clock.advance(10_000);
    expect(openai.desk.snapshot()).toMatchObject({ status: "CLOSED", mode: "draining" });
  });
});
