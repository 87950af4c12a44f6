/** The legs of an answer that broke: tools and thoughts, books, limits, hedges, stops, and an earlier life of the turn. */
import { describe, expect, it } from "vitest";
import type { ModelEvent } from "../../../src/providers/provider.ts";
import { UNKNOWN_USAGE, type Leg, type TokenUsage } from "../../../src/protocol/answer.ts";
import type { SelectionAttempt } from "../../../src/protocol/selection.ts";
import type { EarlierLegs } from "../../../src/routing/legs/answer-legs.ts";
import { toAnchor } from "../../../src/routing/legs/continuation.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../../src/routing/next-action.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { modelCircuitOf } from "../../fakes/fake-authority.ts";
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
import { callsOf, collectAnswer, createPlanWorld, runTurn, type Scripts } from "./plan-world.ts";
import { usually } from "./ranking/ranking-facts.ts";

const HALF = "The waves lose their strength on the heavy stones, and the harbour";
const WHOLE = `${HALF} stays calm.`;
const ANCHOR = toAnchor(HALF);
const events = (...batch: readonly ModelEvent[]): ScriptStep => ({ type: "batch", events: batch });
const cutAfter = (usage: TokenUsage = UNKNOWN_USAGE): ScriptStep =>
  refuse("stream-cut", { phase: "stream", status: 200 }, usage);
const breaking = (text: string, usage?: TokenUsage): readonly ScriptStep[] => [
  begin,
  say(text),
  pause(50),
  cutAfter(usage),
];
const thought = (text: string): ModelEvent => ({ type: "reasoning-delta", text });
const toolCall = (toolCallId: string): readonly ModelEvent[] => [
  { type: "tool-input-start", toolCallId, toolName: "look" },
  { type: "tool-input-delta", toolCallId, text: "{}" },
  { type: "tool-call", toolCallId, toolName: "look", input: "{}" },
];
const typesOf = (shown: readonly AnswerEvent[]): string[] => shown.map(({ type }) => type);

describe("tools and thoughts", () => {
  it("[RT95] nothing of a broken step's tool calls is passed on: the step starts again", async () => {
    const world = createPlanWorld({
      a: [[begin, events(...toolCall("broken")), pause(50), cutAfter()]],
      b: [[begin, events(...toolCall("whole")), pause(50), finish()]],
    });
    const { end, events: shown } = await runTurn(world);
    expect(typesOf(shown)).toEqual([
      "leg-start",
      "tool-input-start",
      "tool-input-delta",
      "tool-call",
      "answer-end",
    ]);
    expect(shown[3]).toMatchObject({ toolCallId: "whole" });
    expect(end.legs.map(({ provider }) => provider)).toEqual(["b"]);
    expect(world.providers.get("b")?.calls[0]?.call.prompt).toEqual([]);
  });

  it("[RT95] behind words that were shown the step goes on with them, and asks for its tools again", async () => {
    const world = createPlanWorld({
      a: [[begin, say(HALF), events(...toolCall("broken")), pause(50), cutAfter()]],
      b: [[begin, say(`${ANCHOR}.`), events(...toolCall("whole")), finish()]],
    });
    const { text, events: shown } = await runTurn(world);
    expect(text).toBe(`${HALF}.`);
    expect(shown.filter((event) => event.type === "tool-call")).toMatchObject([{ toolCallId: "whole" }]);
  });

  it("[RT96] where only thoughts were shown the step starts again from its beginning", async () => {
    const world = createPlanWorld(
      {
        a: [[begin, events(thought("let me see")), pause(50), cutAfter()]],
        b: [[begin, events(thought("hm")), say("Yes."), finish()]],
      },
      { takesPrefill: () => true },
    );
    const { end, events: shown } = await runTurn(world);
    expect(world.providers.get("b")?.calls[0]?.call).toEqual({ modelId: "m", prompt: [] });
    expect(typesOf(shown)).toEqual([
      "leg-start",
      "reasoning-delta",
      "leg-start",
      "reasoning-delta",
      "text-delta",
      "answer-end",
    ]);
    expect(end.legs).toHaveLength(2);
  });

  it("[RT96] thoughts of a leg that continues a text are not shown", async () => {
    const world = createPlanWorld({
      a: [[begin, events(thought("hm")), say(HALF), pause(50), cutAfter()]],
      b: [[begin, events(thought("where was I")), say(WHOLE), finish()]],
    });
    const { text, events: shown } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(shown.filter((event) => event.type === "reasoning-delta")).toHaveLength(1);
  });
});

