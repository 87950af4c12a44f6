/** The keeper at work on a virtual clock: suspicions, half-open probes, idle checks, money. */
import { describe, expect, it } from "vitest";
import { HealthWorld } from "./health-world.ts";

function createWorld() {
  const world = new HealthWorld();
  return { world, clock: world.clock, openai: world.object("openai") };
}

describe("a suspicion", () => {
  it("[CB15] is settled before the report is answered: the model alone is sick", async () => {
    const { world, openai } = createWorld();
    await openai.succeed("large");
    world.sickModels.add("small");
    const snapshot = await openai.fail("small");
    expect(snapshot.status).toBe("CLOSED");
    expect(snapshot.models).toMatchObject([
      { model: "large", status: "CLOSED", suspect: false },
      { model: "small", status: "OPEN", failureCount: 3 },
    ]);
    expect(world.probes.map(({ model, mayGenerate }) => [model, mayGenerate])).toEqual([
      ["small", true],
      ["small", true],
    ]);
  });

  it("[CB47] right after a model has tripped by users' calls, a probe tells that it is the provider", async () => {
    const { world, openai } = createWorld();
    for (const model of world.models) world.sickModels.add(model);
    const snapshot = await openai.fail("small", 3);
    expect(snapshot).toMatchObject({ status: "OPEN", models: [{ model: "small", status: "OPEN" }] });
    expect(world.probes).toHaveLength(1);
  });

  it("[CB47] what a half-open model's probe finds out about the provider is not lost", async () => {
    const { world, clock, openai } = createWorld();
    await openai.succeed("large");
    world.sickModels.add("small");
    await openai.fail("small");
    world.cutOff.add("*");
    await clock.advance(7_000);
    expect(openai.statusOf(null)).toBe("OPEN");
  });

  it("[CB15] [CB47] is the provider's where the path is cut: nobody else has to find out", async () => {
    const { world, openai } = createWorld();
    world.cutOff.add("*");
    const snapshot = await openai.fail("small", 1, { requestId: "req_7" });
    expect(snapshot.status).toBe("OPEN");
    expect(openai.desk.detail(null).transitions).toMatchObject([
      { version: 1, model: null, to: "OPEN", failureCount: 3, requestIds: ["req_7"] },
    ]);
    expect(world.probes).toHaveLength(2);
  });

  it("[CB15] that was a blip costs one probe and opens nothing", async () => {
    const { world, openai } = createWorld();
    const snapshot = await openai.fail("small");
    expect(snapshot.models).toMatchObject([{ status: "CLOSED", suspect: false, failureCount: 1 }]);
    expect(world.probes).toHaveLength(1);
  });

  it("[CB15] two confirming probes are 250 ms apart: a blip passes, an outage does not", async () => {
    const { world, openai } = createWorld();
    world.cutOff.add("*");
    await openai.fail("small");
    const [first, second] = world.probes.map((probe) => probe.atMs);
    expect((second ?? 0) - (first ?? 0)).toBe(world.probeTakesMs + 250);
  });

  it("[CB15] of two models are settled one after the other, by one chain of probes", async () => {
    const { world, clock, openai } = createWorld();
    world.sickModels.add("large");
    const reports = ["small", "large", "small"].map((model) => openai.report([{ ...FAILURE, model }]));
    await clock.runUntil(Promise.all(reports));
    expect([openai.statusOf("small"), openai.statusOf("large"), openai.statusOf(null)]).toEqual([
      "CLOSED",
      "OPEN",
      "CLOSED",
    ]);
    const gaps = world.probes
      .map((probe, index) => probe.atMs - (world.probes[index - 1]?.atMs ?? 0))
      .slice(1);
    expect(gaps.every((gapMs) => gapMs >= world.probeTakesMs)).toBe(true);
  });

  it("[CB15] [CB47] comes to an end when the model turns out sick and the provider was suspected too", async () => {
    const { world, openai } = createWorld();
    await openai.succeed("large");
    world.sickModels.add("small");
    const snapshot = await openai.fail("small", 1, { scope: "provider" });
    expect(snapshot).toMatchObject({ status: "CLOSED", suspect: false });
    expect(world.probes.length).toBeLessThanOrEqual(4);
  });

  it("[CB15] comes to an end after a restart too, when nobody knows any more which model failed", async () => {
    const { world, clock, openai } = createWorld();
    world.probeOverride = () => "never";
    openai.desk.takeOutcomes([{ ...FAILURE, model: "gone", scope: "provider" }]);
    openai.crash();
    world.probeOverride = null;
    world.sickModels.add("small");
    await clock.advance(70_000);
    expect(openai.desk.snapshot()).toMatchObject({ status: "CLOSED", suspect: false });
    expect(world.probes.length).toBeLessThan(8);
  });

  it("[CB23] [CB56] of a model that a person holds closed is not looked into: nothing would come of it", async () => {
    const { world, clock, openai } = createWorld();
    await openai.desk.control("close", "small", "ada@example.com", "we know better");
    world.sickModels.add("small");
    const snapshot = await openai.fail("small", 5);
    expect(snapshot.models).toMatchObject([{ status: "CLOSED", mode: "forced-closed" }]);
    await clock.advance(10_000);
    expect(world.probes).toEqual([]);
  });

  it.each(["neutral", "rate-limited"] as const)(
    "[CB17] [CB12] a probe (%s) leaves it standing and asks no further",
    async (verdict) => {
      const { world, openai } = createWorld();
      world.probeOverride = () => ({ verdict, retryAfterMs: 30_000 });
      const snapshot = await openai.fail("small");
      expect(snapshot.models[0]).toMatchObject({ status: "CLOSED", suspect: true });
      expect(snapshot.models[0]?.coolDownUntilMs).toBe(
        verdict === "neutral" ? null : world.clock.nowMs() + 30_000,
      );
      expect(world.probes).toHaveLength(1);
    },
  );
});

