/** Answers that break in the middle and go on: who is called with what, and what a reader sees. */
import { describe, expect, it } from "vitest";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import type { ModelCall } from "../../../src/providers/provider.ts";
import { toAnchor } from "../../../src/routing/legs/continuation.ts";
import { DEFAULT_RETRY_LIMITS } from "../../../src/routing/next-action.ts";
import type { RunPlanInput } from "../../../src/routing/run-plan.ts";
import {
  answer,
  begin,
  finish,
  hang,
  pause,
  refuse,
  say,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { callsOf, collectAnswer, createPlanWorld, runTurn, type PlanWorld } from "./plan-world.ts";

const HALF = "The waves lose their strength on the heavy stones, and the harbour";
const WHOLE = `${HALF} stays calm.`;
const ANCHOR = toAnchor(HALF);
const cut = refuse("stream-cut", { phase: "stream", status: 200 });
const breaking = (...texts: readonly string[]): readonly ScriptStep[] => [
  begin,
  say(...texts),
  pause(50),
  cut,
];

const callOf = (world: PlanWorld, provider: string, index = 0): ModelCall | undefined =>
  world.providers.get(provider)?.calls[index]?.call;
/** The last two messages of a call, as texts. */
const endOf = (call: ModelCall | undefined): string[] =>
  (call?.prompt ?? []).slice(-2).flatMap((message) => {
    const [part] = typeof message.content === "string" ? [] : message.content;
    return part?.type === "text" ? [`${message.role}: ${part.text}`] : [];
  });

it("[RT93] of a leg that calls a tool before it speaks only what is new is shown", async () => {
  const call: ScriptStep = {
    type: "batch",
    events: [
      { type: "tool-input-start", toolCallId: "c1", toolName: "weather" },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: "{}" },
    ],
  };
  const world = createPlanWorld({ a: [breaking(HALF)], b: [[begin, call, say(WHOLE), finish()]] });
  expect((await runTurn(world)).text).toBe(WHOLE);
});

