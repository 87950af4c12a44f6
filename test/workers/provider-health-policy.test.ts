/** Policy, permits, single models and regions of a health object in workerd, through the admins' door and by RPC. */
import { abortAllDurableObjects } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_CIRCUIT_POLICY } from "../../src/circuit/policy.ts";
import { CircuitDetail } from "../../src/protocol/circuit.ts";
import {
  act,
  forgetOpenTime,
  healthOf,
  openConsole,
  outcomeOf,
  PROVIDERS,
  readCircuit,
  waitForStatus,
} from "./sandbox-circuits.ts";
import { healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createAdmin, createVisitor, Visitor } from "./sandbox-people.ts";

let admin: Visitor;
let ada: Awaited<ReturnType<typeof createVisitor>>;
beforeAll(async () => {
  [admin, ada] = await Promise.all([createAdmin(), createVisitor()]);
});
beforeEach(async () => {
  await healSandbox();
  for (const provider of PROVIDERS) await act(admin, provider, "reset", "a new test");
});

const policyPath = (provider: string): string => `/api/v1/admin/circuits/${provider}/policy`;

describe("a provider's policy", () => {
  it("[CB54] is changed by an admin without a deploy, on record with who, when and why, beyond a crash", async () => {
    const startedAtMs = Date.now();
    const body = { reason: "they flap", policy: { failureThreshold: 5, openBaseMs: 7_000 } };
    const answer = await admin.call("PUT", policyPath("google"), body);
    expect(answer.status).toBe(200);
    const changed = CircuitDetail.parse(await answer.json());
    expect(changed.policy).toEqual({ ...DEFAULT_CIRCUIT_POLICY, failureThreshold: 5, openBaseMs: 7_000 });
    expect(changed.snapshot.failureThreshold).toBe(5);
    const record = changed.policyChanges.at(-1);
    expect(record).toMatchObject({ actor: "admin@example.com", reason: "they flap", change: body.policy });
    expect(record?.atMs).toBeGreaterThanOrEqual(startedAtMs);
    await abortAllDurableObjects();
    const after = await readCircuit(admin, "google");
    expect(after.policy).toEqual(changed.policy);
    expect(after.policyChanges).toEqual(changed.policyChanges);
    expect((await readCircuit(admin, "openai")).policy).toEqual(DEFAULT_CIRCUIT_POLICY);
    await admin.call("PUT", policyPath("google"), {
      reason: "as before",
      policy: { ...DEFAULT_CIRCUIT_POLICY },
    });
  });

  it("[CB54] [CB27] is shown to every console when it changes", async () => {
    const console = await openConsole(admin);
    await console.waitFor((frame) => frame.type === "hello");
    await admin.call("PUT", policyPath("deepseek"), { reason: "they flap", policy: { failureThreshold: 9 } });
    const told = await console.waitFor(
      (frame) => frame.type === "circuit" && frame.detail.policy["failureThreshold"] === 9,
    );
    expect(told).toMatchObject({ detail: { snapshot: { provider: "deepseek", failureThreshold: 9 } } });
    console.close();
  });

  it.each([
    ["a number that cannot be", { reason: "because", policy: { failureThreshold: 0 } }, 400],
    ["numbers that contradict each other", { reason: "because", policy: { openBaseMs: 400_000 } }, 400],
    ["a number that nobody knows", { reason: "because", policy: { patience: 3 } }, 400],
    ["text for a number", { reason: "because", policy: { failureThreshold: "5" } }, 400],
    ["no reason", { policy: { failureThreshold: 5 } }, 400],
  ])("[CB54] refuses %s, and nothing is changed", async (_, body, status) => {
    const before = await readCircuit(admin, "openai");
    const answer = await admin.call("PUT", policyPath("openai"), body);
    expect(answer.status).toBe(status);
    const after = await readCircuit(admin, "openai");
    expect([after.policy, after.policyChanges, after.snapshot.version]).toEqual([
      before.policy,
      before.policyChanges,
      before.snapshot.version,
    ]);
  });

  it("[CB54] says which number is wrong, and how", async () => {
    const answer = await admin.call("PUT", policyPath("openai"), {
      reason: "because",
      policy: { bucketMs: 40_000 },
    });
    expect(await answer.text()).toContain("bucketMs: a window needs at least two buckets");
  });

  it("[CB54] is for admins, and for providers that are there", async () => {
    const body = { reason: "because", policy: { failureThreshold: 5 } };
    expect((await ada.call("PUT", policyPath("openai"), body)).status).toBe(403);
    expect((await new Visitor({}).call("PUT", policyPath("openai"), body)).status).toBe(401);
    expect((await admin.call("PUT", policyPath("mistral"), body)).status).toBe(404);
    expect((await readCircuit(admin, "openai")).policyChanges).toEqual([]);
  });
});

describe("half-open", () => {
  it.each([undefined, "gpt-6-luna"])(
    "[CB6] of 1,000 requests for a permit at the same moment exactly one is granted (model %s)",
    async (model) => {
      const stub = healthOf("openai");
      await act(admin, "openai", "open", "for the test", model);
      await act(admin, "openai", "auto", "for the test", model);
      await forgetOpenTime("openai");
      const granted = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) =>
          stub.requestPermit("openai", model ?? null, `permit_${index}`),
        ),
      );
      expect(granted.filter(Boolean)).toHaveLength(1);
      await abortAllDurableObjects();
      expect(await healthOf("openai").requestPermit("openai", model ?? null, "permit_late")).toBe(false);
    },
  );

  it("[CB6] [CB18] many who look at the same moment make one probe", async () => {
    await act(admin, "openai", "open", "for the test");
    await act(admin, "openai", "auto", "for the test");
    await Promise.all(Array.from({ length: 50 }, () => healthOf("openai").ensureProbing("openai")));
    await waitForStatus(admin, "openai", "CLOSED");
    expect(await readJournal("openai")).toHaveLength(1);
  });
});

