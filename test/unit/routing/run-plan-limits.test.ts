/** What bounds a turn besides its candidates: its time, its budget, its circuits' pauses, what is set up here. */
import { describe, expect, it } from "vitest";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import type { RetryBudget } from "../../../src/routing/budgets/retry-budget.ts";
import { toNotice } from "../../../src/routing/selection-record.ts";
import { modelCircuitOf } from "../../fakes/fake-authority.ts";
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

const withTurnMs = (turnMs: number) => ({ deadlines: { ...DEFAULT_DEADLINES, turnMs } });

describe("the turn's time", () => {
  it("[RT74] an attempt is cut off at the turn's end, and its provider is not blamed", async () => {
    const world = createPlanWorld(
      { a: [[pause(900), refuse("server-error")]], b: [[hang]] },
      withTurnMs(1_000),
    );
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "failed", failure: { kind: "timeout" }, durationMs: 1_000 });
    expect(callsOf(world)).toEqual(["a+0", "b+900"]);
    expect(world.outcomes.map(({ provider, verdict }) => [provider, verdict])).toEqual([
      ["a", "failure"],
      ["b", "neutral"],
    ]);
  });

  it("[RT74] an answer that is still being written then is incomplete", async () => {
    const endless = [begin, ...Array.from({ length: 40 }, () => [say("a"), pause(100)]).flat()];
    const world = createPlanWorld({ a: [endless] }, withTurnMs(1_050));
    const { end, text } = await runTurn(world);
    expect(text).toBe("a".repeat(11));
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "timeout" }, durationMs: 1_050 });
  });

  it("[RT74] a deadline of the attempt's own is still the provider's fault", async () => {
    const world = createPlanWorld({ a: [[hang]] }, withTurnMs(20_000));
    await runTurn(world);
    expect(world.outcomes.map(({ verdict }) => verdict)).toEqual(["failure", "neutral"]);
  });

  it("[RT74] no wait goes beyond it, and it includes what came before the plan", async () => {
    const script = [[refuse("rate-limited", { retryAfterMs: 3_000 })], answer("later")];
    const world = createPlanWorld({ a: script }, withTurnMs(3_500));
    await world.clock.advance(500);
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "failed", durationMs: 500, failure: { kind: "rate-limited" } });
  });
});

describe("the retry budget", () => {
  it("[RT76] without a retry left a target is called once, and nobody is waited for", async () => {
    const retryBudget: RetryBudget = new Map();
    const scripts = { a: [[refuse("server-error")]], b: [[refuse("server-error")]] };
    const first = createPlanWorld(scripts, { retryBudget });
    await runTurn(first);
    expect(callsOf(first)).toHaveLength(6);
    const turns = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const world = createPlanWorld(scripts, { retryBudget });
        await runTurn(world);
        return callsOf(world).length;
      }),
    );
    // 20 turns with two targets each: 40 first tries, one retry of each that was left, and two each earned.
    const calls = turns.reduce((sum, count) => sum + count, 0);
    expect(calls).toBeGreaterThanOrEqual(40);
    expect(calls).toBeLessThanOrEqual(40 + 2 + 4);
    expect(turns.at(-1)).toBeLessThanOrEqual(3);
  });

  it("[RT76] a budget that is spent keeps nobody from a first try", async () => {
    const retryBudget: RetryBudget = new Map([
      ["b", { thousandths: 0, refilledAtMs: Number.MAX_SAFE_INTEGER }],
    ]);
    const world = createPlanWorld({ a: [[refuse("server-error")]], b: [answer("from b")] }, { retryBudget });
    expect((await runTurn(world)).text).toBe("from b");
  });
});

describe("a pause that a provider asked for", () => {
  it("[RT71] a 429 that names no time is followed by the circuit's own pause", async () => {
    const world = createPlanWorld({ a: [[refuse("rate-limited")], answer("later")] });
    world.afterOutcome.set("a", () =>
      world.setCircuit("a", { coolDownUntilMs: world.clock.nowMs() + 2_000 }),
    );
    expect((await runTurn(world)).text).toBe("later");
    expect(callsOf(world)).toEqual(["a+0", "a+2000"]);
  });

  it("[RT17] [RT71] one that is longer than anybody waits ends the turn", async () => {
    const world = createPlanWorld({ a: [[refuse("rate-limited")], answer("never")] });
    world.afterOutcome.set("a", () =>
      world.setCircuit("a", { coolDownUntilMs: world.clock.nowMs() + 10_000 }),
    );
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ failure: { kind: "rate-limited" }, durationMs: 0 });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT71] the provider's other model is asked when only the model pauses", async () => {
    const world = createPlanWorld({ a: [[refuse("rate-limited")], answer("from its sibling")] });
    world.afterOutcome.set("a", () => {
      const coolDownUntilMs = world.clock.nowMs() + 2_000;
      world.setCircuit("a", { models: [modelCircuitOf("m", { coolDownUntilMs })] });
    });
    expect((await runTurn(world, world.plan(["a/m", "a/other"]))).text).toBe("from its sibling");
    expect(callsOf(world)).toEqual(["a+0", "a+0"]);
  });

  it("[RT71] and is not when the provider itself does", async () => {
    const world = createPlanWorld({ a: [[refuse("rate-limited")], answer("never")], b: [answer("from b")] });
    world.afterOutcome.set("a", () =>
      world.setCircuit("a", { coolDownUntilMs: world.clock.nowMs() + 60_000 }),
    );
    expect((await runTurn(world, world.plan(["a/m", "a/other", "b/m"]))).text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", "b+0"]);
  });

  it("[RT22] a model's own circuit that opens during the turn is heeded, its sibling's is not", async () => {
    const world = createPlanWorld({ a: [[pause(10), refuse("server-error")], answer("from its sibling")] });
    const turn = collectAnswer(world.begin(world.plan(["a/m", "a/open", "a/other"])));
    await world.clock.settle();
    world.setCircuit("a", { models: [modelCircuitOf("open", { status: "OPEN", failureCount: 3 })] });
    expect((await world.clock.runUntil(turn)).text).toBe("from its sibling");
    expect(world.log.of("provider_skipped")[0]?.fields).toMatchObject({ model: "open" });
  });
});

