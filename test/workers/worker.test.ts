/** The Worker's entries as the platform calls them: the schedule, the doors, and the sandbox's control behind them. */
import {
  createExecutionContext,
  createScheduledController,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import worker from "../../src/worker.ts";
import { act, forgetOpenTime, healthOf, outcomeOf, readCircuit, waitForStatus } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal } from "./sandbox-control.ts";
import { bindings, toFailing } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

const Health = z.object({
  status: z.string(),
  ok: z.boolean(),
  version: z.string(),
  environment: z.string(),
  timestamp: z.iso.datetime(),
  checks: z.record(z.string(), z.object({ status: z.string(), latency_ms: z.number() })),
});
const SandboxState = z.object({
  faults: z.array(z.string()),
  providers: z.array(z.object({ provider: z.string(), fault: z.string().nullable(), requests: z.int() })),
});

let admin: Visitor;
beforeAll(async () => {
  admin = await createAdmin();
});
beforeEach(healSandbox);

async function runSchedule(cron: string, env = bindings): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController({ cron }), env);
  await waitOnExecutionContext(context);
}

/** An open circuit whose time is over and whose alarm is gone. */
async function forget(provider: string): Promise<void> {
  await healthOf(provider).readSnapshot(provider);
  await healthOf(provider).reportOutcomes(provider, [outcomeOf("fatal")]);
  await forgetOpenTime(provider);
}

describe("the schedule", () => {
  it("[CB18] starts every minute what died in silence", async () => {
    for (const provider of ["openai", "google"]) await forget(provider);
    await runSchedule("* * * * *");
    for (const provider of ["openai", "google"]) await waitForStatus(admin, provider, "CLOSED");
    expect((await readCircuit(admin, "openai")).transitions.slice(0, 2).map((one) => one.to)).toEqual([
      "CLOSED",
      "HALF_OPEN",
    ]);
  });

  it("[CB18] is not stopped by one object that cannot be reached", async () => {
    await forget("deepseek");
    const { PROVIDER_HEALTH } = bindings;
    const partial = new Proxy(PROVIDER_HEALTH, {
      get: (namespace, name) =>
        name === "get"
          ? (id: DurableObjectId) => {
              const stub = namespace.get(id);
              return id.equals(namespace.idFromName("anthropic")) ? toRejecting(stub) : stub;
            }
          : (given: string) => namespace.idFromName(given),
    });
    const lines = await collectLog("background_failed", () =>
      runSchedule("* * * * *", { ...bindings, PROVIDER_HEALTH: partial }),
    );
    expect(lines).toMatchObject([
      { level: "error", task: "heal-probes", error: expect.stringContaining("away") },
    ]);
    await waitForStatus(admin, "deepseek", "CLOSED");
  });

  it("[CB18] does nothing at a time that nobody planned", async () => {
    await forget("openai");
    await runSchedule("0 0 1 1 *");
    const state = await runInDurableObject(healthOf("openai"), (_, { storage }) =>
      storage.sql.exec("select state from circuits").one(),
    );
    expect(state["state"]).toContain('"OPEN"');
    await act(admin, "openai", "reset", "after the test");
  });
});

function toRejecting<Stub extends object>(stub: Stub): Stub {
  return new Proxy(stub, {
    get: () => () => Promise.reject(new Error("this object is away, says the test")),
  });
}

describe("the doors", () => {
  it.each(["/health", "/v1/router/health"])("[HT22] %s says how the real parts are", async (path) => {
    const answer = await exports.default.fetch(new Request(ORIGIN + path));
    expect(answer.status).toBe(200);
    const health = Health.parse(await answer.json());
    expect(health).toMatchObject({
      status: "healthy",
      ok: true,
      version: "0.0.0-test",
      environment: "local",
    });
    expect(Object.keys(health.checks).sort()).toEqual(["circuits", "database"]);
  });

  it("[HT1] [HT11] an unknown address of the API is 404, with a request id", async () => {
    const answer = await exports.default.fetch(new Request(`${ORIGIN}/api/v1/nothing`));
    expect(answer.status).toBe(404);
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });
});

describe("the sandbox's control", () => {
  const path = "/api/v1/admin/sandbox";
  const read = async (answer: Response) => SandboxState.parse(await answer.json());

  it("[HT27] shows admins who is broken, and how one can be", async () => {
    await breakProvider("google", { fault: "hang" });
    const state = await read(await admin.call("GET", path));
    expect(state.providers.map(({ provider, fault }) => [provider, fault])).toEqual([
      ["anthropic", null],
      ["openai", null],
      ["google", "hang"],
      ["deepseek", null],
    ]);
    expect(state.faults[0]).toBe("none");
    expect(state.faults).toContain("server-error");
  });

  it("[HT27] breaks one and heals it again", async () => {
    const ada = await createVisitor();
    const broken = await read(await admin.call("PUT", `${path}/openai`, { fault: "bad-request" }));
    expect(broken.providers.find(({ provider }) => provider === "openai")?.fault).toBe("bad-request");
    const body = {
      model: "openai/gpt-6-luna",
      messages: [{ role: "user", content: "Please reply with one" }],
    };
    expect((await ada.call("POST", "/v1/chat/completions", body)).status).toBe(400);
    const healed = await read(await admin.call("PUT", `${path}/openai`, { fault: "none" }));
    expect(healed.providers.every(({ fault }) => fault === null)).toBe(true);
    expect((await ada.call("POST", "/v1/chat/completions", body)).status).toBe(200);
    expect(await readJournal("openai")).toMatchObject([{ outcome: "refused" }, { outcome: "complete" }]);
    expect((await ada.call("GET", path)).status).toBe(403);
  });

  it.each([
    ["mistral", "hang", 404],
    ["openai", "explode", 400],
  ])("[HT27] takes no unknown name: %s %s", async (provider, fault, status) => {
    expect((await admin.call("PUT", `${path}/${provider}`, { fault })).status).toBe(status);
    expect((await read(await admin.call("GET", path))).providers.every((one) => one.fault === null)).toBe(
      true,
    );
  });
});

describe("a platform that fails", () => {
  it("[HT22] [HT23] is 503 with the name of what failed, and no word of why", async () => {
    const context = createExecutionContext();
    const answer = await worker.fetch(
      new Request(`${ORIGIN}/health`),
      { ...bindings, DB: toFailing(bindings.DB) },
      context,
    );
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(Health.parse(JSON.parse(text))).toMatchObject({
      ok: false,
      checks: { circuits: { status: "ok" } },
    });
    expect(text).not.toContain("says the test");
  });
});
