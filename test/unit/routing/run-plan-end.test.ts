import { describe, expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import {
  answer,
  begin,
  COUNTED_USAGE,
  finish,
  hang,
  pause,
  refuse,
  say,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { callsOf, collectAnswer, createPlanWorld, runTurn } from "./plan-world.ts";

describe("when all fail", () => {
  it("[RT23] the answer ends failed with the failure that came last, whichever candidate it was", async () => {
    const world = createPlanWorld({
      a: [[refuse("server-error")], [refuse("overloaded")], [refuse("timeout")]],
      b: [[refuse("unauthorized")]],
    });
    const { end, text } = await runTurn(world);
    expect(text).toBe("");
    expect(end).toMatchObject({
      status: "failed",
      legs: [],
      firstTokenMs: null,
      failure: { kind: "timeout" },
    });
  });

  it("[RT23] one line names every candidate and what became of it", async () => {
    const world = createPlanWorld({
      a: [[refuse("unauthorized")]],
      b: [[refuse("bad-request")]],
      c: [[refuse("server-error")]],
    });
    world.setCircuit("c", { status: "HALF_OPEN" });
    await runTurn(world, world.plan(["a/m", "b/m", "c/m", "d/m"]));
    expect(world.log.of("all_providers_failed")).toEqual([
      {
        level: "error",
        event: "all_providers_failed",
        fields: {
          request_id: "req_1",
          model_class: "balanced",
          total_candidates: 4,
          provider_errors: [
            { provider: "a", model: "m", error: "unauthorized: scripted unauthorized" },
            { provider: "b", model: "m", error: "bad-request: scripted bad-request" },
            { provider: "c", model: "m", error: "not tried: circuit HALF_OPEN until a probe has succeeded" },
            { provider: "d", model: "m", error: "not tried: d has no key and no address here." },
          ],
        },
      },
    ]);
    expect(world.log.events.at(-1)).toBe("all_providers_failed");
  });

  it("[RT23] a candidate that was never reached is named as well", async () => {
    const world = createPlanWorld({ a: [[refuse("content-refused")]], b: [answer("never")] });
    await runTurn(world);
    expect(world.log.of("all_providers_failed")[0]?.fields).toMatchObject({
      total_candidates: 2,
      provider_errors: [{ provider: "a" }, { provider: "b", error: expect.stringContaining("not tried") }],
    });
  });
});

describe("deadlines within a turn", () => {
  it("[RT25] a provider that hangs before its headers costs 15 s, then the next is asked", async () => {
    const world = createPlanWorld({ a: [[hang]], b: [answer("from b")] });
    const { text, end } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", `b+${DEFAULT_DEADLINES.headersMs}`]);
    expect(end.attempts[0]).toMatchObject({ durationMs: DEFAULT_DEADLINES.headersMs, outcome: "failure" });
    expect(world.outcomes[0]).toMatchObject({ provider: "a", verdict: "failure" });
    expect(world.providers.get("a")?.calls[0]).toMatchObject({ aborted: true, closed: true });
  });

  it("[RT25] one that falls silent in the middle costs 30 s, then another goes on", async () => {
    const world = createPlanWorld({ a: [[begin, say("half"), hang]], b: [answer("half and half")] });
    const { end, text } = await runTurn(world);
    expect(text).toBe("half and half");
    expect(callsOf(world)).toEqual(["a+0", `b+${DEFAULT_DEADLINES.gapMs}`]);
    expect(end).toMatchObject({ status: "complete", failure: null, durationMs: 30_000 });
    expect(end.attempts[0]).toMatchObject({ outcome: "failure", error: expect.stringMatching(/^timeout:/) });
    expect(world.outcomes[0]).toMatchObject({ provider: "a", verdict: "failure" });
    expect(world.providers.get("a")?.calls[0]).toMatchObject({ aborted: true, closed: true });
  });

  it.each<{ name: string; script: readonly ScriptStep[] }>([
    { name: "forgets its end", script: [begin, { type: "forget" }] },
    { name: "throws", script: [begin, { type: "throw", message: "bug" }] },
  ])("[RT26] an adapter that $name is a failure like another: the next one answers", async ({ script }) => {
    const world = createPlanWorld({ a: [script], b: [answer("from b")] });
    expect((await runTurn(world)).text).toBe("from b");
    expect(world.outcomes.map((outcome) => outcome.verdict)).toEqual(["failure", "success"]);
  });
});

describe("a reader's stop", () => {
  it("[RT27] in the middle: cancelled, the words kept, nobody blamed, the connection closed", async () => {
    const world = createPlanWorld({ a: [[begin, say("half"), hang]], b: [answer("never")] });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(1_000);
    world.stop.abort();
    const { end, text } = await world.clock.runUntil(turn);
    expect(text).toBe("half");
    expect(end).toMatchObject({ status: "cancelled", failure: null, durationMs: 1_000 });
    expect(end.attempts).toMatchObject([{ outcome: "cancelled" }]);
    expect(end.legs).toMatchObject([{ provider: "a" }]);
    expect(world.outcomes.map((outcome) => outcome.verdict)).toEqual(["neutral"]);
    expect(world.log.lines).toEqual([]);
    expect(world.providers.get("a")?.calls[0]?.closed).toBe(true);
  });

  it("[RT27] before the first word: cancelled, and no other candidate is called", async () => {
    const world = createPlanWorld({ a: [[begin, hang]], b: [answer("never")] });
    const turn = collectAnswer(world.begin());
    await world.clock.settle();
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", failure: null, legs: [] });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT27] during a wait: it ends at once, without a line about all failing", async () => {
    const world = createPlanWorld({
      a: [[refuse("rate-limited", { retryAfterMs: 4_000 })], answer("never")],
    });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(1_000);
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", failure: null, durationMs: 1_000 });
    expect(end.attempts).toHaveLength(1);
    expect(world.log.of("all_providers_failed")).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("[RT27] before the start: nobody is called", async () => {
    const world = createPlanWorld({ a: [answer("never")] });
    world.stop.abort();
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "cancelled", attempts: [] });
    expect(callsOf(world)).toEqual([]);
  });
});

describe("what is told", () => {
  it("[RT28] each call is reported to its circuit and logged, with the fields that operators query", async () => {
    const world = createPlanWorld({
      a: [[pause(20), refuse("server-error", { status: 500 })]],
      b: [[pause(30), begin, pause(40), say("hello"), pause(50), finish()]],
    });
    await runTurn(world);
    expect(world.log.lines).toEqual([
      {
        level: "warn",
        event: "provider_failure",
        fields: {
          request_id: "req_1",
          provider: "a",
          model: "m",
          latency_ms: 20,
          error: "server-error: scripted server-error",
          will_retry: true,
        },
      },
      {
        level: "info",
        event: "provider_success",
        fields: {
          request_id: "req_1",
          provider: "b",
          model: "m",
          latency_ms: 120,
          tokens: 15,
          cost_usd: 0.00003,
        },
      },
    ]);
    const nowMs = world.clock.nowMs();
    expect(world.outcomes).toEqual([
      {
        provider: "a",
        verdict: "failure",
        requestId: "req_1",
        model: "m",
        atMs: nowMs - 120,
        latencyMs: 20,
        scope: "model",
        tokensPerSecond: null,
        retryAfterMs: null,
        message: "server-error: scripted server-error",
      },
      {
        provider: "b",
        verdict: "success",
        requestId: "req_1",
        model: "m",
        atMs: nowMs,
        firstTokenAtMs: nowMs - 50,
        latencyMs: 70,
        scope: "model",
        tokensPerSecond: null,
        retryAfterMs: null,
        message: "",
      },
    ]);
  });

  it.each([
    ["server-error", "failure"],
    ["unauthorized", "fatal"],
    ["rate-limited", "rate-limited"],
    ["bad-request", "neutral"],
  ] as const)("[RT28] %s is reported as %s, with the wait it asked for", async (kind, verdict) => {
    const world = createPlanWorld({ a: [[refuse(kind, { retryAfterMs: 60_000 })]] });
    await runTurn(world);
    expect(world.outcomes).toMatchObject([{ verdict, retryAfterMs: 60_000 }]);
  });

  it("[RT28] will_retry is true only where another call follows", async () => {
    const dead = createPlanWorld({ a: [[refuse("server-error")]], b: [[refuse("unauthorized")]] });
    await runTurn(dead);
    expect(dead.log.of("provider_failure").map((line) => line.fields)).toMatchObject([
      { provider: "a", will_retry: true },
      { provider: "b", will_retry: true },
      { provider: "a", will_retry: true },
      { provider: "a", will_retry: false },
    ]);
    const broken = createPlanWorld({
      a: [[begin, say("half"), refuse("stream-cut")]],
      b: [[begin, say("half of"), refuse("content-refused")]],
    });
    await runTurn(broken);
    expect(broken.log.of("provider_failure").map((line) => line.fields)).toMatchObject([
      { provider: "a", will_retry: true },
      { provider: "b", will_retry: false },
    ]);
  });

  it("[RT31] time to first token counts from the start of the turn, failed attempts and waits included", async () => {
    const world = createPlanWorld({
      a: [
        [pause(100), refuse("server-error")],
        [pause(10), begin, pause(20), say("hi"), pause(500), finish()],
      ],
    });
    await world.clock.advance(40);
    const { end } = await runTurn(world);
    // 40 before the plan, 100 for the failure, 125 of waiting, 30 to the word.
    expect(end.firstTokenMs).toBe(295);
    expect(end.durationMs).toBe(795);
    expect(end.attempts).toMatchObject([
      { startedAtMs: 40, durationMs: 100, firstTokenMs: null },
      { startedAtMs: 265, durationMs: 530, firstTokenMs: 30 },
    ]);
  });

  it("[RT32] a known cost is in micro-dollars, with the leg and with the sum", async () => {
    const world = createPlanWorld({ a: [answer("hello")] });
    const { end } = await runTurn(world);
    const leg = { provider: "a", model: "m", usage: COUNTED_USAGE, costMicroUsd: 30, estimated: false };
    expect(end.legs).toEqual([leg]);
    expect(end).toMatchObject({ costMicroUsd: 30, usage: COUNTED_USAGE, finishReason: "stop" });
  });

  it("[RT32] an unknown cost is unknown, never 0", async () => {
    const world = createPlanWorld({ a: [[begin, say("hello"), finish(UNKNOWN_USAGE)]] });
    const { end } = await runTurn(world);
    expect(end.costMicroUsd).toBeNull();
    expect(end.legs[0]?.costMicroUsd).toBeNull();
    expect(world.log.of("provider_success")[0]?.fields).toMatchObject({ tokens: null, cost_usd: null });
  });

  it("[RT32] failed calls cost nothing, unless tokens were counted: then their price, or unknown", async () => {
    const free = createPlanWorld({ a: [[refuse("unauthorized")]] });
    expect((await runTurn(free)).end.costMicroUsd).toBe(0);
    const priced = createPlanWorld({ a: [[refuse("unauthorized", {}, COUNTED_USAGE)]] });
    expect((await runTurn(priced)).end.costMicroUsd).toBe(30);
    const unpriced = createPlanWorld(
      { a: [[refuse("unauthorized", {}, COUNTED_USAGE)]] },
      { priceUsage: () => null },
    );
    expect((await runTurn(unpriced)).end.costMicroUsd).toBeNull();
  });

  it("[RT26] an answer without a word is complete when the provider says so", async () => {
    const world = createPlanWorld({ a: [[begin, finish()]] });
    const { end, events } = await runTurn(world);
    expect(events).toHaveLength(1);
    expect(end).toMatchObject({ status: "complete", firstTokenMs: null, legs: [{ provider: "a" }] });
  });
});
