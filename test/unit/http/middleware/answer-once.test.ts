/** Repeats under a key, with the store in memory. How D1 keeps them apart is in test/workers/idempotency.test.ts. */
import { Hono } from "hono";
import { describe, expect, it, vi } from "vitest";
import { OrganizationIdText } from "../../../../src/auth/principal.ts";
import type { AppContext, AppEnv } from "../../../../src/http/app-env.ts";
import { answerOnce } from "../../../../src/http/middleware/idempotency/answer-once.ts";
import { toKeptAnswer } from "../../../../src/http/middleware/idempotency/kept-answer.ts";
import type {
  CallClaim,
  IdempotentCallStore,
  KeptCallAnswer,
} from "../../../../src/http/middleware/idempotency/store.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { PROGRAM, toCountingSource } from "../fake-services.ts";

interface Row {
  readonly call: CallClaim;
  busyUntilMs: number;
  answer: KeptCallAnswer | null;
}

function createMemoryStore(rows: Map<string, Row>): IdempotentCallStore {
  const at = ({ organizationId, path, key }: CallClaim): string => `${organizationId} ${path} ${key}`;
  return {
    claim: (call, { nowMs, busyUntilMs }) => {
      const row = rows.get(at(call));
      const isDead = row?.answer === null && row.busyUntilMs <= nowMs && row.call.bodyHash === call.bodyHash;
      if (row !== undefined && !isDead) {
        return Promise.resolve({ type: "taken", bodyHash: row.call.bodyHash, answer: row.answer });
      }
      rows.set(at(call), { call, busyUntilMs, answer: null });
      return Promise.resolve({ type: "claimed", first: row?.call.claim ?? call.claim });
    },
    extend: (call, busyUntilMs) => {
      const row = rows.get(at(call));
      if (row !== undefined) row.busyUntilMs = busyUntilMs;
      return Promise.resolve();
    },
    finish: (call, answer) => {
      const row = rows.get(at(call));
      if (row !== undefined) row.answer = answer;
      return Promise.resolve();
    },
    release: (call) => {
      rows.delete(at(call));
      return Promise.resolve();
    },
    deleteExpired: () => Promise.resolve(0),
  };
}

const PATH = "/v1/chat/completions";
const ATTEMPTED = { "x-breakwater-attempts": "1" };
type Handler = (context: AppContext, count: number) => Response | Promise<Response>;

function createDoor(handler: Handler, changes: Partial<IdempotentCallStore> = {}) {
  const rows = new Map<string, Row>();
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const pending: Promise<unknown>[] = [];
  let count = 0;
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set("requestId", "req_1");
    context.set("log", log);
    const organizationId = OrganizationIdText.parse(context.req.header("who") ?? "org_a");
    context.set("principal", { ...PROGRAM, organizationId });
    await next();
  });
  const deps = {
    clock,
    idSource: toCountingSource(),
    idempotentCalls: { ...createMemoryStore(rows), ...changes },
    waitUntil: (work: Promise<unknown>) => void pending.push(work),
  };
  app.use("/v1/*", answerOnce(deps, 1_000));
  app.post("/v1/*", (context) => {
    count += 1;
    return handler(context, count);
  });
  const ask = (
    key: string,
    body: unknown = { a: 1 },
    more: RequestInit & { path?: string; who?: string } = {},
  ) => {
    const { path = PATH, who = "org_a", ...init } = more;
    const headers = { "content-type": "application/json", "idempotency-key": key, who };
    return app.request(path, { method: "POST", headers, body: JSON.stringify(body), ...init });
  };
  return { ask, app, rows, log, clock, pending, count: () => count };
}

const give: Handler = (context, count) =>
  context.json({ count }, 200, { ...ATTEMPTED, "set-cookie": "no=1" });