describe("one model", () => {
  const ask = (model: string) =>
    ada.call("POST", "/v1/chat/completions", {
      model,
      messages: [{ role: "user", content: "Please reply with one" }],
    });

  it("[CB56] [CB46] [CB50] is opened by an admin: no call reaches it, and the others serve on", async () => {
    const opened = await act(admin, "openai", "open", "wrong answers", "gpt-6-luna");
    expect(opened.snapshot).toMatchObject({
      status: "CLOSED",
      mode: "auto",
      models: [{ model: "gpt-6-luna", status: "OPEN", mode: "forced-open", openUntilMs: null }],
    });
    expect(opened.transitions[0]).toMatchObject({
      model: "gpt-6-luna",
      actor: "admin@example.com",
      reason: "admin@example.com: wrong answers",
    });
    await waitUntil(
      () => ask("openai/gpt-6-luna"),
      (answer) => answer.status !== 200,
    );
    await healSandbox();
    expect((await ask("openai/gpt-6-luna")).status).not.toBe(200);
    expect(await readJournal("openai")).toEqual([]);
    expect((await ask("openai/gpt-6-sol")).status).toBe(200);
    await act(admin, "openai", "reset", "mended", "gpt-6-luna");
    await waitUntil(
      () => ask("openai/gpt-6-luna"),
      (answer) => answer.status === 200,
    );
  });

  it("[CB56] [CB27] is told to the console within a second", async () => {
    const console = await openConsole(admin);
    await console.waitFor((frame) => frame.type === "hello");
    await act(admin, "google", "open", "wrong answers", "gemini-3.5-flash-lite");
    const told = await console.waitFor(
      (frame) =>
        frame.type === "circuit" && frame.detail.snapshot.models.some((one) => one.status === "OPEN"),
    );
    const receivedAtMs = Date.now();
    const [transition] = told.type === "circuit" ? told.detail.transitions : [];
    expect(transition).toMatchObject({ model: "gemini-3.5-flash-lite", to: "OPEN" });
    expect(receivedAtMs - (transition?.atMs ?? 0)).toBeLessThan(1_000);
    console.close();
  });

  it.each([
    ["a name that is none", { reason: "because", model: "" }, 400],
    ["a name that is too long", { reason: "because", model: "m".repeat(201) }, 400],
  ])("[CB56] is refused by %s", async (_, body, status) => {
    expect((await admin.call("POST", "/api/v1/admin/circuits/openai/open", body)).status).toBe(status);
  });

  it("[CB53] [CB49] a caller who makes names up opens them alone", async () => {
    const names = [
      "constructor",
      "__proto__",
      ...Array.from({ length: 70 }, (_, index) => `made-up-${index}`),
    ];
    const outcomes = names.map((model) => outcomeOf("fatal", { model, scope: "model" }));
    const snapshot = await healthOf("deepseek").reportOutcomes("deepseek", outcomes);
    expect(snapshot.status).toBe("CLOSED");
    expect(snapshot.models.length).toBeLessThanOrEqual(64);
    expect((await readCircuit(admin, "deepseek")).snapshot.status).toBe("CLOSED");
  });
});

describe("draining", () => {
  it("[CB55] is set by an admin, seen by everybody, and goes on by the circuit's own rules", async () => {
    const drained = await act(admin, "google", "drain", "contract ends");
    expect(drained.snapshot).toMatchObject({ status: "CLOSED", mode: "draining" });
    expect(drained.transitions[0]).toMatchObject({
      from: "CLOSED",
      to: "CLOSED",
      actor: "admin@example.com",
    });
    const failed = await healthOf("google").reportOutcomes("google", [outcomeOf("fatal")]);
    expect(failed).toMatchObject({ status: "OPEN", mode: "draining" });
    expect((await act(admin, "google", "auto", "contract renewed")).snapshot.mode).toBe("auto");
  });
});

describe("regions", () => {
  it("[CB60] [CB61] [CB54] objects of regions tell the world, and hear from it what holds everywhere", async () => {
    const [weur, enam] = ["openai@weur", "openai@enam"] as const;
    for (const name of [weur, enam]) await healthOf(name).readSnapshot(name);
    await healthOf(weur).reportOutcomes(weur, [outcomeOf("fatal")]);
    await waitUntil(
      () => readCircuit(admin, "openai"),
      (circuit) => circuit.regions.some(({ region, status }) => region === "weur" && status === "OPEN"),
    );
    expect((await readCircuit(admin, "openai")).snapshot.status).toBe("CLOSED");
    expect((await healthOf(enam).readSnapshot(enam)).status).toBe("CLOSED");
    await healthOf(enam).reportOutcomes(enam, [outcomeOf("fatal")]);
    await waitUntil(
      () => readCircuit(admin, "openai"),
      (circuit) => circuit.snapshot.status === "OPEN" && circuit.snapshot.reason.includes("down everywhere"),
    );
    await act(admin, "openai", "reset", "mended");
    // Each region tells the world, and the world the others, a moment later.
    for (const name of [weur, enam, "openai"]) {
      await waitUntil(
        () => healthOf(name).readSnapshot(name),
        (snapshot) => snapshot.status === "CLOSED",
      );
    }
  });
});