describe("tokens and costs", () => {
  const legOf = (changes: Partial<Leg>): Partial<Leg> => ({ provider: "a", model: "m", ...changes });

  it("[RT98] legs that were counted keep their count, and the answer's is their sum", async () => {
    const usage = { ...COUNTED_USAGE, outputTokens: 17, cachedInputTokens: 4 };
    const world = createPlanWorld({ a: [breaking(HALF, usage)], b: [answer(WHOLE)] });
    const { end } = await runTurn(world);
    expect(end.legs).toEqual([
      { provider: "a", model: "m", usage, costMicroUsd: 54, estimated: false },
      { provider: "b", model: "m", usage: COUNTED_USAGE, costMicroUsd: 30, estimated: false },
    ]);
    expect(end.usage).toEqual({ ...UNKNOWN_USAGE, inputTokens: 20, outputTokens: 22 });
    expect(end.costMicroUsd).toBe(84);
  });

  it("[RT98] one that nobody counted is estimated from what came, marked, and its attempt stays as it was", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [answer(WHOLE)] });
    const { end } = await runTurn(world);
    // The plan's estimate for the prompt is 100; 66 characters are 17 tokens.
    const usage = { ...UNKNOWN_USAGE, inputTokens: 100, outputTokens: 17 };
    expect(end.legs[0]).toEqual(legOf({ usage, costMicroUsd: 234, estimated: true }));
    expect(end.attempts[0]).toMatchObject({ usage: UNKNOWN_USAGE, costMicroUsd: null });
    expect(end).toMatchObject({ costMicroUsd: 264, usage: { inputTokens: 110, outputTokens: 22 } });
  });

  it("[RT98] a continuing one was sent what was shown, and its repeated words were paid for as well", async () => {
    const more = " stays calm in every storm";
    const world = createPlanWorld({
      a: [breaking(HALF)],
      b: [breaking(`${HALF}${more}`)],
      c: [answer(`${more}.`)],
    });
    const { end } = await runTurn(world);
    expect(end.legs[1]).toMatchObject({
      usage: { inputTokens: 117, outputTokens: Math.ceil((HALF.length + more.length) / 4) },
      estimated: true,
    });
  });

  it("[RT98] the first tokens that some providers name at once are no count", async () => {
    const early = { ...UNKNOWN_USAGE, inputTokens: 40, outputTokens: 1 };
    const world = createPlanWorld({ a: [breaking(HALF, early)], b: [answer(WHOLE)] });
    const { end } = await runTurn(world);
    expect(end.legs[0]).toMatchObject({ usage: { inputTokens: 40, outputTokens: 17 }, estimated: true });
    expect(end.attempts[0]).toMatchObject({ usage: early });
  });

  it("[RT98] a leg that was stopped is estimated as well; one without a price makes the sum unknown", async () => {
    const stopped = createPlanWorld({ a: [[begin, say(HALF), hang]] });
    const turn = collectAnswer(stopped.begin());
    await stopped.clock.advance(1_000);
    stopped.stop.abort();
    const { end } = await stopped.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", legs: [{ estimated: true, costMicroUsd: 234 }] });
    const unpriced = createPlanWorld(
      { a: [breaking(HALF)], b: [answer(WHOLE)] },
      { priceUsage: ({ provider }) => (provider === "a" ? null : 7) },
    );
    expect((await runTurn(unpriced)).end).toMatchObject({
      costMicroUsd: null,
      legs: [{ costMicroUsd: null, estimated: true }, { costMicroUsd: 7 }],
    });
  });

  it("[RT67] an answer that was started over was paid for twice, by an estimate where nobody counted it", async () => {
    const counted = createPlanWorld({
      a: [breaking(HALF, { ...COUNTED_USAGE, outputTokens: 17 })],
      b: [answer(WHOLE)],
    });
    const uncounted = createPlanWorld({ a: [breaking(HALF)], b: [answer(WHOLE)] });
    for (const [world, costMicroUsd] of [
      [counted, 54 + 30],
      [uncounted, 234 + 30],
    ] as const) {
      const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
      expect(end).toMatchObject({ legs: [{ provider: "b", costMicroUsd: 30 }], usage: COUNTED_USAGE });
      expect(end.costMicroUsd).toBe(costMicroUsd);
    }
  });

  it("[RT67] a leg that could not be joined, and a refusal that was counted, were paid for as well", async () => {
    const world = createPlanWorld({
      a: [breaking(HALF, { ...COUNTED_USAGE, outputTokens: 17 })],
      b: [
        [
          begin,
          say("The waves lose their strength on the heavy stones, and the boats are safe there."),
          hang,
        ],
      ],
      c: [[refuse("unauthorized", {}, COUNTED_USAGE)]],
      d: [answer(WHOLE)],
    });
    const { end } = await runTurn(world);
    expect(end.attempts.map(({ error }) => error?.split(":")[0])).toEqual([
      "stream-cut",
      "unjoinable",
      "unauthorized",
      undefined,
    ]);
    // Of the second 80 characters came, behind a prompt of 100 tokens and the 17 that were shown.
    expect(end.costMicroUsd).toBe(54 + 2 * (117 + 20) + 30 + 30);
    expect(end.legs).toHaveLength(2);
  });

  it.each<{ name: string; script: readonly ScriptStep[]; costMicroUsd: number }>([
    { name: "cut off by a deadline behind its headers", script: [begin, hang], costMicroUsd: 200 + 30 },
    { name: "that never got as far", script: [hang], costMicroUsd: 30 },
    { name: "that was refused", script: [refuse("overloaded")], costMicroUsd: 30 },
  ])("[RT72] a call $name has cost $costMicroUsd with the answer", async ({ script, costMicroUsd }) => {
    const { end } = await runTurn(createPlanWorld({ a: [script], b: [answer(WHOLE)] }));
    expect(end).toMatchObject({ status: "complete", costMicroUsd });
  });

  it("[RT72] a call for the whole answer in one piece has no headers before it, and has cost its prompt", async () => {
    const world = createPlanWorld({ a: [[hang]], b: [answer(WHOLE)] });
    const [wire, whole] = [
      "openai-chat" as const,
      createScriptedProvider({ id: "a", clock: world.clock, scripts: [[hang]] }),
    ];
    world.providers.set("a", { ...whole, nativeWire: wire });
    const call = { prompt: [], native: { wire, body: {}, onlyHere: [], stream: false } };
    const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true, { call })));
    expect(end).toMatchObject({ status: "complete", costMicroUsd: 200 + 30 });
  });

  it("[RT72] a call that its reader stops before its first word has cost its prompt", async () => {
    const world = createPlanWorld({ a: [[begin, hang]] });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(50);
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", legs: [], costMicroUsd: 200 });
  });

  it("[RT67] [RT32] words that nobody was shown make the sum unknown where they have no price", async () => {
    const world = createPlanWorld(
      { a: [breaking(HALF)], b: [answer(WHOLE)] },
      { priceUsage: ({ provider }) => (provider === "a" ? null : 7) },
    );
    const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
    expect(end).toMatchObject({ costMicroUsd: null, legs: [{ costMicroUsd: 7 }] });
  });

  it("[RT32] [RT98] an answer that came to its end without a count stays unknown", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [[begin, say(WHOLE), finish(UNKNOWN_USAGE)]] });
    const { end } = await runTurn(world);
    expect(end.legs[1]).toMatchObject({ estimated: false, costMicroUsd: null });
    expect(end).toMatchObject({ costMicroUsd: null, usage: { inputTokens: null, outputTokens: null } });
  });
});

