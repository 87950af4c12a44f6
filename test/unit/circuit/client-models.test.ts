/** What an isolate knows of single models: their fuses, their open times, what clears them. */
import { describe, expect, it } from "vitest";
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import { readTargetCircuit } from "../../../src/circuit/target-circuit.ts";
import type { ModelCircuit } from "../../../src/protocol/circuit.ts";
import { modelCircuitOf, snapshotOf } from "../../fakes/fake-authority.ts";
import { createClientWorld, outcomeOf } from "./client-world.ts";

/** A client that knows these models; from then on the authority answers nothing. */
async function createLonelyWorld(...models: readonly ModelCircuit[]) {
  const world = createClientWorld();
  world.authority.set(snapshotOf("openai", { models: [...models] }));
  await world.client.warm(["openai"]);
  world.authority.delayMs = null;
  return { ...world, read: (model: string) => readTargetCircuit(world.client.read("openai"), model) };
}

describe("a model's fuse", () => {
  it("[CB34] [CB46] three failures in a row open the model here, and the others go on", async () => {
    const { client, clock, read } = await createLonelyWorld();
    client.report("openai", outcomeOf("failure"));
    expect(read("gpt")).toMatchObject({ status: "CLOSED", suspect: true });
    expect(read("other")).toMatchObject({ status: "CLOSED", suspect: false });
    client.report("openai", outcomeOf("failure"));
    client.report("openai", outcomeOf("failure"));
    expect(read("gpt")).toMatchObject({ status: "OPEN", openUntilMs: clock.nowMs() + 5_000 });
    expect(read("other")?.status).toBe("CLOSED");
  });

  it("[CB34] failures of two models do not add up, and a good call of one ends its row alone", async () => {
    const { client, read } = await createLonelyWorld();
    for (const model of ["a", "b", "a", "b"]) client.report("openai", outcomeOf("failure", { model }));
    expect([read("a")?.status, read("b")?.status]).toEqual(["CLOSED", "CLOSED"]);
    client.report("openai", outcomeOf("success", { model: "a" }));
    client.report("openai", outcomeOf("failure", { model: "a" }));
    client.report("openai", outcomeOf("failure", { model: "b" }));
    expect([read("a")?.status, read("b")?.status]).toEqual(["CLOSED", "OPEN"]);
  });

  it("[CB34] [CB47] one that is the provider's opens all of its models", async () => {
    const { client, read } = await createLonelyWorld();
    client.report("openai", outcomeOf("fatal", { scope: "provider" }));
    expect([read("gpt")?.status, read("other")?.status]).toEqual(["OPEN", "OPEN"]);
  });

  it("[CB34] [CB49] an unknown model is left alone here at once, and nobody else", async () => {
    const { client, read } = await createLonelyWorld();
    client.report("openai", outcomeOf("fatal", { model: "gpt-typo" }));
    expect([read("gpt-typo")?.status, read("gpt")?.status]).toEqual(["OPEN", "CLOSED"]);
  });

  it("[CB34] [CB56] a model that a person holds closed has no fuse", async () => {
    const { client, read } = await createLonelyWorld(modelCircuitOf("gpt", { mode: "forced-closed" }));
    for (let call = 0; call < 5; call += 1) client.report("openai", outcomeOf("failure"));
    expect(read("gpt")).toMatchObject({ status: "CLOSED", mode: "forced-closed", suspect: false });
  });

  it("[CB34] keeps what is usual for the model, and how a person handles it", async () => {
    const usual = { samples: 30, firstTokenP50Ms: 400, firstTokenP95Ms: 900, tokensPerSecond: 80 };
    const { client, read } = await createLonelyWorld(modelCircuitOf("gpt", { usual, mode: "draining" }));
    client.report("openai", outcomeOf("failure"));
    expect(read("gpt")).toMatchObject({ usual, mode: "draining", suspect: true });
  });

  it("[CB34] after the authority has opened a model and closed it again the count starts anew", async () => {
    const world = createClientWorld();
    const { client, authority, clock } = world;
    authority.set(snapshotOf("openai"));
    await client.warm(["openai"]);
    authority.set(snapshotOf("openai", { version: 2, models: [modelCircuitOf("gpt", { status: "OPEN" })] }));
    for (let call = 0; call < 3; call += 1) client.report("openai", outcomeOf("failure"));
    await clock.settle();
    authority.set(snapshotOf("openai", { version: 3, models: [modelCircuitOf("gpt")] }));
    await clock.advance(1_000);
    client.read("openai");
    await clock.settle();
    expect(readTargetCircuit(client.read("openai"), "gpt")?.status).toBe("CLOSED");
    authority.delayMs = null;
    client.report("openai", outcomeOf("failure"));
    expect(readTargetCircuit(client.read("openai"), "gpt")).toMatchObject({
      status: "CLOSED",
      suspect: true,
    });
  });
});

