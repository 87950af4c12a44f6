/** What an isolate does when the authority says nothing, or says it too late. */
import { describe, expect, it } from "vitest";
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { snapshotOf } from "../../fakes/fake-authority.ts";
import { createClientWorld, outcomeOf } from "./client-world.ts";

/** A call whose fault, if any, is the whole provider's; single models are in client-models.test.ts. */
const whole = (verdict: CallOutcome["verdict"]) => outcomeOf(verdict, { scope: "provider" });

/** A client that knows this snapshot; from then on the authority answers nothing. */
async function createLonelyWorld(changes: Partial<CircuitSnapshot> = {}, delayMs: number | null = null) {
  const world = createClientWorld();
  world.authority.set(snapshotOf("openai", changes));
  await world.client.warm(["openai"]);
  world.authority.delayMs = delayMs;
  return world;
}

describe("the local fuse", () => {
  it("[CB34] three failures in a row open the circuit here, before any answer", async () => {
    const { client, clock } = await createLonelyWorld();
    client.report("openai", whole("failure"));
    expect(client.read("openai")).toMatchObject({ status: "CLOSED", suspect: true, failureCount: 1 });
    client.report("openai", whole("failure"));
    expect(client.read("openai")?.status).toBe("CLOSED");
    client.report("openai", whole("failure"));
    expect(client.read("openai")).toMatchObject({
      status: "OPEN",
      openUntilMs: clock.nowMs() + 5_000,
      version: 1,
    });
  });

  it("[CB34] one fatal failure is enough", async () => {
    const { client } = await createLonelyWorld();
    client.report("openai", whole("fatal"));
    expect(client.read("openai")?.status).toBe("OPEN");
  });

  it("[CB34] a good call in between starts the count anew; busy and neutral ones do not count", async () => {
    const { client } = await createLonelyWorld();
    for (const verdict of ["failure", "failure", "success", "failure", "failure"] as const) {
      client.report("openai", whole(verdict));
    }
    for (let call = 0; call < 5; call += 1) {
      client.report("openai", whole("rate-limited"));
      client.report("openai", whole("neutral"));
    }
    expect(client.read("openai")?.status).toBe("CLOSED");
    client.report("openai", whole("failure"));
    expect(client.read("openai")?.status).toBe("OPEN");
  });

  it("[CB34] the fuse also holds where the authority has never been heard of", () => {
    const { client, authority } = createClientWorld();
    authority.delayMs = null;
    expect(client.read("openai")).toBeNull();
    for (let call = 0; call < 3; call += 1) client.report("openai", whole("failure"));
    expect(client.read("openai")).toMatchObject({ provider: "openai", status: "OPEN", version: 0 });
    client.report("google", whole("fatal"));
    expect(client.read("google")?.status).toBe("OPEN");
  });

  it("[CB34] an answer to a question asked before the trouble does not mend the fuse", async () => {
    const { client, authority, clock } = await createLonelyWorld({}, 1_000);
    await clock.advance(3_001);
    client.read("openai");
    expect(authority.reads).toHaveLength(2);
    authority.delayMs = null;
    client.report("openai", whole("fatal"));
    await clock.advance(1_000);
    expect(client.read("openai")?.status).toBe("OPEN");
  });

  it("[CB34] nor does the answer to the first of three failures that overtook it", async () => {
    const { client, authority, clock } = await createLonelyWorld({}, 100);
    authority.set(snapshotOf("openai", { version: 2, suspect: true, failureCount: 1 }));
    client.report("openai", whole("failure"));
    authority.delayMs = null;
    client.report("openai", whole("failure"));
    client.report("openai", whole("failure"));
    await clock.advance(100);
    expect(client.read("openai")?.status).toBe("OPEN");
  });

  it("[CB34] the authority's answer to the report replaces the fuse, with the same version too", async () => {
    const { client, clock } = await createLonelyWorld({}, 100);
    client.report("openai", whole("fatal"));
    expect(client.read("openai")?.status).toBe("OPEN");
    await clock.advance(100);
    expect(client.read("openai")).toEqual(snapshotOf("openai"));
  });

  it("[CB34] a circuit that a person holds closed has no fuse", async () => {
    const { client } = await createLonelyWorld({ mode: "forced-closed" });
    for (let call = 0; call < 10; call += 1) client.report("openai", whole("fatal"));
    expect(client.read("openai")).toMatchObject({ status: "CLOSED", suspect: false });
  });
});

