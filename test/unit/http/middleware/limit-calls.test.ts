/** A minute's calls: how they are counted, what is told of them, and what happens with one too many. */
import fc from "fast-check";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { OrganizationIdText } from "../../../../src/auth/principal.ts";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import { CallBudget } from "../../../../src/routing/budgets/call-budget.ts";
import { limitCalls } from "../../../../src/http/middleware/limit-calls.ts";
import {
  toDuration,
  writeAnthropicLimit,
  writeOpenAiLimit,
  type WriteLimit,
} from "../../../../src/http/middleware/rate-limit-headers.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { PROGRAM } from "../fake-services.ts";

const START_MS = Date.parse("2026-11-25T12:00:00.000Z");

describe("a budget of calls", () => {
  it("[HT156] is a minute's worth at once, and refills all the time", () => {
    const budget = new CallBudget(60);
    for (let left = 59; left >= 0; left -= 1) {
      expect(budget.take("org_a", START_MS)).toMatchObject({ granted: true, remaining: left });
    }
    expect(budget.take("org_a", START_MS)).toEqual({
      granted: false,
      remaining: 0,
      retryAfterMs: 1_000,
      fullInMs: 60_000,
    });
    expect(budget.take("org_a", START_MS + 400)).toMatchObject({ granted: false, retryAfterMs: 600 });
    expect(budget.take("org_a", START_MS + 1_000)).toMatchObject({
      granted: true,
      remaining: 0,
      retryAfterMs: 1_000,
    });
    expect(budget.take("org_a", START_MS + 61_000)).toMatchObject({
      granted: true,
      remaining: 59,
      fullInMs: 1_000,
    });
  });

  it("[HT156] is each organization's own", () => {
    const budget = new CallBudget(1);
    expect(budget.take("org_a", START_MS).granted).toBe(true);
    expect(budget.take("org_a", START_MS).granted).toBe(false);
    expect(budget.take("org_b", START_MS).granted).toBe(true);
  });

  it("[HT156] never grants more than a burst and what has refilled, whatever the limit and the times", () => {
    const limits = fc.integer({ min: 1, max: 1_000 });
    const waits = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(limits, waits, (limit, steps) => {
        const budget = new CallBudget(limit);
        let nowMs = START_MS;
        let granted = 0;
        for (const step of steps) {
          nowMs += step;
          const allowance = budget.take("org_a", nowMs);
          if (allowance.granted) granted += 1;
          else expect(budget.take("org_a", nowMs + allowance.retryAfterMs).granted).toBe(true);
          if (!allowance.granted) return;
        }
        expect(granted).toBeLessThanOrEqual(limit + ((nowMs - START_MS) * limit) / 60_000 + 1);
      }),
    );
  });

  it("[HT156] holds a bounded number of organizations, and forgets the one it saw first", () => {
    const budget = new CallBudget(1);
    for (let index = 0; index <= 10_000; index += 1) budget.take(`org_${index}`, START_MS);
    expect(budget.take("org_10000", START_MS).granted).toBe(false);
    expect(budget.take("org_0", START_MS).granted).toBe(true);
  });
});

function createDoor(perMinute: number, writeLimit: WriteLimit, path = "/v1/chat/completions") {
  const clock = new VirtualClock(START_MS);
  const log = new RecordingLog();
  const app = new Hono<AppEnv>();
  let asked = 0;
  app.use(async (context, next) => {
    context.set("requestId", "req_1");
    context.set("log", log);
    context.set("principal", { ...PROGRAM, organizationId: OrganizationIdText.parse("org_a") });
    await next();
  });
  app.use(path, limitCalls(clock, new CallBudget(perMinute), writeLimit));
  app.post(path, (context) => {
    asked += 1;
    return asked === 2 ? context.json({}, 400) : new Response("data: 1\n\n");
  });
  return { ask: () => app.request(path, { method: "POST" }), clock, log, asked: () => asked };
}

describe("the limit at the door", () => {
  it("[HT157] [HT158] tells on every answer what is left, and stops the call that is too many", async () => {
    const { ask, clock, log, asked } = createDoor(2, writeOpenAiLimit);
    const told = (answer: Response): (string | null)[] =>
      ["limit", "remaining", "reset"].map((name) => answer.headers.get(`x-ratelimit-${name}-requests`));
    expect(told(await ask())).toEqual(["2", "1", "30s"]);
    const refusedByDoor = await ask();
    expect(refusedByDoor.status).toBe(400);
    expect(told(refusedByDoor)).toEqual(["2", "0", "1m0s"]);
    await clock.advance(500);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(told(refused)).toEqual(["2", "0", "59.5s"]);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await refused.json()).toMatchObject({
      error: {
        type: "rate_limit_error",
        code: "rate_limit_exceeded",
        message: expect.stringContaining("2 calls"),
      },
    });
    expect(asked()).toBe(2);
    const fields = { request_id: "req_1", path: "/v1/chat/completions" };
    expect(log.of("rate_limit_exceeded")).toMatchObject([{ level: "warn", fields }]);
    await clock.advance(29_500);
    expect((await ask()).status).toBe(200);
  });

  it("[HT157] [HT159] speaks Anthropic's words on its wire", async () => {
    const { ask } = createDoor(1, writeAnthropicLimit, "/v1/messages");
    const told = (answer: Response): (string | null)[] =>
      ["limit", "remaining", "reset"].map((name) =>
        answer.headers.get(`anthropic-ratelimit-requests-${name}`),
      );
    expect(told(await ask())).toEqual(["1", "0", "2026-11-25T12:01:00.000Z"]);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(told(refused)).toEqual(["1", "0", "2026-11-25T12:01:00.000Z"]);
    expect(await refused.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
  });

  it.each([
    [0, "0ms"],
    [60, "60ms"],
    [1_000, "1s"],
    [8_640, "8.64s"],
    [60_000, "1m0s"],
    [361_500, "6m1.5s"],
  ])("[HT158] %i ms are written as %s", (durationMs, text) => {
    expect(toDuration(durationMs)).toBe(text);
  });
});