describe("limits", () => {
  it("[RT97] five legs, then the answer is incomplete", async () => {
    const scripts: Scripts = Object.fromEntries(
      ["a", "b", "c", "d", "e", "f"].map((id) => [
        id,
        [breaking(` I am ${id}, and I have this much to say.`)],
      ]),
    );
    const world = createPlanWorld(scripts);
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "stream-cut" } });
    expect(end.legs.map(({ provider }) => provider)).toEqual(["a", "b", "c", "d", "e"]);
    expect(world.log.of("provider_failure").at(-1)?.fields).toMatchObject({ will_retry: false });
  });

  it("[RT97] two dollars, then as well, an estimate counted", async () => {
    const twoDollars = { ...UNKNOWN_USAGE, inputTokens: 999_000, outputTokens: 1_000 };
    for (const usage of [twoDollars, { ...twoDollars, inputTokens: 1_000_000, outputTokens: null }]) {
      const world = createPlanWorld({ a: [breaking(HALF, usage)], b: [answer("never")] });
      expect((await runTurn(world)).end.status).toBe("incomplete");
      expect(callsOf(world)).toEqual(["a+0"]);
    }
    const cheaper = { ...twoDollars, inputTokens: 998_999 };
    const world = createPlanWorld({ a: [breaking(HALF, cheaper)], b: [answer(WHOLE)] });
    expect((await runTurn(world)).end.status).toBe("complete");
  });

  it("[RT90] [RT21] calls and rounds are those of the turn", async () => {
    const limits = { ...DEFAULT_RETRY_LIMITS, maxAttempts: 3 };
    const world = createPlanWorld(
      { a: [[refuse("server-error")]], b: [breaking(HALF)], c: [breaking(ANCHOR)], d: [answer("never")] },
      { limits },
    );
    const { text, end } = await runTurn(world);
    expect({ text, status: end.status, calls: end.attempts.length }).toEqual({
      text: HALF,
      status: "incomplete",
      calls: 3,
    });
  });

  it("[RT90] [RT74] so is the deadline", async () => {
    const world = createPlanWorld({ a: [breaking(HALF)], b: [[begin, hang]] });
    const deadlines = { ...DEFAULT_DEADLINES, turnMs: 3_000 };
    const short = createPlanWorld({ a: [breaking(HALF)], b: [[begin, hang]] }, { deadlines });
    expect((await runTurn(world)).end.durationMs).toBeGreaterThan(3_000);
    expect((await runTurn(short)).end).toMatchObject({ status: "incomplete", durationMs: 3_000 });
  });
});