describe("an authority that is gone", () => {
  it("[CB35] closed stays closed, however long, and nobody is asked more than once in 5 s", async () => {
    const { client, authority, clock } = await createLonelyWorld();
    authority.gone = true;
    authority.delayMs = 0;
    authority.calls.length = 0;
    for (let tick = 0; tick < 600; tick += 1) {
      await clock.advance(1_000);
      expect(client.read("openai")?.status).toBe("CLOSED");
    }
    expect(authority.reads.length).toBeGreaterThan(100);
    expect(authority.reads.length).toBeLessThanOrEqual(120);
  });

  it("[CB35] reading, reporting and warming never fail, and what was lost is in the log", async () => {
    const { client, authority, clock, log, background } = createClientWorld();
    authority.gone = true;
    await client.warm(["openai"]);
    expect(client.read("openai")).toBeNull();
    client.report("openai", whole("failure"));
    await Promise.all(background);
    await clock.settle();
    expect(log.lines).toContainEqual({
      level: "warn",
      event: "background_failed",
      fields: { task: "circuit-pull", error: "the authority is gone" },
    });
    expect(log.lines).toContainEqual({
      level: "warn",
      event: "background_failed",
      fields: { task: "circuit-report", error: "the authority is gone" },
    });
  });

  it("[CB35] an answer that is no snapshot is refused like none", async () => {
    const { client, authority, clock, log } = await createLonelyWorld({}, 0);
    authority.set({ ...snapshotOf("openai", { version: 9 }), failureCount: -1 });
    await clock.advance(3_001);
    client.read("openai");
    await clock.settle();
    expect(client.read("openai")?.version).toBe(1);
    expect(log.of("background_failed")).toHaveLength(1);
  });

  it("[CB35] the fuse lets a call try after its time, and one more failure blows it again", async () => {
    const { client, clock } = await createLonelyWorld();
    client.report("openai", whole("fatal"));
    await clock.advance(4_999);
    expect(client.read("openai")?.status).toBe("OPEN");
    await clock.advance(1);
    expect(client.read("openai")).toMatchObject({ status: "CLOSED", suspect: true, openUntilMs: null });
    client.report("openai", whole("failure"));
    expect(client.read("openai")?.status).toBe("OPEN");
  });

  it("[CB35] a good trial keeps it closed", async () => {
    const { client, clock } = await createLonelyWorld();
    client.report("openai", whole("fatal"));
    await clock.advance(5_000);
    client.read("openai");
    client.report("openai", whole("success"));
    client.report("openai", whole("failure"));
    expect(client.read("openai")?.status).toBe("CLOSED");
  });

  it("[CB35] the authority's open stays open to its time and a minute more, then lets a call try", async () => {
    const world = createClientWorld();
    const openUntilMs = world.clock.nowMs() + 20_000;
    world.authority.set(snapshotOf("openai", { status: "OPEN", openUntilMs }));
    await world.client.warm(["openai"]);
    world.authority.delayMs = null;
    await world.clock.advance(79_999);
    expect(world.client.read("openai")?.status).toBe("OPEN");
    await world.clock.advance(1);
    expect(world.client.read("openai")).toMatchObject({ status: "CLOSED", suspect: true });
  });

  it("[CB35] as long as the authority is heard of, an open circuit stays open beyond its time", async () => {
    const { client, clock, authority } = createClientWorld();
    authority.set(snapshotOf("openai", { status: "OPEN", openUntilMs: clock.nowMs() + 5_000 }));
    await client.warm(["openai"]);
    for (let tick = 0; tick < 300; tick += 1) {
      await clock.advance(1_000);
      expect(client.read("openai")?.status).toBe("OPEN");
      await clock.settle();
    }
  });

  it.each([
    { name: "half-open", changes: { status: "HALF_OPEN" } },
    { name: "held open by a person", changes: { status: "OPEN", mode: "forced-open", openUntilMs: 0 } },
  ] as const)("[CB35] $name lets nobody try by itself", async ({ changes }) => {
    const { client, clock } = await createLonelyWorld(changes);
    await clock.advance(3_600_000);
    expect(client.read("openai")?.status).toBe(changes.status);
  });
});