describe("nobody to call", () => {
  it("[RT70] a provider that is not set up here is passed over and blamed for nothing", async () => {
    const world = createPlanWorld({ a: [answer("never")], b: [answer("from b")] });
    const plan = world.plan();
    world.providers.delete("a");
    const { text, end } = await runTurn(world, plan);
    expect(text).toBe("from b");
    expect(end.attempts.map((attempt) => attempt.provider)).toEqual(["b"]);
    expect(world.outcomes.map((outcome) => outcome.provider)).toEqual(["b"]);
    expect(world.log.of("provider_skipped").map(({ fields }) => fields)).toMatchObject([
      { provider: "a", reason: "this provider is not set up here" },
    ]);
  });

  it("[RT12] [RT70] when none is, the plan's sentence says so", async () => {
    const world = createPlanWorld({ a: [answer("never")], b: [answer("never")] });
    const plan = world.plan();
    world.providers.clear();
    const { end } = await runTurn(world, plan);
    expect(end).toMatchObject({ status: "failed", attempts: [], failure: { kind: "model-not-found" } });
    expect(toNotice(end)).toBe("No provider for this model is set up here (a, b).");
    expect(world.outcomes).toEqual([]);
    expect(world.log.of("all_providers_failed")).toHaveLength(1);
  });

  it("[RT12] when all circuits opened since the plan was made, the sentence says when to come back", async () => {
    const world = createPlanWorld({ a: [answer("never")], b: [answer("never")] });
    const plan = world.plan();
    const nowMs = world.clock.nowMs();
    world.setCircuit("a", { status: "OPEN", openUntilMs: nowMs + 9_000, failureCount: 3 });
    world.setCircuit("b", { status: "OPEN", openUntilMs: nowMs + 4_000, failureCount: 3 });
    const { end } = await runTurn(world, plan);
    expect(end.failure).toMatchObject({ kind: "overloaded", retryAfterMs: 4_000 });
    expect(toNotice(end)).toBe(
      "Every provider for this model is unavailable at the moment. Try again in about 4 s, or choose another model.",
    );
  });
});

describe("what the circuits are told", () => {
  it.each<[ProviderFailureKind, "connect" | "first-token", string]>([
    ["unreachable", "connect", "provider"],
    ["unauthorized", "connect", "provider"],
    ["payment-required", "connect", "provider"],
    ["timeout", "connect", "provider"],
    ["timeout", "first-token", "model"],
    ["server-error", "connect", "model"],
    ["rate-limited", "connect", "model"],
    ["model-not-found", "connect", "model"],
  ])("[RT28] %s in the phase %s reaches as far as the %s", async (kind, phase, scope) => {
    const world = createPlanWorld({ a: [[refuse(kind, { phase })]] });
    await runTurn(world);
    expect(world.outcomes[0]).toMatchObject({ scope });
  });

  it("[RT28] a model that is not there is fatal, for that model", async () => {
    const world = createPlanWorld({ a: [[refuse("model-not-found")]] });
    await runTurn(world);
    expect(world.outcomes).toMatchObject([{ verdict: "fatal", scope: "model", model: "m" }]);
  });

  const told = (outputTokens: number, reasoningTokens: number | null = null) =>
    finish({ ...COUNTED_USAGE, outputTokens, reasoningTokens });
  const thinking: ScriptStep = { type: "batch", events: [{ type: "reasoning-delta", text: "hm" }] };

  it.each<{ name: string; script: readonly ScriptStep[]; rate: number | null }>([
    { name: "after the first", script: [pause(800), begin, say("a"), pause(2_000), told(101)], rate: 50 },
    { name: "without hidden thoughts", script: [begin, say("a"), pause(2_000), told(501, 400)], rate: 50 },
    {
      name: "with thoughts that were shown",
      script: [begin, thinking, pause(2_000), told(501, 400)],
      rate: 250,
    },
    { name: "of too few tokens", script: [begin, say("a"), pause(2_000), told(15)], rate: null },
    { name: "in too short a time", script: [begin, say("a"), pause(199), told(500)], rate: null },
    {
      name: "that nobody counted",
      script: [begin, say("a"), pause(2_000), refuse("stream-cut")],
      rate: null,
    },
  ])("[RT28] the rate of tokens $name", async ({ script, rate }) => {
    const world = createPlanWorld({ a: [script] });
    await runTurn(world);
    expect(world.outcomes[0]).toMatchObject({ tokensPerSecond: rate });
  });

  it("[RT28] a reader that takes its time does not make a model slow", async () => {
    const world = createPlanWorld({ a: [[begin, say("a"), pause(2_000), say("b"), told(101)]] });
    const turn = world.begin();
    await world.clock.runUntil(turn.next());
    await world.clock.advance(60_000);
    await world.clock.runUntil(turn.next());
    await world.clock.runUntil(turn.next());
    expect(world.outcomes[0]).toMatchObject({ verdict: "success", tokensPerSecond: 50 });
  });
});