describe("who goes on", () => {
  it.each<ProviderFailureKind>(["stream-reset", "stream-cut", "stream-error", "malformed", "overloaded"])(
    "[RT90] after %s the next candidate goes on at once",
    async (kind) => {
      const broken = [begin, say(HALF), pause(50), refuse(kind, { phase: "stream", status: 200 })];
      const world = createPlanWorld({
        a: [broken],
        b: [answer(`${ANCHOR} stays calm.`)],
        c: [answer("never")],
      });
      const { text, end, events } = await runTurn(world);
      expect(text).toBe(WHOLE);
      expect(end).toMatchObject({ status: "complete", failure: null, finishReason: "stop", firstTokenMs: 0 });
      expect(callsOf(world)).toEqual(["a+0", "b+50"]);
      expect(end.legs.map(({ provider }) => provider)).toEqual(["a", "b"]);
      expect(end.attempts.map(({ outcome }) => outcome)).toEqual(["failure", "success"]);
      expect(events.filter((event) => event.type === "leg-start")).toMatchObject([
        { target: { provider: "a" }, attempt: 1 },
        { target: { provider: "b" }, attempt: 2 },
      ]);
      expect(world.outcomes.map(({ verdict }) => verdict)).toEqual(["failure", "success"]);
      expect(world.log.of("all_providers_failed")).toEqual([]);
    },
  );

  it("[RT90] [RT25] so it does behind one that falls silent", async () => {
    const world = createPlanWorld({ a: [[begin, say(HALF), hang]], b: [answer(WHOLE)] });
    const { text, end } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(end.durationMs).toBe(30_000);
  });

  it("[RT90] the same one only after all others, and after a wait; refusals on the way show nothing", async () => {
    const world = createPlanWorld({
      a: [breaking(HALF), answer(`${ANCHOR} stays calm.`)],
      b: [[refuse("server-error")]],
      c: [[refuse("unauthorized")]],
    });
    const { text, end } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "c+50", "a+175"]);
    expect(end.legs.map(({ provider }) => provider)).toEqual(["a", "a"]);
  });

  it("[RT90] [RT76] and only while its budget holds a retry", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF), answer("never")] },
      { retryBudget: new Map([["a", { thousandths: 0, refilledAtMs: Number.MAX_SAFE_INTEGER }]]) },
    );
    const { text, end } = await runTurn(world);
    expect({ text, status: end.status }).toEqual({ text: HALF, status: "incomplete" });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT90] a leg that breaks as well is gone on with, behind all that was shown", async () => {
    const world = createPlanWorld({
      a: [breaking("The waves lose ")],
      b: [breaking("The waves lose their strength ")],
      c: [answer("waves lose their strength on the stones.")],
    });
    const { text, end } = await runTurn(world);
    expect(text).toBe("The waves lose their strength on the stones.");
    expect(endOf(callOf(world, "c"))[0]).toBe("assistant: The waves lose their strength ");
    expect(end.legs).toHaveLength(3);
  });

  it("[RT90] a leg that breaks before its first new word is not a leg, and nobody hears of it", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [breaking(ANCHOR)], c: [answer(WHOLE)] });
    const { text, end, events } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(end.legs.map(({ provider }) => provider)).toEqual(["a", "c"]);
    expect(end.attempts).toHaveLength(3);
    expect(events.filter((event) => event.type === "leg-start")).toHaveLength(2);
  });

  it("[RT20] a content filter in mid-stream is not gone on with", async () => {
    const world = createPlanWorld({
      a: [[begin, say(HALF), refuse("content-refused", { phase: "stream" })]],
      b: [answer("never")],
    });
    const { text, end } = await runTurn(world);
    expect(text).toBe(HALF);
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "content-refused" } });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT29] an answer that nobody is shown starts over, with the same call and the time of its new first word", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF)], b: [[begin, pause(70), say("all new"), finish()]] },
      { takesPrefill: () => true },
    );
    const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
    expect(callOf(world, "b")).toEqual({ modelId: "m", prompt: [] });
    expect(end.legs.map(({ provider }) => provider)).toEqual(["b"]);
    expect(end).toMatchObject({ status: "complete", firstTokenMs: 120 });
  });

  it("[RT29] [RT67] when all of them break it has failed, since nobody saw a word, and their words were paid for", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [[begin, say(HALF), refuse("unauthorized")]] });
    const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
    expect(end).toMatchObject({ status: "failed", legs: [], firstTokenMs: null, costMicroUsd: 4 * 234 });
    expect(end.failure).toMatchObject({ kind: "stream-cut" });
    expect(end.attempts).toHaveLength(4);
  });

  it("[RT27] [RT29] one that is stopped is the leg of whoever spoke", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [[begin, say("anew"), hang]] });
    const turn = collectAnswer(world.begin(world.plan(), true));
    await world.clock.advance(1_000);
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", firstTokenMs: 50, legs: [{ provider: "b" }] });
  });

  it("[RT29] [RT92] there a bad request is one, also of a target that takes a prefill", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF)], b: [[refuse("bad-request")], answer("never")], c: [answer("from c")] },
      { takesPrefill: () => true },
    );
    await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
    expect(callsOf(world)).toEqual(["a+0", "b+50", "c+50"]);
  });
});

