/** Regions and the world: a provider can be unreachable from one place only. */
import { describe, expect, it } from "vitest";
import { toHealthName } from "../../../src/circuit/health-desk.ts";
import { decideWorldView, toRegion, type RegionReport } from "../../../src/circuit/regions.ts";
import { HealthWorld } from "./health-world.ts";

const ADA = "ada@example.com";
const REGIONS = ["weur", "enam", "apac", "sam"];
const NAMES = REGIONS.map((region) => toHealthName("openai", region));

/** Four regions with traffic, all of which the world has heard of. */
async function createRegions() {
  const world = new HealthWorld();
  const regions = NAMES.map((name) => world.object(name));
  for (const region of regions) await region.succeed("small");
  await world.clock.advance(61_000);
  world.probes.length = 0;
  const [weur, enam, apac, sam] = regions;
  if (weur === undefined || enam === undefined || apac === undefined || sam === undefined)
    throw new Error("no regions");
  return { world, clock: world.clock, global: world.object("openai"), regions, weur, enam, apac, sam };
}

type Regions = Awaited<ReturnType<typeof createRegions>>;

/** Cuts regions off, and lets their users find out. */
async function cutOff({ world, clock }: Regions, ...objects: readonly Regions["weur"][]): Promise<void> {
  for (const object of objects) world.cutOff.add(object.name);
  for (const object of objects) await object.fail("small");
  await clock.settle();
}

describe("one region", () => {
  it("[CB60] that cannot reach the provider keeps its own traffic away, and nobody else's", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur);
    const { weur, enam, global } = all;
    expect([weur, enam, global].map((object) => object.statusOf(null))).toEqual(["OPEN", "CLOSED", "CLOSED"]);
    expect(global.desk.detail(null).regions.map(({ region, status }) => [region, status])).toEqual([
      ["weur", "OPEN"],
      ["enam", "CLOSED"],
      ["apac", "CLOSED"],
      ["sam", "CLOSED"],
    ]);
  });

  it("[OP67] whose alarm was lost is put back by the look at the world, also where another region is away", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur);
    all.world.cutOff.clear();
    all.weur.loseAlarm();
    await all.clock.advance(600_000);
    expect([all.weur.alarmAtMs, all.weur.store.loadCircuits()?.provider.state.status]).toEqual([
      null,
      "OPEN",
    ]);
    all.world.unreachable.add(all.enam.name);
    await all.global.desk.rearm();
    expect(all.weur.alarmAtMs).not.toBeNull();
    await all.clock.advance(5_000);
    expect(all.weur.statusOf(null)).toBe("CLOSED");
  });

  it("[CB60] [CB21] its transitions are shown by the world, under numbers without gaps", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur);
    all.world.cutOff.clear();
    await all.clock.advance(10_000);
    await all.global.desk.control("open", null, ADA, "maintenance");
    const transitions = all.global.desk.detail(null).transitions;
    expect(transitions.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    expect(transitions.map(({ to, reason }) => [to, reason.split(":")[0]])).toEqual([
      ["OPEN", ADA],
      ["CLOSED", "weur"],
      ["HALF_OPEN", "weur"],
      ["OPEN", "weur"],
    ]);
  });

  it("[CB60] comes back by a probe of its own", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur);
    all.world.cutOff.clear();
    await all.clock.advance(10_000);
    expect(all.weur.statusOf(null)).toBe("CLOSED");
    expect(all.global.desk.detail(null).regions[0]).toMatchObject({ region: "weur", status: "CLOSED" });
  });

  it("[CB60] a sick model is its region's affair: nobody else is told", async () => {
    const all = await createRegions();
    all.world.sickModels.add("small");
    await all.weur.fail("small", 3);
    expect(all.weur.statusOf("small")).toBe("OPEN");
    expect(all.global.desk.detail(null).transitions).toEqual([]);
  });
});

