/** A health object's alarms and rows in workerd: what must not die, and what must not be lost. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openWiring } from "../../src/wiring.ts";
import {
  act,
  editStored,
  forgetOpenTime,
  healthOf,
  outcomeOf,
  passOpenTime,
  PROVIDERS,
  readCircuit,
  waitForStatus,
} from "./sandbox-circuits.ts";
import { breakProvider, healSandbox } from "./sandbox-control.ts";
import { readEnv } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, type Visitor } from "./sandbox-people.ts";

let admin: Visitor;
beforeAll(async () => {
  admin = await createAdmin();
});
beforeEach(async () => {
  await healSandbox();
  for (const provider of PROVIDERS) await act(admin, provider, "reset", "a new test");
});

const readAlarm = (provider: string) =>
  runInDurableObject(healthOf(provider), (_, { storage }) => storage.getAlarm());

async function openBy(provider: string): Promise<void> {
  await breakProvider(provider, { fault: "server-error" });
  await healthOf(provider).reportOutcomes(provider, [outcomeOf("fatal")]);
  expect((await readCircuit(admin, provider)).snapshot.status).toBe("OPEN");
}

describe("a chain of alarms", () => {
  it("[CB18] has its next wake-up set before the work, and survives work that throws", async () => {
    await openBy("google");
    const stub = healthOf("google");
    await editStored(
      "google",
      "update circuits set state = json_replace(state, '$.provider.state.openUntilMs', 1)",
      "update alarm set due_at_ms = 1",
    );
    const lines = await collectLog("alarm_failed", () =>
      runInDurableObject(stub, async (instance, { storage }) => {
        const wiring = openWiring(readEnv(instance));
        let setDuringWork: number | null = null;
        const spy = vi.spyOn(wiring, "probeProvider").mockImplementationOnce(async () => {
          setDuringWork = await storage.getAlarm();
          throw new Error("a bug, thrown by the test");
        });
        await instance.alarm();
        spy.mockRestore();
        expect(setDuringWork).toBeGreaterThan(Date.now());
      }),
    );
    expect(lines).toMatchObject([{ level: "error", object: "provider-health/google", alarm: "tick" }]);
    expect(await readAlarm("google")).toBeGreaterThan(Date.now());
    expect((await readCircuit(admin, "google")).snapshot.status).toBe("HALF_OPEN");
    // The permit that was never answered is void after its time: the chain goes on to a good probe.
    await healSandbox();
    await editStored(
      "google",
      "update circuits set state = json_replace(state, '$.provider.state.permits[0].expiresAtMs', 1)",
      "update alarm set due_at_ms = 1",
    );
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await waitForStatus(admin, "google", "CLOSED");
  });

  it.each(["readSnapshot", "readDetail", "ensureProbing"] as const)(
    "[CB18] that was lost is put back by %s",
    async (method) => {
      await openBy("anthropic");
      await runInDurableObject(healthOf("anthropic"), (_, { storage }) => storage.deleteAlarm());
      await healthOf("anthropic")[method]("anthropic");
      expect(await readAlarm("anthropic")).toBeGreaterThan(Date.now());
    },
  );

  it("[CB18] whose open time passed unnoticed goes on when somebody looks from outside", async () => {
    await openBy("deepseek");
    await healSandbox();
    await forgetOpenTime("deepseek");
    expect((await healthOf("deepseek").ensureProbing("deepseek")).status).toBe("HALF_OPEN");
    await waitForStatus(admin, "deepseek", "CLOSED");
  });

  it("[CB18] [CB5] goes on after a clock that went back by hours", async () => {
    await openBy("deepseek");
    await healSandbox();
    const ahead = Date.now() + 6 * 3_600_000;
    await editStored(
      "deepseek",
      `update circuits set state = json_replace(state, '$.provider.state.openUntilMs', ${ahead}, '$.seenAtMs', ${ahead})`,
      `update alarm set due_at_ms = ${ahead}`,
    );
    await runInDurableObject(healthOf("deepseek"), (_, { storage }) => storage.setAlarm(ahead));
    expect((await healthOf("deepseek").ensureProbing("deepseek")).status).toBe("HALF_OPEN");
    await waitForStatus(admin, "deepseek", "CLOSED");
  });

  it("[CB15] [CB18] a suspicion that a crash left behind is settled by one chain of probes", async () => {
    const stub = healthOf("deepseek");
    await breakProvider("deepseek", { fault: "server-error" });
    await editStored(
      "deepseek",
      `update circuits set state = json_replace(state, '$.provider.state.suspect', json('true'),
         '$.provider.failureCount', 1, '$.seenAtMs', 1)`,
      "insert or replace into alarm (id, due_at_ms) values (0, 1)",
    );
    await runInDurableObject(stub, async (instance) => {
      const startedAtMs: number[] = [];
      const wiring = openWiring(readEnv(instance));
      const probe = wiring.probeProvider;
      const spy = vi.spyOn(wiring, "probeProvider").mockImplementation((...given) => {
        startedAtMs.push(Date.now());
        return probe(...given);
      });
      await instance.alarm();
      spy.mockRestore();
      // One after the other, with the pause in which a blip passes.
      expect(startedAtMs).toHaveLength(2);
      expect((startedAtMs[1] ?? 0) - (startedAtMs[0] ?? 0)).toBeGreaterThanOrEqual(240);
    });
    await waitForStatus(admin, "deepseek", "OPEN");
  });

  it("[CB58] checks an idle provider although its object sleeps between the alarms", async () => {
    await editStored(
      "openai",
      "update circuits set state = json_replace(state, '$.seenAtMs', 1)",
      "insert or replace into alarm (id, due_at_ms) values (0, 1)",
    );
    expect(await runDurableObjectAlarm(healthOf("openai"))).toBe(true);
    const { recentCalls, nextProbeAtMs } = await readCircuit(admin, "openai");
    expect(recentCalls).toMatchObject([{ kind: "probe", ok: true }]);
    expect(nextProbeAtMs).toBeGreaterThan(Date.now() + 30_000);
  });
});

describe("what is stored", () => {
  it("[CB18] [CB24] survives a reset of the object: circuits of provider and models, transitions, alarm", async () => {
    await openBy("openai");
    await healthOf("openai").control("openai", "open", "wrong answers", "ada@example.com", "m");
    const before = await readCircuit(admin, "openai");
    const alarmBefore = await readAlarm("openai");
    await abortAllDurableObjects();
    const aborted = await readCircuit(admin, "openai");
    expect({ ...aborted.snapshot, version: 0 }).toEqual({ ...before.snapshot, version: 0 });
    expect(aborted.snapshot.version).toBeGreaterThanOrEqual(before.snapshot.version);
    expect(await readAlarm("openai")).toBe(alarmBefore);
    await evictDurableObject(healthOf("openai"));
    const after = await readCircuit(admin, "openai");
    expect({ ...after.snapshot, version: 0 }).toEqual({ ...before.snapshot, version: 0 });
    expect(after.transitions).toEqual(before.transitions);
    await act(admin, "openai", "reset", "after the test", "m");
  });

  it("[CB20] the version does not go down with a crash that loses counts", async () => {
    for (let call = 0; call < 30; call += 1) {
      await healthOf("google").reportOutcomes("google", [outcomeOf("success")]);
    }
    const { version } = await healthOf("google").readSnapshot("google");
    await abortAllDurableObjects();
    expect((await healthOf("google").readSnapshot("google")).version).toBeGreaterThanOrEqual(version);
  });

  it("[CB24] [CB21] is parsed when it is read: nonsense is learnt anew, and the numbers go on", async () => {
    const before = await readCircuit(admin, "google");
    await editStored(
      "google",
      "update circuits set state = json_set(state, '$.provider.state.status', 'AJAR')",
    );
    const opened = await act(admin, "google", "open", "for the test");
    expect(opened.snapshot.status).toBe("OPEN");
    expect(opened.transitions[0]?.version).toBe((before.transitions[0]?.version ?? 0) + 1);
    expect(opened.transitions.slice(1)).toEqual(before.transitions.slice(0, 49));
  });

  it("[CB24] takes outcomes of their own shape only, and no more than a report may hold", async () => {
    const good = outcomeOf("success");
    await runInDurableObject(healthOf("google"), async (instance) => {
      const many = Array.from({ length: 201 }, () => good);
      await expect(instance.reportOutcomes("google", many)).rejects.toThrow("Too big");
      await expect(instance.reportOutcomes("google", [{ ...good, latencyMs: -1 }])).rejects.toThrow(
        "Too small",
      );
      await expect(instance.reportOutcomes("google", [good])).resolves.toMatchObject({ status: "CLOSED" });
    });
  });

  it("[CB21] [CB46] transitions of provider and models share one numbering without gaps", async () => {
    const stub = healthOf("deepseek");
    await healSandbox();
    await breakProvider("deepseek", { fault: "server-error" });
    await stub.reportOutcomes("deepseek", [outcomeOf("fatal", { scope: "model", model: "typo" })]);
    await act(admin, "deepseek", "drain", "contract ends");
    await act(admin, "deepseek", "open", "wrong answers", "deepseek-v4-flash");
    await act(admin, "deepseek", "auto", "mended", "deepseek-v4-flash");
    await stub.reportOutcomes("deepseek", [outcomeOf("failure")]);
    await passOpenTime("deepseek");
    const { transitions } = await readCircuit(admin, "deepseek");
    const numbers = transitions.map((transition) => transition.version);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) - index));
    const models = new Set(transitions.map((transition) => transition.model));
    expect(models).toEqual(new Set([null, "typo", "deepseek-v4-flash"]));
  });
});
