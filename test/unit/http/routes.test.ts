/** Health, account, admin and insight routes. */
import { describe, expect, it } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import type { Services } from "../../../src/http/services.ts";
import type { SandboxControl } from "../../../src/ops/sandbox/client.ts";
import { ApiKeyList, CreatedApiKey, Me } from "../../../src/protocol/account.ts";
import { IntentAnalytics, ProviderAnalytics } from "../../../src/protocol/analytics.ts";
import { CircuitList } from "../../../src/protocol/circuit.ts";
import { PRINCIPAL_HEADER } from "../../../src/auth/principal.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { createFakeWorld, NOW_MS, OWN_ORIGIN } from "./fake-services.ts";
import type { FakeOptions } from "./fake-services.ts";

function start(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const app = createApp(world.services);
  const call = async (who: string | null, method: string, path: string, body?: unknown, headers = {}) =>
    app.request(
      new Request(OWN_ORIGIN + path, {
        method,
        body: body === undefined ? null : JSON.stringify(body),
        headers: {
          origin: OWN_ORIGIN,
          "content-type": "application/json",
          ...(who === null ? {} : { cookie: `who=${who}` }),
          ...headers,
        },
      }),
    );
  return { ...world, app, call };
}

describe("health", () => {
  it("[HT22] says a word for each dependency", async () => {
    const { call } = start();
    for (const path of ["/health", "/v1/router/health"]) {
      const answer = await call(null, "GET", path);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({
        status: "healthy",
        ok: true,
        version: "1.2.3",
        environment: "local",
        timestamp: new Date(NOW_MS).toISOString(),
        checks: { d1: { status: "ok", latency_ms: 0 } },
      });
    }
  });

  it("[HT22] is 503 when one of them fails, and keeps the reason to the log", async () => {
    const checks = { d1: () => Promise.resolve(), circuits: () => Promise.reject(new Error("at 10.0.0.1")) };
    const { call, linesOf } = start({ overrides: { healthChecks: checks } });
    const answer = await call(null, "GET", "/health");
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      status: "unhealthy",
      ok: false,
      checks: { d1: { status: "ok" }, circuits: { status: "failed" } },
    });
    expect(text).not.toContain("10.0.0.1");
    expect(linesOf("background_failed")).toEqual([{ task: "health:circuits", error: "Error: at 10.0.0.1" }]);
  });

  it("[HT23] waits a second for all of them together, no longer", async () => {
    let nowMs = NOW_MS;
    const slept: number[] = [];
    const clock: Services["clock"] = {
      nowMs: () => nowMs,
      sleep: async (durationMs) => {
        slept.push(durationMs);
        // Every check has begun before time passes.
        await Promise.resolve();
        nowMs = NOW_MS + durationMs;
      },
      startTimer: () => () => undefined,
    };
    const never = () => new Promise<void>(() => undefined);
    const { call } = start({ overrides: { clock, healthChecks: { one: never, two: never } } });
    const answer = await call(null, "GET", "/health");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      checks: { one: { status: "failed", latency_ms: 1000 }, two: { status: "failed", latency_ms: 1000 } },
    });
    expect(slept).toEqual([1000, 1000]);
  });

  it("[OP60] looks once a second however often it is asked, and at once when the clock went back", async () => {
    const { services } = createFakeWorld();
    let nowMs = NOW_MS;
    let looks = 0;
    const check = (): Promise<void> => {
      looks += 1;
      return looks === 1 ? Promise.resolve() : Promise.reject(new Error("away"));
    };
    const clock = { ...services.clock, nowMs: () => nowMs };
    const { call } = start({ overrides: { clock, healthChecks: { d1: check } } });
    const askAt = async (atMs: number): Promise<[number, number]> => {
      nowMs = NOW_MS + atMs;
      return [(await call(null, "GET", "/health")).status, looks];
    };
    expect(await askAt(0)).toEqual([200, 1]);
    expect(await askAt(999)).toEqual([200, 1]);
    expect(await askAt(1_000)).toEqual([503, 2]);
    expect(await askAt(1_500)).toEqual([503, 2]);
    expect((await call(null, "GET", "/v1/router/health")).status).toBe(503);
    expect(looks).toBe(2);
    expect(await askAt(-60_000)).toEqual([503, 3]);
  });

  it("[OP60] gives nobody an old answer because somebody who looked has gone away", async () => {
    const { services } = createFakeWorld();
    let nowMs = NOW_MS;
    let isGone = false;
    const check = (): Promise<void> => (isGone ? new Promise(() => undefined) : Promise.resolve());
    const clock = { ...services.clock, nowMs: () => nowMs };
    const { call } = start({ overrides: { clock, healthChecks: { d1: check } } });
    await call(null, "GET", "/health");
    isGone = true;
    for (nowMs = NOW_MS + 1_000; nowMs <= NOW_MS + 3_000; nowMs += 1_000) void call(null, "GET", "/health");
    isGone = false;
    nowMs = NOW_MS + 3_500;
    const answer = await call(null, "GET", "/health");
    expect(await answer.json()).toMatchObject({ ok: true, timestamp: new Date(nowMs).toISOString() });
  });
});