describe("a call under a key", () => {
  it("[HT150] is made once; its repeats are given status, body and our headers", async () => {
    const { ask, count } = createDoor(give);
    const first = await ask("k");
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    const repeat = await ask("k");
    expect([repeat.status, await repeat.json()]).toEqual([200, { count: 1 }]);
    expect(Object.fromEntries(repeat.headers)).toEqual({
      "content-type": "application/json",
      "x-breakwater-attempts": "1",
      "idempotent-replayed": "true",
    });
    expect(await first.json()).toEqual({ count: 1 });
    expect(count()).toBe(1);
  });

  it("[HT155] is another's, or another, where organization, address or key differ", async () => {
    const { ask, count } = createDoor(give);
    await ask("k");
    await ask("k", { a: 1 }, { who: "org_b" });
    await ask("k", { a: 1 }, { path: "/v1/messages" });
    await ask("K");
    expect(count()).toBe(4);
  });

  it("[HT150] does nothing without the header", async () => {
    const away = () => Promise.reject(new Error("nobody may ask the store"));
    const { app, count } = createDoor(give, { claim: away });
    for (let times = 0; times < 2; times += 1) await app.request(PATH, { method: "POST" });
    expect(count()).toBe(2);
  });

  it("[HT151] is refused with another body", async () => {
    const { ask, count } = createDoor(give);
    await ask("k");
    const refused = await ask("k", { a: 2 });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      error: { param: "idempotency-key", code: "idempotency_key_reused" },
    });
    expect(count()).toBe(1);
  });

  it.each(["", "x".repeat(256), "tab\there", "naïve"])("[HT151] is refused under %j", async (key) => {
    const { ask, count } = createDoor(give);
    const refused = await ask(key);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { param: "idempotency-key" } });
    expect(count()).toBe(0);
  });

  it("[HT150] takes every printable key, in quotes or bare", async () => {
    const { ask, count } = createDoor(give);
    for (const key of ["!", '"8e03978e-40d5"', "8e03978e-40d5", "x".repeat(255), "a b"]) {
      expect((await ask(key)).status).toBe(200);
    }
    expect(count()).toBe(5);
  });

  it("[HT151] is refused for a stream, by name, and nobody is asked", async () => {
    const { ask, count, rows } = createDoor(give);
    const refused = await ask("k", { stream: true });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { param: "idempotency-key" } });
    expect([count(), rows.size]).toEqual([0, 0]);
    expect((await ask("k", { stream: false })).status).toBe(200);
  });

  it("[HT155] is refused above the limit of a body, and leaves nothing", async () => {
    const { ask, rows } = createDoor(give);
    expect((await ask("k", { a: "x".repeat(1_000) })).status).toBe(413);
    expect(rows.size).toBe(0);
  });
});