describe("hedges", () => {
  const usual = { ...usually(100), firstTokenP95Ms: 500 };

  function createHedgeWorld(scripts: Scripts, takesPrefill: readonly string[]) {
    const hedgeBudget = { bucket: { thousandths: 5_000, refilledAtMs: 0 } };
    const world = createPlanWorld(scripts, {
      hedgeBudget,
      takesPrefill: ({ provider }) => takesPrefill.includes(provider),
    });
    for (const id of Object.keys(scripts)) world.setCircuit(id, { models: [modelCircuitOf("m", { usual })] });
    return world;
  }

  it("[RT80] [RT91] a continuing call that is slow is hedged, each in its own form", async () => {
    const world = createHedgeWorld(
      { a: [breaking(HALF)], b: [[hang]], c: [[pause(100), ...answer(`${ANCHOR} stays calm.`)]] },
      ["b"],
    );
    const { text, end, events: shown } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "c+550"]);
    expect(world.providers.get("b")?.calls[0]?.call.prompt).toHaveLength(1);
    expect(world.providers.get("c")?.calls[0]?.call.prompt).toHaveLength(2);
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(["failure", "cancelled", "success"]);
    expect(shown.filter((event) => event.type === "leg-start")).toHaveLength(2);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("[RT80] [RT91] the slow one may win, and is joined to what it was told itself", async () => {
    const spaced = `${HALF}\n\n`;
    const world = createHedgeWorld(
      {
        a: [breaking(spaced)],
        b: [[pause(600), begin, say("\n\nIt is quiet."), finish()]],
        c: [[hang]],
      },
      ["b"],
    );
    expect((await runTurn(world)).text).toBe(`${spaced}It is quiet.`);
  });

  it("[RT92] a hedge that refuses a prefill may be asked in words later", async () => {
    const world = createHedgeWorld(
      {
        a: [breaking(HALF)],
        b: [[pause(900), refuse("server-error")]],
        c: [[refuse("bad-request")], answer(WHOLE)],
      },
      ["c"],
    );
    const { text } = await runTurn(world);
    expect(text).toBe(WHOLE);
    expect(callsOf(world)).toEqual(["a+0", "b+50", "c+550", "c+950"]);
  });
});