const FAILURE = {
  verdict: "failure" as const,
  requestId: "req_1",
  model: "small",
  atMs: 0,
  latencyMs: 10,
  scope: "model" as const,
  tokensPerSecond: null,
  retryAfterMs: null,
  message: "scripted",
};

describe("an open circuit", () => {
  it("[CB46] [CB18] of one model is probed by the clock until the model is well, the provider closed all along", async () => {
    const { world, clock, openai } = createWorld();
    await openai.succeed("large");
    world.sickModels.add("small");
    await openai.fail("small");
    await clock.advance(20_000);
    expect(openai.statusOf("small")).toBe("OPEN");
    world.sickModels.clear();
    await clock.advance(60_000);
    expect([openai.statusOf("small"), openai.statusOf(null)]).toEqual(["CLOSED", "CLOSED"]);
    expect(openai.desk.detail(null).transitions.every((transition) => transition.model === "small")).toBe(
      true,
    );
  });

  it("[CB48] two sick models and nobody else: the provider opens, and comes back with them", async () => {
    const { world, clock, openai } = createWorld();
    for (const model of world.models) world.sickModels.add(model);
    world.models = ["small", "large", "other"];
    world.sickModels.delete("other");
    await openai.fail("small", 3);
    await openai.fail("large", 3);
    expect(openai.statusOf(null)).toBe("OPEN");
    world.sickModels.clear();
    await clock.advance(60_000);
    expect([openai.statusOf(null), openai.statusOf("small"), openai.statusOf("large")]).toEqual([
      "CLOSED",
      "CLOSED",
      "CLOSED",
    ]);
    const numbers = openai.desk.detail(null).transitions.map((transition) => transition.version);
    expect(numbers).toEqual(numbers.map((_, index) => numbers.length - index));
  });

  it("[CB46] of the provider closes when a probe finds only one model sick", async () => {
    const { world, clock, openai } = createWorld();
    world.cutOff.add("*");
    await openai.fail("small");
    world.cutOff.clear();
    world.sickModels.add("small");
    await openai.fail("small", 1, { verdict: "neutral" });
    await clock.advance(8_000);
    expect(openai.statusOf(null)).toBe("CLOSED");
    expect(openai.statusOf("small")).not.toBe("CLOSED");
  });

  it("[CB21] [CB22] every transition is one line, with the model's name where it is a model's", async () => {
    const { world, clock, openai } = createWorld();
    world.sickModels.add("small");
    await openai.fail("small");
    world.sickModels.clear();
    await clock.advance(8_000);
    expect(
      world.log.of("circuit_transition").map(({ level, fields }) => ({ level, ...fields })),
    ).toMatchObject([
      { level: "warn", provider: "openai/small", from: "CLOSED", to: "OPEN", failure_count: 3 },
      { level: "info", provider: "openai/small", from: "OPEN", to: "HALF_OPEN" },
      { level: "info", provider: "openai/small", from: "HALF_OPEN", to: "CLOSED" },
    ]);
    await openai.desk.control("reset", null, "ada@example.com", "mended");
    expect(world.log.of("circuit_reset").map(({ fields }) => fields)).toEqual([{ provider: "openai" }]);
  });

  it("[CB59] [CB11] a fatal failure writes one line that a person has to look, and opens for 30 s", async () => {
    const { world, openai } = createWorld();
    const snapshot = await openai.fail("small", 3, {
      verdict: "fatal",
      scope: "provider",
      message: "unauthorized",
    });
    expect(snapshot).toMatchObject({ status: "OPEN", openUntilMs: world.clock.nowMs() + 30_000 });
    expect(world.log.of("circuit_alert")).toEqual([
      {
        level: "error",
        event: "circuit_alert",
        fields: {
          provider: "openai",
          model: null,
          reason: "Opened at once, waiting will not mend it: unauthorized",
        },
      },
    ]);
  });

  it("[CB49] [CB59] an unknown model is named in the line, and is alone in being open", async () => {
    const { world, openai } = createWorld();
    const snapshot = await openai.fail("gpt-typo", 1, { verdict: "fatal", message: "model-not-found" });
    expect(snapshot.status).toBe("CLOSED");
    expect(world.log.of("circuit_alert")[0]?.fields).toMatchObject({ provider: "openai", model: "gpt-typo" });
  });
});