describe("a first call that still runs", () => {
  it("[HT152] keeps its repeats waiting", async () => {
    const gate = Promise.withResolvers<undefined>();
    const { ask, clock, count } = createDoor(async (context) => {
      await gate.promise;
      return context.json({}, 200, ATTEMPTED);
    });
    const first = ask("k");
    await clock.settle();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const refused = await ask("k");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "2"]);
    // However long it takes: it says again and again that it runs.
    await clock.advance(120_000);
    expect((await ask("k")).status).toBe(409);
    gate.resolve(undefined);
    expect((await first).status).toBe(200);
    expect((await ask("k")).headers.get("idempotent-replayed")).toBe("true");
    expect([count(), clock.pendingTimers]).toEqual([1, 0]);
  });

  it("[HT154] is not stopped by its caller's going away", async () => {
    const going = new AbortController();
    const { ask, pending } = createDoor(async (context) => {
      going.abort();
      await Promise.resolve();
      return context.json({ aborted: context.req.raw.signal.aborted }, 200, ATTEMPTED);
    });
    await ask("k", { a: 1 }, { signal: going.signal });
    await Promise.all(pending);
    expect(await (await ask("k")).json()).toEqual({ aborted: false });
  });

  it("[HT340] is stopped 25 seconds after its caller has gone, and its key is free again", async () => {
    const going = new AbortController();
    const untilStopped: Handler = async (context) => {
      const { signal } = context.req.raw;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return context.json({}, 503, ATTEMPTED);
    };
    const { ask, clock, pending, rows } = createDoor((context, times) =>
      times === 1 ? untilStopped(context, times) : give(context, times),
    );
    const first = ask("k", { a: 1 }, { signal: going.signal });
    await vi.waitFor(() => expect(rows.size).toBe(1));
    await clock.advance(60_000);
    going.abort();
    await clock.advance(24_000);
    expect((await ask("k")).status).toBe(409);
    await clock.advance(1_000);
    expect((await first).status).toBe(503);
    await Promise.all(pending);
    expect(await (await ask("k")).json()).toEqual({ count: 2 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("[HT340] that ends in time leaves nothing behind, whether its caller has gone or not", async () => {
    for (const goes of [true, false]) {
      const going = new AbortController();
      const { ask, clock, pending } = createDoor((context, times) => {
        if (goes) going.abort();
        return give(context, times);
      });
      await ask("k", { a: 1 }, { signal: going.signal });
      await Promise.all(pending);
      going.abort();
      expect(clock.pendingTimers).toBe(0);
    }
  });
});

describe("a first call that came to nothing", () => {
  it.each([500, 502, 503, 504, 408, 409, 425, 429])("[HT153] with %i may be made again", async (status) => {
    const { ask, count } = createDoor(() => Response.json({}, { status, headers: ATTEMPTED }));
    await ask("k");
    expect((await ask("k")).headers.get("idempotent-replayed")).toBeNull();
    expect(count()).toBe(2);
  });

  it("[HT153] because it was refused unasked may be corrected under the same key", async () => {
    const { ask, count } = createDoor((context, times) =>
      times === 1 ? context.json({}, 400) : give(context, times),
    );
    expect((await ask("k", { a: 1 })).status).toBe(400);
    expect((await ask("k", { a: 2 })).status).toBe(200);
    expect(count()).toBe(2);
  });

  it("[HT153] because a provider refused it is not asked again", async () => {
    const { ask, count } = createDoor((context) => context.json({ error: {} }, 400, ATTEMPTED));
    await ask("k");
    expect((await ask("k")).status).toBe(400);
    expect(count()).toBe(1);
  });

  it("[HT153] by a bug of ours may be made again", async () => {
    const { ask, count, rows } = createDoor(() => {
      throw new Error("a bug, thrown by the test");
    });
    expect((await ask("k")).status).toBe(500);
    expect(rows.size).toBe(0);
    await ask("k");
    expect(count()).toBe(2);
  });

  it("[HT153] because its Worker died is free half a minute later, for the same body alone", async () => {
    const { ask, rows, clock, count } = createDoor(give, {
      finish: () => Promise.reject(new Error("dies here")),
    });
    await ask("k");
    expect(rows.size).toBe(1);
    await clock.advance(29_000);
    expect((await ask("k")).status).toBe(409);
    await clock.advance(1_000);
    expect((await ask("k", { a: 2 })).status).toBe(422);
    expect((await ask("k")).status).toBe(200);
    expect(count()).toBe(2);
  });
});

describe("an answer", () => {
  it("[HT155] that is too large is given, and its repeats are told so", async () => {
    const { ask, count } = createDoor((context) => context.text("🌊".repeat(250_001), 200, ATTEMPTED));
    expect((await (await ask("k")).text()).length).toBe(500_002);
    const repeat = await ask("k");
    expect(repeat.status).toBe(409);
    expect(repeat.headers.get("retry-after")).toBeNull();
    expect(count()).toBe(1);
    expect(toKeptAnswer(new Response(), "x".repeat(1_000_000)).bytes).toBe(1_000_000);
  });

  it("[HT150] that cannot be kept is given all the same, and the log knows", async () => {
    const { ask, log } = createDoor(give, { finish: () => Promise.reject(new Error("away")) });
    expect(await (await ask("k")).json()).toEqual({ count: 1 });
    expect(log.of("background_failed")).toMatchObject([{ fields: { task: "idempotency-keep" } }]);
  });
});
