import { describe, expect, it } from "vitest";
import type { HedgeBudget } from "../../../src/routing/budgets/hedge-budget.ts";
import {
  answer,
  begin,
  COUNTED_USAGE,
  createScriptedProvider,
  finish,
  hang,
  pause,
  refuse,
  say,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { modelCircuitOf } from "../../fakes/fake-authority.ts";
import { callsOf, collectAnswer, createPlanWorld, runTurn, type Scripts } from "./plan-world.ts";
import { usually } from "./ranking/ranking-facts.ts";

/** A provider whose first token usually comes within 500 ms, in 19 of 20 calls. */
const USUAL = { ...usually(100), firstTokenP95Ms: 500 };
const richBudget = (): HedgeBudget => ({ bucket: { thousandths: 5_000, refilledAtMs: 0 } });
const after = (delayMs: number, text: string): readonly ScriptStep[] => [pause(delayMs), ...answer(text)];

function createHedgeWorld(scripts: Scripts, budget: HedgeBudget | null = richBudget()) {
  const world = createPlanWorld(scripts, { hedgeBudget: budget });
  for (const id of Object.keys(scripts))
    world.setCircuit(id, { models: [modelCircuitOf("m", { usual: USUAL })] });
  return { ...world, budget };
}

const attemptsOf = (end: Awaited<ReturnType<typeof runTurn>>["end"]) =>
  end.attempts.map(({ provider, outcome, hedge }) => [provider, outcome, hedge]);

describe("a late first token", () => {
  it("[RT80] [RT81] after the usual p95 a second target is called, and answers first", async () => {
    const world = createHedgeWorld({
      a: [after(5_000, "from a")],
      b: [after(200, "from b")],
      c: [answer("never")],
    });
    const { text, end, events } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", "b+500"]);
    expect(attemptsOf(end)).toEqual([
      ["a", "cancelled", false],
      ["b", "success", true],
    ]);
    expect(end.attempts).toMatchObject([
      {
        startedAtMs: 0,
        durationMs: 700,
        firstTokenMs: null,
        error: "cancelled: another target answered first",
      },
      { startedAtMs: 500, durationMs: 200, firstTokenMs: 200 },
    ]);
    expect(end).toMatchObject({ status: "complete", firstTokenMs: 700, legs: [{ provider: "b" }] });
    expect(events[0]).toMatchObject({ type: "leg-start", target: { provider: "b" }, attempt: 2 });
    expect(events.filter((event) => event.type === "leg-start")).toHaveLength(1);
    expect(world.providers.get("a")?.calls[0]).toMatchObject({ aborted: true, closed: true });
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("[HT281] is let go, and so is a call that its reader leaves, without a reason of our own", async () => {
    const lost = createHedgeWorld({ a: [after(5_000, "from a")], b: [after(200, "from b")] });
    await runTurn(lost);
    expect(lost.providers.get("a")?.calls[0]?.signal.reason).toMatchObject({ name: "AbortError", code: 20 });
    const left = createHedgeWorld({ a: [[hang]], b: [[begin, say("one"), hang]] });
    const leave = async (): Promise<void> => {
      for await (const _ of left.begin(left.plan())) break;
    };
    await left.clock.runUntil(leave());
    for (const id of ["a", "b"]) {
      expect(left.providers.get(id)?.calls[0]?.signal.reason).toMatchObject({ name: "AbortError", code: 20 });
    }
  });

  it("[RT81] when the first one speaks after all, it goes on and the hedge is cancelled", async () => {
    const world = createHedgeWorld({ a: [after(600, "from a")], b: [after(5_000, "from b")] });
    const { text, end, events } = await runTurn(world);
    expect(text).toBe("from a");
    expect(attemptsOf(end)).toEqual([
      ["a", "success", false],
      ["b", "cancelled", true],
    ]);
    expect(events[0]).toMatchObject({ target: { provider: "a" }, attempt: 1 });
    expect(end.legs).toMatchObject([{ provider: "a" }]);
    expect(world.providers.get("b")?.calls[0]).toMatchObject({ aborted: true, closed: true });
  });

  it("[RT67] [RT81] what the loser is known to have cost is paid, and the winner does not wait for its end", async () => {
    const world = createHedgeWorld({
      a: [[hang]],
      b: [[begin, say("one"), pause(50), say("two"), finish()]],
    });
    const { clock } = world;
    const slow = createScriptedProvider({ id: "a", clock, scripts: [[hang]], abortUsage: COUNTED_USAGE });
    world.providers.set("a", slow);
    const { end } = await runTurn(world);
    expect(end.attempts[0]).toMatchObject({ outcome: "cancelled", usage: COUNTED_USAGE, costMicroUsd: 30 });
    expect(end).toMatchObject({ firstTokenMs: 500, durationMs: 550, costMicroUsd: 60, usage: COUNTED_USAGE });
    expect(end.legs).toHaveLength(1);
    // Told as soon as it was known.
    expect(world.outcomes.map(({ provider, atMs }) => [provider, atMs - world.startedMs])).toEqual([
      ["a", 500],
      ["b", 550],
    ]);
  });

  it("[RT72] a loser that nobody has counted has cost its prompt, and its attempt says no more than is known", async () => {
    const world = createHedgeWorld({ a: [[begin, hang]], b: [answer("from b")] });
    const { end } = await runTurn(world);
    expect(end.attempts[0]).toMatchObject({ outcome: "cancelled", costMicroUsd: null });
    // A prompt of a hundred tokens at two micro-dollars each, and the thirty of the winner.
    expect(end).toMatchObject({ costMicroUsd: 200 + 30, usage: COUNTED_USAGE });
  });

  it.each<{ name: string; script: readonly ScriptStep[] }>([
    { name: "in time", script: after(499, "from a") },
    { name: "with the p95 itself", script: after(500, "from a") },
  ])("[RT80] a first token $name is not hedged", async ({ script }) => {
    const world = createHedgeWorld({ a: [script], b: [answer("never")] });
    const { end } = await runTurn(world);
    expect(attemptsOf(end)).toEqual([["a", "success", false]]);
  });

  it("[RT80] once a word has come the rest may take its time", async () => {
    const world = createHedgeWorld({ a: [[begin, say("a"), pause(5_000), finish()]], b: [answer("never")] });
    await runTurn(world);
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT80] another provider's candidate is taken before the slow one's own", async () => {
    const world = createHedgeWorld({ a: [[hang]], b: [answer("from b")] });
    const { text } = await runTurn(world, world.plan(["a/m", "a/other", "b/m"]));
    expect(text).toBe("from b");
    const alone = createHedgeWorld({ a: [[hang], answer("from its sibling")] });
    expect((await runTurn(alone, alone.plan(["a/m", "a/other"]))).text).toBe("from its sibling");
  });

  it("[RT80] nobody to hedge with: open, cooling down, or tried already", async () => {
    const blocked = createHedgeWorld({
      a: [after(900, "from a")],
      b: [answer("never")],
      c: [answer("never")],
    });
    const turn = collectAnswer(blocked.begin());
    await blocked.clock.settle();
    blocked.setCircuit("b", { status: "OPEN", failureCount: 3 });
    blocked.setCircuit("c", { coolDownUntilMs: blocked.clock.nowMs() + 60_000 });
    expect((await blocked.clock.runUntil(turn)).text).toBe("from a");
    const tried = createHedgeWorld({ a: [[refuse("server-error")]], b: [after(900, "from b")] });
    expect((await runTurn(tried)).text).toBe("from b");
    expect(callsOf(tried)).toEqual(["a+0", "b+0"]);
  });
});

describe("failures beside a hedge", () => {
  it("[RT83] a hedge that fails does not fail the turn", async () => {
    const world = createHedgeWorld({ a: [after(900, "from a")], b: [[refuse("content-refused")]] });
    const { text, end } = await runTurn(world);
    expect(text).toBe("from a");
    expect(attemptsOf(end)).toEqual([
      ["a", "success", false],
      ["b", "failure", true],
    ]);
    expect(world.log.of("provider_failure")[0]?.fields).toMatchObject({ provider: "b", will_retry: true });
  });

  it("[RT83] when the first attempt fails the hedge is the next attempt", async () => {
    const world = createHedgeWorld({
      a: [[pause(600), refuse("server-error")]],
      b: [after(400, "from b")],
      c: [answer("never")],
    });
    const { text, end } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", "b+500"]);
    expect(attemptsOf(end)).toEqual([
      ["a", "failure", false],
      ["b", "success", true],
    ]);
    // It was told at once, not when the other one had ended.
    expect(
      world.outcomes.map(({ provider, verdict, atMs }) => [provider, verdict, atMs - world.startedMs]),
    ).toEqual([
      ["a", "failure", 600],
      ["b", "success", 900],
    ]);
  });

  it("[RT83] when both fail the next candidate is asked, then the round begins anew", async () => {
    const world = createHedgeWorld({
      a: [[pause(600), refuse("server-error")], answer("second time")],
      b: [[pause(400), refuse("overloaded")]],
      c: [[refuse("server-error")]],
    });
    const { text } = await runTurn(world);
    expect(text).toBe("second time");
    expect(callsOf(world)).toEqual(["a+0", "b+500", "c+900", "a+1025"]);
    expect(world.log.of("provider_failure").map(({ fields }) => fields)).toMatchObject([
      { provider: "a", will_retry: true },
      { provider: "b", will_retry: true },
      { provider: "c", will_retry: true },
    ]);
  });

  it("[RT27] a reader's stop cancels both", async () => {
    const world = createHedgeWorld({ a: [[hang]], b: [[hang]] });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(1_000);
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", durationMs: 1_000 });
    expect(attemptsOf(end)).toEqual([
      ["a", "cancelled", false],
      ["b", "cancelled", true],
    ]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("[RT26] a reader that leaves in the middle leaves nothing open", async () => {
    const world = createHedgeWorld({ a: [[hang]], b: [[begin, say("one"), hang]] });
    const leave = async (): Promise<void> => {
      for await (const batch of world.begin()) if (batch.length > 0) return;
    };
    await world.clock.runUntil(leave());
    expect([...world.providers.values()].map((provider) => provider.calls[0]?.closed)).toEqual([true, true]);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe("what it may cost", () => {
  it("[RT82] without a budget the late one is waited for", async () => {
    const world = createHedgeWorld({ a: [after(5_000, "from a")], b: [answer("never")] }, { bucket: null });
    expect((await runTurn(world)).text).toBe("from a");
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT82] twenty calls earn one hedge, shared by all turns", async () => {
    const scripts = { a: [after(900, "from a")], b: [answer("from b")] };
    const budget: HedgeBudget = { bucket: null };
    const texts: string[] = [];
    for (let turn = 0; turn < 40; turn += 1)
      texts.push((await runTurn(createHedgeWorld(scripts, budget))).text);
    const hedged = texts.flatMap((text, index) => (text === "from b" ? [index + 1] : []));
    expect(hedged).toEqual([20, 40]);
  });

  it("[RT80] too few good calls to know what is usual: no hedge", async () => {
    const world = createHedgeWorld({ a: [after(5_000, "from a")], b: [answer("never")] });
    world.setCircuit("a", { models: [modelCircuitOf("m", { usual: { ...USUAL, samples: 19 } })] });
    expect((await runTurn(world)).text).toBe("from a");
  });

  it("[RT85] switched off there is no second call", async () => {
    const world = createHedgeWorld({ a: [after(5_000, "from a")], b: [answer("never")] }, null);
    expect((await runTurn(world)).text).toBe("from a");
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT21] a hedge is one of the eight calls", async () => {
    const dead = [[pause(600), refuse("unreachable")]];
    const world = createHedgeWorld({ a: dead, b: dead, c: dead, d: dead, e: dead });
    const { end } = await runTurn(world);
    expect(end.attempts).toHaveLength(8);
    // The eighth call is a late one, and there is somebody to hedge it with.
    const atOnce = [[refuse("unreachable")]];
    const more = { b: dead, c: dead, d: dead, e: dead, f: dead, g: dead, h: dead, i: dead };
    const late = createHedgeWorld(
      { a: atOnce, ...more },
      { bucket: { thousandths: 9_000, refilledAtMs: 0 } },
    );
    await runTurn(late);
    expect(callsOf(late).map((call) => call[0])).toEqual("abcdefgh".split(""));
  });
});

describe("what the circuits are told", () => {
  it("[RT84] the call that lost counts neither as good nor as failed", async () => {
    const world = createHedgeWorld({ a: [[hang]], b: [answer("from b")] });
    await runTurn(world);
    expect(world.outcomes).toMatchObject([
      { provider: "a", verdict: "late", latencyMs: 500 },
      { provider: "b", verdict: "success", latencyMs: 0 },
    ]);
    expect(world.log.events).toEqual(["provider_success"]);
  });
});