describe("an idle provider", () => {
  it("[CB58] gets the free check after a minute without a good call, and again each minute", async () => {
    const { world, clock, openai } = createWorld();
    await openai.succeed("small");
    await clock.advance(59_900);
    expect(world.probes).toEqual([]);
    await clock.advance(180_200);
    expect(world.probes.map(({ model, mayGenerate }) => [model, mayGenerate])).toEqual([
      [null, false],
      [null, false],
      [null, false],
      [null, false],
    ]);
    expect(openai.desk.detail(null).probeSpendTodayMicroUsd).toBe(0);
  });

  it("[CB58] [CB57] while real traffic flows no probe is made, for hours", async () => {
    const { world, clock, openai } = createWorld();
    for (let minute = 0; minute < 240; minute += 1) {
      await openai.succeed("small");
      await clock.advance(50_000);
    }
    expect(world.probes).toEqual([]);
  });

  it("[CB58] whose path is cut is found out by the check, and opened before a user meets it", async () => {
    const { world, clock, openai } = createWorld();
    expect(openai.statusOf(null)).toBe("CLOSED");
    world.cutOff.add("*");
    await clock.advance(65_000);
    expect(openai.statusOf(null)).not.toBe("CLOSED");
    expect(openai.desk.detail(null).transitions.at(-1)).toMatchObject({
      from: "CLOSED",
      to: "OPEN",
      requestIds: [],
    });
  });

  it("[CB58] is checked each minute also when its object sleeps between the alarms", async () => {
    const { world, clock, openai } = createWorld();
    await openai.succeed("small");
    for (let second = 0; second < 300; second += 10) {
      openai.crash();
      await clock.advance(10_000);
    }
    expect(world.probes.length).toBeGreaterThanOrEqual(4);
    expect(world.probes.length).toBeLessThanOrEqual(5);
  });

  it.each(["open", "close"] as const)("[CB23] [CB58] that a person made %s is not asked", async (action) => {
    const { world, clock, openai } = createWorld();
    await openai.desk.control(action, null, "ada@example.com", "maintenance");
    await clock.advance(300_000);
    expect(world.probes).toEqual([]);
  });
});

describe("money", () => {
  it("[CB57] above the day's budget only the free check is made, until the next day (UTC)", async () => {
    const { world, clock, openai } = createWorld();
    await openai.desk.changePolicy({ probeSpendPerDayMicroUsd: 100 }, "ada@example.com", "thrift");
    for (let index = 0; index < 10; index += 1) await openai.fail("small", 1);
    for (let index = 0; index < 10; index += 1) {
      await openai.desk.control("reset", null, "ada@example.com", "again");
      await openai.fail("small");
    }
    const paid = world.probes.filter((probe) => probe.mayGenerate);
    expect(paid).toHaveLength(4);
    expect(world.probes.length).toBeGreaterThan(paid.length);
    expect(openai.desk.detail(null).probeSpendTodayMicroUsd).toBe(120);
    openai.crash();
    expect(openai.desk.detail(null).probeSpendTodayMicroUsd).toBe(120);
    await clock.advance(12 * 3_600_000);
    expect(openai.desk.detail(null).probeSpendTodayMicroUsd).toBe(0);
    await openai.fail("large");
    expect(world.probes.at(-1)?.mayGenerate).toBe(true);
  });

  it("[CB57] a probe of unknown price is booked with a price too", async () => {
    const { world, openai } = createWorld();
    world.probeOverride = () => ({ costMicroUsd: null });
    await openai.fail("small");
    expect(openai.desk.detail(null).probeSpendTodayMicroUsd).toBe(1_000);
  });

  it("[CB57] with no budget at all nothing is ever spent", async () => {
    const { world, clock, openai } = createWorld();
    await openai.desk.changePolicy({ probeSpendPerDayMicroUsd: 0 }, "ada@example.com", "thrift");
    await openai.fail("small", 3);
    await clock.advance(600_000);
    expect(world.probes.length).toBeGreaterThan(3);
    expect(world.probes.some((probe) => probe.mayGenerate)).toBe(false);
  });
});
