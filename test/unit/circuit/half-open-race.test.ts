/** One probe worldwide: many who ask at the same moment, permits that get lost. */
import { describe, expect, it } from "vitest";
import { HealthWorld } from "./health-world.ts";

/** An object whose provider has just become half-open, its own probe not yet made. */
async function createHalfOpen(model: string | null) {
  const world = new HealthWorld();
  const openai = world.object("openai");
  await openai.succeed("large");
  await openai.desk.control("open", model, "ada@example.com", "for the test");
  await openai.desk.control("auto", model, "ada@example.com", "for the test");
  openai.loseAlarm();
  return { world, clock: world.clock, openai };
}

describe("half-open", () => {
  it.each([null, "large"])(
    "[CB6] of 1,000 who ask at once from several isolates exactly one gets the permit (model %s)",
    async (model) => {
      const { world, openai, clock } = await createHalfOpen(model);
      const isolates = Array.from({ length: 8 }, (_, isolate) => ({ isolate, delayMs: (isolate * 7) % 5 }));
      const answers = isolates.flatMap(({ isolate, delayMs }) =>
        Array.from({ length: 125 }, async (_, call) => {
          await clock.sleep(delayMs);
          return openai.desk.requestPermit(model, `permit_${isolate}_${call}`);
        }),
      );
      const granted = await clock.runUntil(Promise.all(answers));
      expect(granted).toHaveLength(1_000);
      expect(granted.filter(Boolean)).toHaveLength(1);
      expect(world.probes).toEqual([]);
    },
  );

  it("[CB6] [CB18] ticks, looks from outside and reports at the same moment make one probe", async () => {
    const { world, openai, clock } = await createHalfOpen(null);
    const ticks = Array.from({ length: 20 }, () => openai.desk.tick());
    const looks = Array.from({ length: 20 }, () => openai.desk.rearm());
    await clock.runUntil(Promise.all([...ticks, ...looks]));
    expect(world.probes).toHaveLength(1);
    expect(openai.statusOf(null)).toBe("CLOSED");
  });

  it("[CB7] a permit that got lost is void after its time, and the clock goes on to the next probe", async () => {
    const { world, openai, clock } = await createHalfOpen(null);
    expect(openai.desk.requestPermit(null, "permit_lost")).toBe(true);
    await openai.desk.rearm();
    await clock.advance(39_000);
    expect([openai.statusOf(null), world.probes.length]).toEqual(["HALF_OPEN", 0]);
    await clock.advance(2_000);
    expect([openai.statusOf(null), world.probes.length]).toEqual(["CLOSED", 1]);
  });

  it("[CB7] a permit outlives its object: one who asks after a crash is denied", async () => {
    const { openai } = await createHalfOpen(null);
    expect(openai.desk.requestPermit(null, "permit_1")).toBe(true);
    openai.crash();
    expect(openai.desk.requestPermit(null, "permit_2")).toBe(false);
  });

  it("[CB17] a probe that cannot be made is tried again at leisure, not in a loop", async () => {
    const { world, openai, clock } = await createHalfOpen(null);
    world.probeOverride = () => ({ verdict: "neutral", reach: "provider" });
    await openai.desk.rearm();
    await clock.advance(60_000);
    expect(openai.statusOf(null)).toBe("HALF_OPEN");
    expect(world.probes.length).toBeGreaterThanOrEqual(8);
    expect(world.probes.length).toBeLessThanOrEqual(13);
    expect(openai.alarmsMs.length).toBeLessThanOrEqual(40);
  });

  it("[CB18] a half-open model below an open provider does not keep the alarm spinning", async () => {
    const world = new HealthWorld();
    const openai = world.object("openai");
    await openai.succeed("large");
    world.sickModels.add("small");
    await openai.fail("small", 3);
    await openai.desk.control("open", null, "ada@example.com", "maintenance");
    await world.clock.advance(300_000);
    expect(openai.statusOf("small")).toBe("HALF_OPEN");
    expect(openai.alarmsMs.length).toBeLessThanOrEqual(15);
    world.sickModels.clear();
    await openai.desk.control("close", null, "ada@example.com", "they are done");
    await world.clock.advance(5_000);
    expect(openai.statusOf("small")).toBe("CLOSED");
  });
});