describe("enough regions", () => {
  it("[CB61] make it open everywhere, at once and with a reason, and raise every version", async () => {
    const all = await createRegions();
    const before = [all.global, all.apac].map((object) => object.desk.snapshot().version);
    await cutOff(all, all.weur, all.enam);
    for (const [index, object] of [all.global, all.apac].entries()) {
      const snapshot = object.desk.snapshot();
      expect(snapshot).toMatchObject({
        status: "OPEN",
        openUntilMs: null,
        reason: "Open in 2 of 4 regions (weur, enam): down everywhere.",
      });
      expect(snapshot.version).toBeGreaterThan(before[index] ?? 0);
    }
  });

  it("[CB61] fewer are no longer enough: everybody is told, with a higher version again", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur, all.enam);
    const { version } = all.apac.desk.snapshot();
    all.world.cutOff.delete(all.weur.name);
    await all.clock.advance(60_000);
    expect(all.weur.statusOf(null)).toBe("CLOSED");
    expect(all.apac.desk.snapshot()).toMatchObject({ status: "CLOSED", mode: "auto" });
    expect(all.apac.desk.snapshot().version).toBeGreaterThan(version);
    expect(all.global.statusOf(null)).toBe("CLOSED");
  });

  it.each([
    { open: 1, heard: 2, share: 0.5, least: 2, down: false },
    { open: 2, heard: 4, share: 0.5, least: 2, down: true },
    { open: 2, heard: 5, share: 0.5, least: 2, down: false },
    { open: 3, heard: 5, share: 0.5, least: 2, down: true },
    { open: 1, heard: 1, share: 0.5, least: 1, down: true },
    { open: 3, heard: 4, share: 1, least: 2, down: false },
  ])("[CB61] $open of $heard at a share of $share and $least at least: down is $down", (row) => {
    const regions = new Map<string, RegionReport>(
      Array.from({ length: row.heard }, (_, index) => [
        `r${index}`,
        { status: index < row.open ? "OPEN" : "CLOSED", reason: "", reportedAtMs: 1_000 },
      ]),
    );
    const policy = { globalShare: row.share, globalRegions: row.least };
    expect(decideWorldView(regions, policy, 1_000).down).toBe(row.down);
  });

  it("[CB62] a region that has said nothing for 15 minutes has no say", () => {
    const silent: RegionReport = { status: "OPEN", reason: "", reportedAtMs: 0 };
    const regions = new Map([
      ["a", silent],
      ["b", silent],
      ["c", { ...silent, status: "CLOSED" as const, reportedAtMs: 5 }],
    ]);
    const policy = { globalShare: 0.5, globalRegions: 2 };
    expect(decideWorldView(regions, policy, 899_999).down).toBe(true);
    expect(decideWorldView(regions, policy, 900_000)).toEqual({
      down: false,
      reason: "Reachable from every region.",
    });
  });

  it("[CB62] regions that fall silent stop holding it open, though nobody says anything", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur, all.enam);
    const { version } = all.global.desk.snapshot();
    for (const object of [all.weur, all.enam, all.apac, all.sam]) {
      object.loseAlarm();
      all.world.unreachable.add(object.name);
    }
    await all.clock.advance(15 * 60_000);
    expect(all.global.statusOf(null)).toBe("CLOSED");
    expect(all.global.desk.snapshot().version).toBeGreaterThan(version);
  });

  it("[CB23] [CB61] a person who holds it closed stands above the regions", async () => {
    const all = await createRegions();
    await all.global.desk.control("close", null, ADA, "we know better");
    await cutOff(all, all.weur, all.enam);
    expect(all.global.statusOf(null)).toBe("CLOSED");
    expect(all.weur.statusOf(null)).toBe("CLOSED");
  });
});

describe("the one probe of the world", () => {
  it("[CB63] is lent to one of a thousand who ask, again to none while it is out, and to the next when it is void", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur, all.enam);
    for (const region of all.regions) region.loseAlarm();
    const asked = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => all.global.desk.lendProbe(`permit_${index}`)),
    );
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(await all.global.desk.lendProbe("permit_0")).toBe(true);
    await all.clock.advance(39_000);
    expect(await all.global.desk.lendProbe("permit_late")).toBe(false);
    await all.clock.advance(41_000);
    expect(await all.global.desk.lendProbe("permit_later")).toBe(true);
  });

  it("[CB63] while it is open everywhere at most one region probes at a time, and the others wait at leisure", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur, all.enam, all.apac, all.sam);
    const before = all.world.probes.length;
    const alarmsBefore = all.regions.reduce((sum, region) => sum + region.alarmsMs.length, 0);
    await all.clock.advance(120_000);
    const probes = all.world.probes.slice(before).filter((probe) => probe.name !== "openai");
    expect(probes.length).toBeGreaterThanOrEqual(2);
    for (const [index, probe] of probes.entries()) {
      expect(probe.atMs - (probes[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(all.world.probeTakesMs);
    }
    const alarms = all.regions.reduce((sum, region) => sum + region.alarmsMs.length, 0) - alarmsBefore;
    expect(alarms).toBeLessThanOrEqual(200);
  });

  it("[CB63] [CB61] when the provider is back, every region is, within minutes", async () => {
    const all = await createRegions();
    await cutOff(all, all.weur, all.enam, all.apac, all.sam);
    all.world.cutOff.clear();
    await all.clock.advance(180_000);
    for (const region of [all.global, ...all.regions]) expect(region.statusOf(null)).toBe("CLOSED");
  });

  it("[CB63] anybody may probe while it is not open everywhere", async () => {
    const all = await createRegions();
    expect(await all.weur.desk.lendProbe("permit_1")).toBe(true);
    expect(await all.global.desk.lendProbe("permit_2")).toBe(true);
    expect(await all.global.desk.lendProbe("permit_3")).toBe(true);
  });
});