describe("account", () => {
  it("[HT24] tells a person who they are", async () => {
    const { call } = start();
    const me = Me.parse(await (await call("alice", "GET", "/api/v1/me")).json());
    expect(me).toEqual({
      user: { id: "user_alice", email: "alice@example.com", name: "Alice", role: "member" },
      organization: { id: "org_a", name: "Alice" },
      sandbox: true,
      environment: "local",
    });
  });

  it("[HT25] shows a key once and forgets a revoked one at once", async () => {
    const { call, asked } = start();
    const made = await call("alice", "POST", "/api/v1/keys", { name: " CI " });
    expect(made.status).toBe(201);
    expect(CreatedApiKey.parse(await made.json())).toMatchObject({ name: "CI", key: "bw_secret" });
    const text = await (await call("alice", "GET", "/api/v1/keys")).text();
    expect(ApiKeyList.parse(JSON.parse(text)).keys).toHaveLength(1);
    expect(text).not.toContain("bw_secret");
    expect((await call("alice", "DELETE", "/api/v1/keys/key_1")).status).toBe(204);
    expect((await call("alice", "DELETE", "/api/v1/keys/key_2")).status).toBe(404);
    expect(asked).toEqual(["revoke key_1", "forget key_1", "revoke key_2"]);
    expect((await call("alice", "POST", "/api/v1/keys", { name: "one too many" })).status).toBe(409);
  });
});