describe("a reader who stops or leaves", () => {
  it("[RT27] [RT90] during a continuing leg: cancelled, with both legs and all words", async () => {
    const world = createPlanWorld({
      a: [breaking(HALF)],
      b: [[begin, say(`${ANCHOR} stays`), hang]],
      c: [answer("never")],
    });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(1_000);
    world.stop.abort();
    const { text, end } = await world.clock.runUntil(turn);
    expect(text).toBe(`${HALF} stays`);
    expect(end).toMatchObject({ status: "cancelled", failure: null, durationMs: 1_000 });
    expect(end.legs).toMatchObject([
      { provider: "a", estimated: true },
      { provider: "b", estimated: true },
    ]);
    expect(world.outcomes.map(({ verdict }) => verdict)).toEqual(["failure", "neutral"]);
    expect(world.providers.get("b")?.calls[0]?.closed).toBe(true);
    expect(callsOf(world)).toEqual(["a+0", "b+50"]);
  });

  it("[RT27] [RT90] during the wait for one: cancelled, with the leg that was shown", async () => {
    const world = createPlanWorld({ a: [breaking(HALF), answer("never")] });
    const turn = collectAnswer(world.begin());
    await world.clock.advance(100);
    world.stop.abort();
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "cancelled", failure: null, legs: [{ provider: "a" }] });
    expect(world.log.of("all_providers_failed")).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it.each([
    ["in the first leg", 1],
    ["in the second leg", 2],
  ])("[RT25] [RT90] one that leaves %s closes everything", async (_, batches) => {
    const world = createPlanWorld({
      a: [breaking(HALF)],
      b: [[begin, say(`${ANCHOR} stays`), hang]],
    });
    const leave = async (): Promise<void> => {
      let seen = 0;
      for await (const _batch of world.begin()) {
        seen += 1;
        if (seen === batches) break;
      }
    };
    await world.clock.runUntil(leave());
    const calls = ["a", "b"].flatMap((id) => world.providers.get(id)?.calls ?? []);
    expect(calls).toHaveLength(batches);
    expect(calls.every(({ closed }) => closed)).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe("an earlier life of the turn", () => {
  const attempt: SelectionAttempt = {
    provider: "a",
    model: "m",
    startedAtMs: 0,
    durationMs: 900,
    firstTokenMs: 300,
    outcome: "failure",
    error: "stream-cut: our object died",
    hedge: false,
    usage: UNKNOWN_USAGE,
    costMicroUsd: null,
  };
  const leg: Leg = { provider: "a", model: "m", usage: UNKNOWN_USAGE, costMicroUsd: null, estimated: false };
  const EARLIER: EarlierLegs = {
    text: HALF,
    legs: [leg],
    charactersOfLegs: [80],
    attempts: [attempt],
    firstTokenMs: 300,
  };

  it("[RT100] is gone on with: its text, legs, attempts and first word count", async () => {
    const world = createPlanWorld({ a: [answer(`${ANCHOR} stays calm.`)] });
    const run = world.begin(world.plan(), false, { earlier: EARLIER });
    const { text, end, events: shown } = await world.clock.runUntil(collectAnswer(run));
    expect(HALF + text).toBe(WHOLE);
    expect(shown[0]).toMatchObject({ type: "leg-start", attempt: 2 });
    expect(end.attempts).toMatchObject([{ error: "stream-cut: our object died" }, { outcome: "success" }]);
    expect(end).toMatchObject({ status: "complete", firstTokenMs: 300 });
    expect(end.legs).toMatchObject([
      { provider: "a", estimated: true, usage: { inputTokens: 100, outputTokens: 20 }, costMicroUsd: 240 },
      { provider: "a", estimated: false, costMicroUsd: 30 },
    ]);
  });

  it("[RT100] counts against the limits", async () => {
    const world = createPlanWorld({ a: [answer("never")] });
    const earlier = { ...EARLIER, legs: Array.from({ length: 5 }, () => leg) };
    const { end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), false, { earlier })));
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "stream-cut" } });
    const many = { ...EARLIER, attempts: Array.from({ length: 8 }, () => attempt) };
    await world.clock.runUntil(collectAnswer(world.begin(world.plan(), false, { earlier: many })));
    expect(callsOf(world)).toEqual([]);
  });

  it("[RT100] of which only thoughts were shown begins the step again", async () => {
    const world = createPlanWorld({ a: [answer("Yes.")] });
    const earlier = { ...EARLIER, text: "", charactersOfLegs: [40] };
    const { text, end } = await world.clock.runUntil(
      collectAnswer(world.begin(world.plan(), false, { earlier })),
    );
    expect(text).toBe("Yes.");
    expect(world.providers.get("a")?.calls[0]?.call.prompt).toEqual([]);
    expect(end.legs).toHaveLength(2);
  });

  it("[RT100] that nobody goes on with ends as incomplete, with its words' legs", async () => {
    const world = createPlanWorld({ a: [[refuse("unauthorized")]] });
    const run = world.begin(world.plan(), false, { earlier: EARLIER });
    const { end } = await world.clock.runUntil(collectAnswer(run));
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "unauthorized" }, firstTokenMs: 300 });
    expect(end.legs).toMatchObject([{ estimated: true }]);
  });
});