describe("a world that cannot be reached", () => {
  it("[CB64] leaves each region to itself: it opens, probes and closes by its own rules", async () => {
    const all = await createRegions();
    await cutOff(all, all.enam, all.apac);
    all.world.unreachable.add("openai");
    expect(await all.weur.desk.lendProbe("permit_1")).toBe(true);
    all.world.cutOff.clear();
    await all.clock.advance(60_000);
    expect([all.enam.statusOf(null), all.apac.statusOf(null)]).toEqual(["OPEN", "OPEN"]);
    expect(all.world.log.of("background_failed").length).toBeGreaterThan(0);
    // Their own circuits are closed; the world's last word is what they show until it speaks again.
    all.world.unreachable.clear();
    await all.clock.advance(120_000);
    expect([all.enam.statusOf(null), all.apac.statusOf(null)]).toEqual(["CLOSED", "CLOSED"]);
  });

  it("[CB64] a region alone opens and comes back though the world never answers", async () => {
    const world = new HealthWorld();
    world.unreachable.add("openai");
    const weur = world.object("openai@weur");
    await weur.succeed("small");
    world.cutOff.add("*");
    await weur.fail("small");
    expect(weur.statusOf(null)).toBe("OPEN");
    world.cutOff.clear();
    await world.clock.advance(10_000);
    expect(weur.statusOf(null)).toBe("CLOSED");
  });
});

describe("a person's decision", () => {
  it("[CB23] [CB54] holds in every region", async () => {
    const all = await createRegions();
    await all.global.desk.control("open", null, ADA, "maintenance");
    await all.global.desk.changePolicy({ failureThreshold: 7 }, ADA, "they flap");
    for (const region of all.regions) {
      expect(region.desk.snapshot()).toMatchObject({
        status: "OPEN",
        mode: "forced-open",
        failureThreshold: 7,
      });
    }
  });

  it("[CB23] [CB54] [CB56] holds in a region that is heard of only later, and in one that could not be told", async () => {
    const all = await createRegions();
    all.world.unreachable.add(all.sam.name);
    await all.global.desk.control("open", null, ADA, "maintenance");
    await all.global.desk.control("open", "small", ADA, "wrong answers");
    await all.global.desk.changePolicy({ failureThreshold: 7 }, ADA, "they flap");
    all.world.unreachable.clear();
    const late = all.world.object("openai@me");
    expect(late.statusOf(null)).toBe("CLOSED");
    await all.clock.advance(6 * 60_000);
    for (const region of [late, all.sam]) {
      expect(region.desk.snapshot()).toMatchObject({
        status: "OPEN",
        mode: "forced-open",
        failureThreshold: 7,
      });
      expect(region.desk.snapshot().models).toMatchObject([{ model: "small", mode: "forced-open" }]);
    }
  });
});

describe("where a request comes from", () => {
  it.each([
    [{ continent: "NA", longitude: "-120" }, "wnam"],
    [{ continent: "NA", longitude: "-74" }, "enam"],
    [{ continent: "NA" }, "enam"],
    [{ continent: "EU", longitude: "5" }, "weur"],
    [{ continent: "EU", longitude: "25" }, "eeur"],
    [{ continent: "AS", longitude: "45" }, "me"],
    [{ continent: "AS", longitude: "139" }, "apac"],
    [{ continent: "SA" }, "sam"],
    [{ continent: "OC" }, "oc"],
    [{ continent: "AF" }, "afr"],
    [{ continent: "AN" }, null],
    [{}, null],
  ] as const)("[CB60] %o is %s", (place, region) => {
    expect(toRegion(place)).toBe(region);
  });
});