describe("admin", () => {
  it("[HT26] lists circuits and notes who acted, and why", async () => {
    const { call, asked } = start();
    const list = CircuitList.parse(await (await call("admin", "GET", "/api/v1/admin/circuits")).json());
    expect(list.circuits.map((circuit) => circuit.snapshot.provider)).toEqual(["openai"]);
    const path = "/api/v1/admin/circuits";
    expect((await call("admin", "POST", `${path}/openai/reset`, { reason: "it is back" })).status).toBe(200);
    expect(asked).toEqual(["act openai reset it is back alice@example.com"]);
    expect((await call("admin", "POST", `${path}/nobody/reset`, { reason: "it is back" })).status).toBe(404);
    expect((await call("admin", "POST", `${path}/openai/explode`, { reason: "it is back" })).status).toBe(
      404,
    );
    expect((await call("admin", "POST", `${path}/OPENAI'--/reset`, { reason: "it is back" })).status).toBe(
      404,
    );
    expect((await call("admin", "POST", `${path}/openai/open`, { reason: "" })).status).toBe(400);
    expect(asked).toHaveLength(2);
  });

  it("[HT26] acts on one model of a provider when it is named", async () => {
    const { call, asked } = start();
    const body = { reason: "answers garbage", model: "gpt-6-sol" };
    expect((await call("admin", "POST", "/api/v1/admin/circuits/openai/drain", body)).status).toBe(200);
    expect(asked).toEqual(["act openai/gpt-6-sol drain answers garbage alice@example.com"]);
  });

  it("[HT60] changes a policy for admins only; a wrong number is named and nothing is changed", async () => {
    const { call, asked } = start();
    const path = "/api/v1/admin/circuits/openai/policy";
    const body = { policy: { failureThreshold: 5 }, reason: "it flaps" };
    expect((await call("alice", "PUT", path, body)).status).toBe(403);
    expect((await call("admin", "PUT", path, body)).status).toBe(200);
    const wrong = await call("admin", "PUT", path, { policy: { surprise: 1 }, reason: "it flaps" });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      issues: [{ path: "policy", message: expect.stringContaining("surprise") }],
    });
    expect((await call("admin", "PUT", path, { policy: { failureThreshold: 5 } })).status).toBe(400);
    expect((await call("admin", "PUT", "/api/v1/admin/circuits/nobody/policy", body)).status).toBe(404);
    expect(asked).toEqual([
      'policy openai {"failureThreshold":5} it flaps alice@example.com',
      'policy openai {"surprise":1} it flaps alice@example.com',
      'policy nobody {"failureThreshold":5} it flaps alice@example.com',
    ]);
  });

  it("[HT26] opens the live socket for admins only, and tells the object who it is", async () => {
    const { call, objectRequests } = start();
    const upgrade = { upgrade: "websocket", connection: "Upgrade", [PRINCIPAL_HEADER]: "forged" };
    expect((await call("alice", "GET", "/api/v1/admin/live", undefined, upgrade)).status).toBe(403);
    expect((await call("admin", "GET", "/api/v1/admin/live")).status).toBe(426);
    expect((await call("admin", "GET", "/api/v1/admin/live", undefined, upgrade)).status).toBe(200);
    const foreign = { ...upgrade, origin: "https://evil.example" };
    expect((await call("admin", "GET", "/api/v1/admin/live", undefined, foreign)).status).toBe(403);
    expect(objectRequests.map((request) => request.headers.get(PRINCIPAL_HEADER))).toEqual([
      '{"userId":"user_admin","organizationId":"org_a","credential":{"kind":"sign-in","id":"sign_in_alice"}}',
    ]);
  });

  it("[HT27] breaks a stand-in, where there are stand-ins", async () => {
    const state = { providers: [{ provider: "openai", fault: null, requests: 0 }], faults: ["none", "hang"] };
    const set: string[] = [];
    const sandboxControl: SandboxControl = {
      list: () => Promise.resolve(state),
      setFault: (provider, fault) => {
        set.push(`${provider} ${fault}`);
        if (provider !== "openai") return Promise.resolve(fail("unknown-provider"));
        return Promise.resolve(fault === "hang" ? succeed(state) : fail("unknown-fault"));
      },
    };
    const { call } = start({ overrides: { sandboxControl } });
    const path = "/api/v1/admin/sandbox";
    expect(await (await call("admin", "GET", path)).json()).toEqual(state);
    expect((await call("admin", "PUT", `${path}/openai`, { fault: "hang" })).status).toBe(200);
    expect((await call("admin", "PUT", `${path}/openai`, { fault: "explode" })).status).toBe(400);
    expect((await call("admin", "PUT", `${path}/nobody`, { fault: "hang" })).status).toBe(404);
    expect(set).toEqual(["openai hang", "openai explode", "nobody hang"]);
    const without = start();
    expect((await without.call("admin", "GET", path)).status).toBe(404);
    expect((await without.call("admin", "PUT", `${path}/openai`, { fault: "hang" })).status).toBe(404);
  });
});