describe("what the call says", () => {
  it("[RT91] in words: what was shown, and the request to go on", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [answer(WHOLE)] });
    await runTurn(world);
    const [shown, request] = endOf(callOf(world, "b"));
    expect(shown).toBe(`assistant: ${HALF}`);
    expect(request).toMatch(/^user: /);
    expect(request).toContain(`<cut-off-end>${ANCHOR}</cut-off-end>`);
  });

  it("[RT91] [RT93] as a prefill without the whitespace at its end, which is not shown twice", async () => {
    const world = createPlanWorld(
      { a: [breaking("- one\n")], b: [answer("\n- two")] },
      { takesPrefill: ({ provider }) => provider === "b" },
    );
    const { text } = await runTurn(world);
    expect(text).toBe("- one\n- two");
    expect(endOf(callOf(world, "b"))).toEqual(["assistant: - one"]);
  });

  it("[RT92] a target that refuses a prefill is asked again at once in words, and pays for nothing", async () => {
    const retryBudget = new Map();
    const world = createPlanWorld(
      {
        a: [breaking(HALF)],
        b: [[pause(5), refuse("bad-request")], answer(`${ANCHOR} stays calm.`)],
        c: [answer("never")],
      },
      { takesPrefill: () => true, retryBudget },
    );
    const { text, end } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "b+55"]);
    expect(endOf(callOf(world, "b"))).toEqual([`assistant: ${HALF}`]);
    expect(endOf(callOf(world, "b", 1))).toHaveLength(2);
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(["failure", "failure", "success"]);
    // As if it had been called once.
    expect(retryBudget.get("b")).toMatchObject({ thousandths: 3_100 });
  });

  it("[RT92] in words it may refuse like any other, and then it is not asked again", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF)], b: [[refuse("bad-request")]], c: [answer(WHOLE)] },
      { takesPrefill: () => true },
    );
    expect((await runTurn(world)).text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "b+50", "c+50"]);
  });

  it("[RT92] a call that was refused is no candidate that nobody called", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF), [refuse("unauthorized")]], b: [[refuse("bad-request")]] },
      { takesPrefill: () => true, limits: { ...DEFAULT_RETRY_LIMITS, maxAttempts: 2 } },
    );
    await runTurn(world);
    expect(world.log.of("all_providers_failed")[0]?.fields).toMatchObject({
      total_candidates: 2,
      provider_errors: [{ provider: "a" }, { provider: "b", error: "bad-request: scripted bad-request" }],
    });
  });

  it("[RT99] it asks for what the caller's limit leaves, and for no format", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF)], b: [answer(`${HALF} stays calm.`)] },
      { takesPrefill: () => true },
    );
    const call: RunPlanInput["call"] = {
      prompt: [],
      maxOutputTokens: 100,
      responseFormat: { type: "json" },
    };
    await world.clock.runUntil(collectAnswer(world.begin(world.plan(), false, { call })));
    expect(callOf(world, "a")).toMatchObject({ maxOutputTokens: 100, responseFormat: { type: "json" } });
    expect(callOf(world, "b")?.maxOutputTokens).toBe(100 - Math.ceil(HALF.length / 4));
    expect(callOf(world, "b")).not.toHaveProperty("responseFormat");
  });
});

describe("a leg that cannot be joined", () => {
  const other = "The waves lose their strength on the heavy stones, and the boats are safe behind them.";

  it("[RT94] is stopped and shown nothing of; nobody is blamed, and the next candidate goes on", async () => {
    const world = createPlanWorld({
      a: [breaking(HALF)],
      b: [[begin, say(other), pause(500), say("and more"), finish()], answer("never")],
      c: [answer(WHOLE)],
    });
    const { text, end, events } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "c+50"]);
    expect(world.providers.get("b")?.calls[0]).toMatchObject({ aborted: true, closed: true });
    expect(world.outcomes.map(({ provider, verdict }) => `${provider} ${verdict}`)).toEqual([
      "a failure",
      "b neutral",
      "c success",
    ]);
    expect(end.attempts[1]).toMatchObject({
      outcome: "failure",
      error: "unjoinable: it began an answer of its own",
    });
    expect(end.legs.map(({ provider }) => provider)).toEqual(["a", "c"]);
    expect(events.filter((event) => event.type === "leg-start")).toHaveLength(2);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("[RT94] is not asked again: when all do so the answer is incomplete", async () => {
    const world = createPlanWorld({ a: [breaking(HALF), answer(other)], b: [answer(other)] });
    const { text, end } = await runTurn(world);
    expect(text).toBe(HALF);
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "unjoinable" } });
    expect(callsOf(world)).toEqual(["a+0", "b+50", "a+175"]);
  });

  it("[RT94] may have come to its end before that is known", async () => {
    const world = createPlanWorld({
      a: [breaking(HALF)],
      b: [answer("The waves lose their strength on the heavy stones, and the")],
      c: [answer(WHOLE)],
    });
    const { text, end } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(end.attempts[1]).toMatchObject({ outcome: "failure", usage: { outputTokens: 5 } });
    expect(world.outcomes[1]).toMatchObject({ provider: "b", verdict: "neutral" });
  });
});