describe("an authority that is gone", () => {
  it("[CB35] a model it had opened stays so to its time and a minute more; one failure more and the fuse holds", async () => {
    const world = createClientWorld();
    const openUntilMs = world.clock.nowMs() + 20_000;
    world.authority.set(
      snapshotOf("openai", { models: [modelCircuitOf("gpt", { status: "OPEN", openUntilMs })] }),
    );
    await world.client.warm(["openai"]);
    world.authority.delayMs = null;
    const read = () => readTargetCircuit(world.client.read("openai"), "gpt");
    await world.clock.advance(79_999);
    expect(read()?.status).toBe("OPEN");
    await world.clock.advance(1);
    expect(read()).toMatchObject({ status: "CLOSED", suspect: true });
    world.client.report("openai", outcomeOf("failure"));
    expect(read()?.status).toBe("OPEN");
  });

  it.each([
    { name: "half-open", changes: { status: "HALF_OPEN" } },
    { name: "held open by a person", changes: { status: "OPEN", mode: "forced-open", openUntilMs: null } },
  ] as const)("[CB35] [CB56] a model that is $name lets nobody try by itself", async ({ changes }) => {
    const { clock, read } = await createLonelyWorld(modelCircuitOf("gpt", changes));
    await clock.advance(3_600_000);
    expect(read("gpt")?.status).toBe(changes.status);
  });

  it("[CB35] [CB55] a draining provider that is open lets a call try after its time, too", async () => {
    const world = createClientWorld();
    const openUntilMs = world.clock.nowMs() + 20_000;
    world.authority.set(snapshotOf("openai", { status: "OPEN", mode: "draining", openUntilMs }));
    await world.client.warm(["openai"]);
    world.authority.delayMs = null;
    await world.clock.advance(80_000);
    expect(world.client.read("openai")).toMatchObject({ status: "CLOSED", suspect: true });
  });

  it("[CB31] a model in trouble is looked up every half second, like its provider", async () => {
    const world = createClientWorld();
    world.authority.set(snapshotOf("openai", { models: [modelCircuitOf("gpt", { suspect: true })] }));
    await world.client.warm(["openai"]);
    await world.clock.advance(501);
    world.client.read("openai");
    expect(world.authority.reads).toHaveLength(2);
  });

  it("[CB36] [CB46] a turn waits for news of a model whose open time is over", async () => {
    const world = createClientWorld();
    const openUntilMs = world.clock.nowMs() + 2_000;
    world.authority.set(
      snapshotOf("openai", { models: [modelCircuitOf("gpt", { status: "OPEN", openUntilMs })] }),
    );
    await world.client.warm(["openai"]);
    world.authority.set(snapshotOf("openai", { version: 2, models: [modelCircuitOf("gpt")] }));
    await world.clock.advance(2_000);
    await world.client.warm(["openai"]);
    expect(readTargetCircuit(world.client.read("openai"), "gpt")?.status).toBe("CLOSED");
  });
});

describe("late calls", () => {
  it("[CB33] [CB34] are reported in batches like good ones, and neither blow the fuse nor mend it", async () => {
    const { client, authority, clock, read } = await createLonelyWorld();
    authority.calls.length = 0;
    client.report("openai", outcomeOf("failure"));
    client.report("openai", outcomeOf("failure"));
    expect(authority.reports).toHaveLength(2);
    for (let call = 0; call < 5; call += 1) client.report("openai", outcomeOf("late"));
    expect(authority.reports).toHaveLength(2);
    expect(read("gpt")).toMatchObject({ status: "CLOSED", suspect: true });
    await clock.advance(1_000);
    expect(authority.reports.map((report) => report.outcomes.length)).toEqual([1, 1, 5]);
    client.report("openai", outcomeOf("failure"));
    expect(read("gpt")?.status).toBe("OPEN");
  });
});

describe("a model that asks to wait", () => {
  const busy = (changes: Partial<CallOutcome> = {}) => outcomeOf("rate-limited", changes);

  it("[CB80] [CB12] is paused here before any answer, for the time it names, and the others go on", async () => {
    const { client, clock, read } = await createLonelyWorld();
    client.report("openai", busy({ retryAfterMs: 30_000 }));
    expect(read("gpt")).toMatchObject({ status: "CLOSED", suspect: false, failureCount: 0 });
    expect(read("gpt")?.coolDownUntilMs).toBe(clock.nowMs() + 30_000);
    expect(read("other")?.coolDownUntilMs).toBeNull();
  });

  it.each([
    { name: "ten seconds when it names none", retryAfterMs: null, pauseMs: 10_000 },
    { name: "an hour at most", retryAfterMs: 86_400_000, pauseMs: 3_600_000 },
  ])("[CB80] [CB12] for $name", async ({ retryAfterMs, pauseMs }) => {
    const { client, clock, read } = await createLonelyWorld();
    client.report("openai", busy({ retryAfterMs }));
    expect(read("gpt")?.coolDownUntilMs).toBe(clock.nowMs() + pauseMs);
  });

  it("[CB80] a shorter pause does not shorten one that stands", async () => {
    const { client, clock, read } = await createLonelyWorld();
    client.report("openai", busy({ retryAfterMs: 30_000 }));
    client.report("openai", busy({ retryAfterMs: 1_000 }));
    expect(read("gpt")?.coolDownUntilMs).toBe(clock.nowMs() + 30_000);
  });

  it("[CB80] also where the authority has never been heard of", () => {
    const { client, authority, clock } = createClientWorld();
    authority.delayMs = null;
    client.report("openai", busy({ retryAfterMs: 5_000 }));
    const circuit = readTargetCircuit(client.read("openai"), "gpt");
    expect(circuit?.coolDownUntilMs).toBe(clock.nowMs() + 5_000);
  });

  it("[CB80] an answer to a question asked before it does not end the pause; the one to its report does", async () => {
    const { client, authority, clock, read } = await createLonelyWorld();
    authority.delayMs = 1_000;
    await clock.advance(3_001);
    client.read("openai");
    await clock.advance(500);
    client.report("openai", busy({ retryAfterMs: 30_000 }));
    await clock.advance(500);
    expect(read("gpt")?.coolDownUntilMs).not.toBeNull();
    await clock.advance(500);
    expect(read("gpt")?.coolDownUntilMs).toBeNull();
  });
});