describe("insight", () => {
  const id = `sel_${"0".repeat(26)}`;

  it("[HT28] shows members and programs their organization's selections, admins all", async () => {
    const { call, asked } = start();
    await call("alice", "GET", `/api/v1/selections?provider=openai&status=failed&since=2026-11-01&limit=10`);
    await call("admin", "GET", "/api/v1/selections");
    await call("alice", "GET", `/api/v1/selections/${id}`);
    await call("admin", "GET", `/api/v1/selections/${id}`);
    await call(null, "GET", `/api/v1/selections/${id}`, undefined, { authorization: "Bearer program" });
    expect(asked).toEqual([
      `selections ${JSON.stringify({
        provider: "openai",
        status: "failed",
        organizationId: "org_a",
        sinceMs: Date.parse("2026-11-01"),
        limit: 10,
      })}`,
      'selections {"organizationId":null,"limit":50}',
      `selection org_a ${id}`,
      `selection all ${id}`,
      `selection org_a ${id}`,
    ]);
    expect((await call("alice", "GET", "/api/v1/selections/1%20or%201=1")).status).toBe(404);
    expect((await call("alice", "GET", "/api/v1/selections?cursor=broken")).status).toBe(400);
    expect((await call("alice", "GET", "/api/v1/selections?status=fine")).status).toBe(400);
  });

  it("[HT29] counts thirty days and 5000 selections unless told otherwise", async () => {
    const { call, asked } = start();
    const answer = await call("alice", "GET", "/api/v1/analytics/providers");
    expect(ProviderAnalytics.parse(await answer.json())).toMatchObject({
      since: "2026-10-21T12:00:00.000Z",
      total: 0,
    });
    await call("admin", "GET", "/api/v1/analytics/intents?since=2026-11-19T12:00:00%2B02:00&limit=7");
    expect(asked).toEqual([
      `counted {"organizationId":"org_a","sinceMs":${NOW_MS - 30 * 86_400_000},"limit":5000}`,
      `counted {"organizationId":null,"sinceMs":${Date.parse("2026-11-19T10:00:00Z")},"limit":7}`,
    ]);
    for (const query of ["limit=5001", "limit=0", "since=yesterday"]) {
      expect((await call("alice", "GET", `/api/v1/analytics/providers?${query}`)).status).toBe(400);
    }
  });

  it.each([
    ["2026-11-19", "2026-11-19T00:00:00.000Z"],
    ["2026-11-19T12:00:00", "2026-11-19T12:00:00.000Z"],
    ["2026-11-19T12:00:00.123456", "2026-11-19T12:00:00.123Z"],
    ["2026-11-19T12:00", "2026-11-19T12:00:00.000Z"],
    ["2026-11-19T12:00:00-02:00", "2026-11-19T14:00:00.000Z"],
  ])("[HT321] counts since %s, which is %s", async (since, counted) => {
    const { call } = start();
    const answer = await call("alice", "GET", `/api/v1/analytics/intents?since=${encodeURIComponent(since)}`);
    expect(await answer.json()).toMatchObject({ since: counted });
    const selections = await call("alice", "GET", `/api/v1/selections?since=${encodeURIComponent(since)}`);
    expect(selections.status).toBe(200);
  });

  it("[HT29] gives the figures with each circuit, and without them when no circuit answers", async () => {
    const counted = [
      {
        provider: "openai",
        model: "a",
        intent: "code",
        mode: "auto",
        status: "complete",
        affinity: false,
        firstTokenMs: 100,
        inputTokens: 1,
        outputTokens: 2,
        costMicroUsd: 3,
      },
    ];
    const { call } = start({ counted });
    const answer = await call("alice", "GET", "/api/v1/analytics/providers");
    expect(ProviderAnalytics.parse(await answer.json()).providers[0]).toMatchObject({
      circuit: "OPEN",
      requests: 1,
    });
    const intents = IntentAnalytics.parse(
      await (await call("alice", "GET", "/api/v1/analytics/intents")).json(),
    );
    expect(intents.intents[0]?.breakdown).toEqual([{ provider: "openai", mode: "auto", requests: 1 }]);

    const { services } = createFakeWorld();
    const circuits = { ...services.circuits, list: () => Promise.reject(new Error("unreachable")) };
    const without = start({ counted, overrides: { circuits } });
    const blind = await without.call("alice", "GET", "/api/v1/analytics/providers");
    expect(ProviderAnalytics.parse(await blind.json()).providers[0]?.circuit).toBeNull();
    expect(without.linesOf("background_failed")).toHaveLength(1);
  });
});
