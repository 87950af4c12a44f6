/** A chain of alarms that cannot die: thrown probes, resets, lost alarms, clocks that jump. */
import { describe, expect, it } from "vitest";
import { HealthWorld } from "./health-world.ts";

/** A provider that is open by its users' failures, its path cut. */
async function createOpen() {
  const world = new HealthWorld();
  const openai = world.object("openai");
  await openai.succeed("large");
  world.cutOff.add("*");
  await openai.fail("small");
  expect(openai.statusOf(null)).toBe("OPEN");
  return { world, clock: world.clock, openai };
}

describe("a chain of alarms", () => {
  it("[CB18] probes an open provider again and again, each time later, until it is well", async () => {
    const { world, clock, openai } = await createOpen();
    const before = world.probes.length;
    await clock.advance(120_000);
    const gaps = world.probes
      .slice(before)
      .map((probe, index, all) => probe.atMs - (all[index - 1]?.atMs ?? probe.atMs));
    expect(gaps.slice(1, 4).map((gapMs) => Math.round(gapMs / 1_000))).toEqual([10, 20, 40]);
    world.cutOff.clear();
    await clock.advance(90_000);
    expect(openai.statusOf(null)).toBe("CLOSED");
  });

  it("[CB18] survives a probe that throws", async () => {
    const { world, clock, openai } = await createOpen();
    world.probeOverride = () => {
      throw new Error("a bug, thrown by the test");
    };
    await clock.advance(50_000);
    expect(world.log.of("alarm_failed").length).toBeGreaterThan(0);
    expect(openai.alarmAtMs).toBeGreaterThan(clock.nowMs());
    world.probeOverride = null;
    world.cutOff.clear();
    await clock.advance(60_000);
    expect(openai.statusOf(null)).toBe("CLOSED");
  });

  it("[CB18] survives a probe that throws while a suspicion is settled, and one that the idle check makes", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.succeed("small");
    world.probeOverride = () => {
      throw new Error("a bug, thrown by the test");
    };
    await world.clock.advance(200_000);
    expect(world.log.of("alarm_failed").length).toBeGreaterThanOrEqual(2);
    await expect(openai.fail("small")).rejects.toThrow("a bug");
    expect(openai.desk.snapshot().models[0]).toMatchObject({ status: "CLOSED", suspect: true });
    world.probeOverride = null;
    await world.clock.advance(130_000);
    expect(openai.desk.snapshot().models[0]).toMatchObject({ status: "CLOSED", suspect: false });
  });

  it("[CB18] [CB24] survives a reset of the object in the middle of a probe", async () => {
    const { world, clock, openai } = await createOpen();
    world.probeOverride = () => "never";
    await clock.advance(6_000);
    expect(openai.statusOf(null)).toBe("HALF_OPEN");
    openai.crash();
    world.probeOverride = null;
    world.cutOff.clear();
    await clock.advance(70_000);
    expect(openai.statusOf(null)).toBe("CLOSED");
  });

  it("[CB18] whose alarm was lost is put back by any call from outside", async () => {
    const { world, clock, openai } = await createOpen();
    world.cutOff.clear();
    openai.loseAlarm();
    await clock.advance(600_000);
    expect(openai.alarmAtMs).toBeNull();
    await openai.desk.rearm();
    expect(openai.alarmAtMs).not.toBeNull();
    await clock.advance(2_000);
    expect(openai.statusOf(null)).toBe("CLOSED");
  });

  it.each([
    { name: "ahead", jumpMs: 86_400_000 },
    { name: "back", jumpMs: -3_600_000 },
  ])(
    "[CB18] [CB5] survives a clock that jumps $name: the next look from outside goes on",
    async ({ jumpMs }) => {
      const { world, clock, openai } = await createOpen();
      world.cutOff.clear();
      clock.jump(jumpMs);
      await openai.desk.rearm();
      await clock.advance(5_000);
      expect(openai.statusOf(null)).toBe("CLOSED");
      const before = world.probes.length;
      await openai.desk.rearm();
      await clock.advance(65_000);
      expect(world.probes.length).toBeGreaterThan(before);
    },
  );

  it("[CB18] [CB58] costs an idle provider one alarm a minute or so, and no more than two rows", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.succeed("small");
    const writesBefore = openai.store.circuitWrites;
    await world.clock.advance(3_600_000);
    expect(openai.alarmsMs.length).toBeLessThanOrEqual(62);
    expect(openai.store.circuitWrites - writesBefore).toBeLessThanOrEqual(120);
  });
});

describe("what outlives the object", () => {
  it("[CB20] the version never goes down, also when counts were lost with the object", async () => {
    const { world, openai } = await createOpen();
    await openai.desk.control("reset", null, "ada@example.com", "for the test");
    world.cutOff.clear();
    for (let crash = 0; crash < 5; crash += 1) {
      for (let call = 0; call < 50; call += 1) await openai.succeed("small");
      const { version } = openai.desk.snapshot();
      openai.crash();
      expect(openai.desk.snapshot().version).toBeGreaterThanOrEqual(version);
    }
  });

  it("[CB24] circuits, transitions and their numbers; counts may be some seconds old", async () => {
    const { openai } = await createOpen();
    const before = openai.desk.detail(null);
    openai.crash();
    const after = openai.desk.detail(null);
    expect({ ...after.snapshot, version: 0 }).toEqual({ ...before.snapshot, version: 0 });
    expect(after.transitions).toEqual(before.transitions);
  });

  it("[CB24] [CB21] a row that cannot be read is learnt anew, and the numbers of transitions go on", async () => {
    const { openai } = await createOpen();
    openai.store.spoilCircuits('{"version": "none"}');
    openai.crash();
    expect(openai.statusOf(null)).toBe("CLOSED");
    await openai.desk.control("open", null, "ada@example.com", "for the test");
    expect(openai.desk.detail(null).transitions.map((transition) => transition.version)).toEqual([2, 1]);
  });

  it("[CB24] good calls are not worth a row each", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.succeed("small");
    const before = openai.store.circuitWrites;
    for (let second = 0; second < 100; second += 1) {
      await openai.succeed("small", 20);
      await world.clock.advance(100);
    }
    expect(openai.store.circuitWrites - before).toBeLessThanOrEqual(2);
  });
});
