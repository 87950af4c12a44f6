/** The whole way, with the real circuit client between the turn and an authority in memory. */
import { describe, expect, it } from "vitest";
import { CircuitClient } from "../../../src/circuit/client.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../../src/protocol/answer.ts";
import { SelectionRecord } from "../../../src/protocol/selection.ts";
import { createCatalog, parseModelClasses, type Catalog } from "../../../src/providers/catalog.ts";
import { parseProviderConfigs } from "../../../src/providers/provider-config.ts";
import { FILES_AWAY } from "../../../src/routing/answer-end.ts";
import { DEFAULT_BACKOFF } from "../../../src/routing/backoff.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../../src/routing/next-action.ts";
import {
  resolveModels,
  runAnswer,
  type AnswerInput,
  type AnswerOutcome,
  type RunAnswerDeps,
} from "../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { toNotice } from "../../../src/routing/selection-record.ts";
import { FakeAuthority, snapshotOf } from "../../fakes/fake-authority.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import {
  answer,
  begin,
  COUNTED_USAGE,
  createScriptedProvider,
  finish,
  hang,
  refuse,
  say,
  toProviderId,
  type ScriptedProvider,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

const CLASSES = {
  duo: { description: "", targets: ["openai/x", "google/y"] },
  twins: { description: "", targets: ["openai/x", "openai/z", "google/y"] },
  weighted: { description: "", targets: [{ target: "openai/x", weight: 3 }, "google/y"] },
  known: { description: "", targets: ["openai/gpt-6-luna", "google/gemini-3.5-flash-lite"] },
};

/** OpenAI and Google are set up; two classes of the test's own. */
function createTestCatalog(): Catalog {
  const configs = parseProviderConfigs({
    PLATFORM_OPENAI_KEY: "sk-test-1",
    PLATFORM_GOOGLE_KEY: "AIza-test-1",
  });
  const classes = parseModelClasses(JSON.stringify(CLASSES));
  if (!configs.ok || !classes.ok) throw new Error("the test's own configuration is wrong");
  return createCatalog(configs.value, classes.value);
}

type Scripts = Readonly<Record<string, readonly (readonly ScriptStep[])[]>>;

function createWorld(scripts: Scripts) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const authority = new FakeAuthority(clock);
  const circuits = new CircuitClient({ authority, cache: new Map(), clock, log, waitUntil: () => {} });
  const catalog = createTestCatalog();
  const providers = new Map<string, ScriptedProvider>();
  for (const [id, each] of Object.entries(scripts)) {
    providers.set(id, createScriptedProvider({ id, clock, scripts: each }));
  }
  const deps: RunAnswerDeps = {
    clock,
    log,
    catalog,
    random: () => 0.5,
    findProvider: (id) => providers.get(id) ?? null,
    readCircuit: (id) => circuits.read(id),
    reportOutcome: (id, outcome) => circuits.report(id, outcome),
    warmUp: (ids) => circuits.warm(ids),
    priceUsage: () => 30,
    isSandbox: () => false,
    limits: DEFAULT_RETRY_LIMITS,
    takesPrefill: () => false,
    backoff: DEFAULT_BACKOFF,
    deadlines: DEFAULT_DEADLINES,
    retryBudget: new Map(),
    hedgeBudget: null,
    defaultPolicy: "priority",
  };
  return { clock, log, authority, providers, catalog, deps };
}

type World = ReturnType<typeof createWorld>;

async function ask(
  world: World,
  requested: readonly string[],
  question = "hi",
  lastProvider: string | null = null,
  changes: Partial<AnswerInput> = {},
) {
  const models = resolveModels(world.catalog, requested);
  if (!models.ok) throw new Error(models.error);
  const events: AnswerEvent[] = [];
  const run = runAnswer(world.deps, {
    models: models.value,
    policy: null,
    call: { prompt: [] },
    question,
    selectionId: "sel_1",
    requestId: "req_1",
    organizationId: "org_1",
    userId: "user_1",
    sessionId: null,
    turnId: null,
    lastProvider: lastProvider === null ? null : toProviderId(lastProvider),
    signal: new AbortController().signal,
    ...changes,
  });
  const read = async (): Promise<AnswerOutcome> => {
    for (;;) {
      const next = await run.next();
      if (next.done === true) return next.value;
      events.push(...next.value);
    }
  };
  const { end, record } = await world.clock.runUntil(read());
  return { end, record: SelectionRecord.parse(record), events };
}

describe("from question to record", () => {
  it("[HT242] knows no price of a tier that is billed at rates of its own", async () => {
    const costOf = async (tier: string | null) => {
      const world = createWorld({ openai: [answer("hi")] });
      const body = { messages: [], service_tier: tier };
      const native = { wire: "openai-chat" as const, body, onlyHere: [], stream: true };
      const { end, record } = await ask(world, ["openai/x"], "hi", null, { call: { prompt: [], native } });
      expect(end.status).toBe("complete");
      return [end.costMicroUsd, record.costMicroUsd, record.attempts[0]?.costMicroUsd];
    };
    for (const tier of ["flex", "scale", "priority", "fast"])
      expect(await costOf(tier)).toEqual([null, null, null]);
    for (const tier of ["default", "auto", null]) expect(await costOf(tier)).toEqual([30, 30, 30]);
  });

  it("[HT242] knows no price of a region that was asked for, whatever tier has served", async () => {
    const served: TokenUsage = { ...COUNTED_USAGE, serviceTier: "default" };
    const world = createWorld({ openai: [[begin, say("hi"), finish(served)]] });
    const body = { messages: [], inference_geo: "us" };
    const native = { wire: "anthropic" as const, body, onlyHere: [], stream: true };
    const { end, record } = await ask(world, ["openai/x"], "hi", null, { call: { prompt: [], native } });
    expect([end.status, end.costMicroUsd, record.costMicroUsd]).toEqual(["complete", null, null]);
  });

  it("[HT242] [PR145] prices a tier that was asked for by the one that the provider says it has served by", async () => {
    const served: TokenUsage = { ...COUNTED_USAGE, serviceTier: "default" };
    const world = createWorld({ openai: [[begin, say("hi"), finish(served)]] });
    const body = { messages: [], service_tier: "flex" };
    const native = { wire: "openai-chat" as const, body, onlyHere: [], stream: true };
    const { end, record } = await ask(world, ["openai/x"], "hi", null, { call: { prompt: [], native } });
    expect([end.costMicroUsd, record.costMicroUsd]).toEqual([30, 30]);
    expect(record.attempts[0]?.usage).toEqual(served);
  });

  it("[HT70] [HT371] takes as long as its caller waits, and no longer than a turn may take", async () => {
    const durationOf = async (changes: Partial<AnswerInput>): Promise<number> => {
      const world = createWorld({ openai: [[hang]] });
      const deps = { ...world.deps, deadlines: { ...DEFAULT_DEADLINES, turnMs: 5_000 } };
      const { end } = await ask({ ...world, deps }, ["openai/x"], "hi", null, changes);
      expect(end).toMatchObject({ status: "failed", failure: { kind: "timeout" } });
      return end.durationMs;
    };
    expect(await durationOf({ turnMs: 2_000 })).toBe(2_000);
    expect(await durationOf({})).toBe(5_000);
    expect(await durationOf({ turnMs: 3_600_000 })).toBe(5_000);
  });

  it("[RT74] says that the time is over where nobody could be asked any more, and blames nobody", async () => {
    const world = createWorld({ openai: [answer("hi")], google: [answer("hi")] });
    const startedMs = world.clock.nowMs() - 16 * 60_000;
    const { end } = await ask(world, ["duo"], "hi", null, { startedMs });
    expect(end).toMatchObject({ status: "failed", attempts: [], failure: { kind: "timeout" } });
    expect(end.failure?.message).toContain("time");
    expect(world.log.events).not.toContain("all_providers_failed");
  });

  it("[SE268] asks nobody where what is to be told cannot be had, and says so, also behind words and after a stop", async () => {
    const world = createWorld({ openai: [answer("hi")] });
    const { end, record, events } = await ask(world, ["duo"], "hi", null, { unasked: FILES_AWAY });
    expect(end).toMatchObject({ status: "failed", failure: FILES_AWAY, attempts: [], costMicroUsd: 0 });
    expect([events, record.status, record.attempts]).toEqual([[end], "failed", []]);
    expect(toNotice(end)).toBe(
      "No answer came. Files of this chat could not be read just now. Try again in a moment.",
    );
    const leg = {
      ...{ provider: toProviderId("openai"), model: "x" },
      usage: UNKNOWN_USAGE,
      costMicroUsd: 3,
    };
    const legs = [{ ...leg, estimated: false }];
    const earlier = { text: "Well", legs, charactersOfLegs: [4], attempts: [], firstTokenMs: 5 };
    const behind = await ask(world, ["duo"], "hi", null, { unasked: FILES_AWAY, earlier });
    expect(behind.end.status).toBe("incomplete");
    expect(toNotice(behind.end)).toContain("Files of this chat could not be read");
    const stopped = await ask(world, ["duo"], "hi", null, {
      unasked: FILES_AWAY,
      signal: AbortSignal.abort(),
    });
    expect(stopped.end).toMatchObject({ status: "cancelled", failure: null });
    expect(world.providers.get("openai")?.calls).toHaveLength(0);
  });

  it("[RT30] every answer leaves one record that says what was asked, tried and given", async () => {
    const world = createWorld({ openai: [[refuse("server-error")]], google: [answer("hello")] });
    const { record, end, events } = await ask(
      world,
      ["duo"],
      "Translate this into German: good morning",
      "google",
    );
    expect(record).toMatchObject({
      id: "sel_1",
      requested: ["duo"],
      mode: "class",
      intent: "translation",
      status: "complete",
      provider: "google",
      model: "y",
      affinity: true,
      costMicroUsd: 30,
      createdAt: "2026-11-20T12:00:00.000Z",
    });
    // The chat stays with the provider that served it last.
    expect(record.candidates.map((candidate) => candidate.provider)).toEqual(["google", "openai"]);
    expect(record.attempts).toEqual(end.attempts);
    expect(events.at(-1)).toBe(end);
  });

  it.each([
    { requested: [], mode: "auto", asked: ["balanced"] },
    { requested: ["duo"], mode: "class", asked: ["duo"] },
    { requested: ["google/y"], mode: "pinned", asked: ["google/y"] },
    { requested: ["google/y", "duo"], mode: "list", asked: ["google/y", "duo"] },
  ])("[RT6] $requested is on record as $mode", async ({ requested, mode, asked }) => {
    const world = createWorld({ openai: [answer("hello")], google: [answer("hello")] });
    const { record } = await ask(world, requested);
    expect(record).toMatchObject({ mode, requested: asked });
  });

  it("[RT5] what cannot be asked for gets a sentence, and nothing runs", () => {
    const { catalog } = createWorld({});
    expect(resolveModels(catalog, ["no-such-class"])).toMatchObject({ ok: false });
    expect(
      resolveModels({ ...catalog, classes: catalog.classes.map((entry) => ({ ...entry, targets: [] })) }, [
        "duo",
      ]),
    ).toEqual({
      ok: false,
      error: "No provider is set up here for duo. Set a provider's key, see the README.",
    });
  });

  it("[RT31] the wait for circuits is part of the time to first token", async () => {
    const world = createWorld({ openai: [answer("hello")], google: [] });
    world.authority.delayMs = null;
    const { record } = await ask(world, ["duo"]);
    expect(record).toMatchObject({ firstTokenMs: 150, durationMs: 150 });
    expect(record.attempts[0]).toMatchObject({ startedAtMs: 150, firstTokenMs: 0 });
  });
});

describe("in what order", () => {
  const twoAnswers: Scripts = { openai: [answer("hello")], google: [answer("hello")] };

  it("[RT60] by the request's policy, else by the installation's", async () => {
    const world = createWorld(twoAnswers);
    const priceUsage: RunAnswerDeps["priceUsage"] = (target) => (target.provider === "google" ? 1 : 2);
    const cheap = { ...world, deps: { ...world.deps, priceUsage } };
    const { record: byRequest } = await ask(cheap, ["duo"], "hi", null, { policy: "cost" });
    expect(byRequest).toMatchObject({ provider: "google", decision: { policy: "cost", version: 1 } });
    const { record: byDefault } = await ask(cheap, ["duo"]);
    expect(byDefault).toMatchObject({ provider: "openai", decision: { policy: "priority" } });
    const costly = { ...cheap, deps: { ...cheap.deps, defaultPolicy: "cost" as const } };
    expect((await ask(costly, ["duo"])).record.provider).toBe("google");
  });

  it("[RT54] the price is that of the prompt and of 500 tokens, or fewer if the caller wants fewer", async () => {
    const world = createWorld(twoAnswers);
    const priceUsage: RunAnswerDeps["priceUsage"] = (_target, usage) =>
      (usage.inputTokens ?? 0) * 1_000 + (usage.outputTokens ?? 0);
    const priced = { ...world, deps: { ...world.deps, priceUsage } };
    const priceOf = async (call: AnswerInput["call"]) =>
      (await ask(priced, ["duo"], "hi", null, { call })).record.candidates[0]?.facts?.priceMicroUsd;
    expect(await priceOf({ prompt: [] })).toBe(500);
    expect(await priceOf({ prompt: [{ role: "system", content: "12345678" }] })).toBe(6_500);
    expect(await priceOf({ prompt: [], maxOutputTokens: 20 })).toBe(20);
    expect(await priceOf({ prompt: [], maxOutputTokens: 9_000 })).toBe(500);
  });

  it("[RT58] [PR26] by lot where the class carries weights, the same lot for the same selection", async () => {
    const world = createWorld(twoAnswers);
    const providers: (string | null)[] = [];
    for (let index = 0; index < 200; index += 1) {
      const selectionId = `sel_${index % 100}`;
      providers.push((await ask(world, ["weighted"], "hi", null, { selectionId })).record.provider);
    }
    expect(providers.slice(100)).toEqual(providers.slice(0, 100));
    const share = providers.filter((provider) => provider === "openai").length / providers.length;
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.9);
    const { record } = await ask(world, ["weighted"]);
    expect(new Set(record.candidates.map(({ facts }) => facts?.weight))).toEqual(new Set([1, 3]));
  });

  it("[PR26] a weight must be a number of its range", () => {
    const withWeight = (weight: unknown): boolean =>
      parseModelClasses(JSON.stringify({ duo: { targets: [{ target: "openai/x", weight }] } })).ok;
    expect([0, 0.5, 1_000].map(withWeight)).toEqual([true, true, true]);
    expect([-1, 1_001, "3", null].map(withWeight)).toEqual([false, false, false, false]);
  });

  const picture: AnswerInput["call"]["prompt"] = [
    {
      role: "user",
      content: [{ type: "file", mediaType: "image/png", data: { type: "data", data: "QUJD" } }],
    },
  ];

  it("[RT65] when nobody can take the request nobody is called, and the kind says why", async () => {
    const world = createWorld(twoAnswers);
    const blind = {
      ...world,
      catalog: {
        ...world.catalog,
        classes: world.catalog.classes.map((entry) => ({
          ...entry,
          targets: entry.targets.map((target) => ({ ...target, vision: false, contextTokens: 10_000 })),
        })),
      },
    };
    const seen = await ask(blind, ["known"], "hi", null, { call: { prompt: picture } });
    expect(seen.end).toMatchObject({ status: "failed", attempts: [], failure: { kind: "bad-request" } });
    expect(seen.record).toMatchObject({
      decision: { needs: { vision: true } },
      candidates: [{ place: null }, { place: null }],
    });
    const long = await ask(blind, ["known"], "hi", null, {
      call: { prompt: [{ role: "system", content: "x".repeat(80_000) }] },
    });
    expect(long.end).toMatchObject({ failure: { kind: "context-too-long" } });
    expect([...world.providers.values()].flatMap((provider) => provider.calls)).toEqual([]);
  });

  it("[RT63] [PR23] of a model that the catalog does not know nothing is held against it", async () => {
    const world = createWorld(twoAnswers);
    const { end } = await ask(world, ["openai/my-own"], "hi", null, { call: { prompt: picture } });
    expect(end.status).toBe("complete");
    const { end: ofClass } = await ask(world, ["duo"], "hi", null, { call: { prompt: picture } });
    expect(ofClass.status).toBe("complete");
  });
});

describe("with circuits", () => {
  it("[RT12] when nothing can be tried nobody is called, and the record is kept all the same", async () => {
    const world = createWorld({ openai: [answer("never")], google: [answer("never")] });
    const openUntilMs = world.clock.nowMs() + 9_000;
    world.authority.set(snapshotOf("openai", { status: "OPEN", openUntilMs, failureCount: 3 }));
    world.authority.set(snapshotOf("google", { coolDownUntilMs: world.clock.nowMs() + 4_000 }));
    const { end, record } = await ask(world, ["duo"]);
    expect([...world.providers.values()].flatMap((provider) => provider.calls)).toEqual([]);
    expect(end).toMatchObject({
      status: "failed",
      attempts: [],
      costMicroUsd: 0,
      failure: { kind: "overloaded", retryAfterMs: 4_000 },
    });
    expect(record).toMatchObject({ status: "failed", provider: null, attempts: [] });
    expect(record.candidates.map((candidate) => candidate.place)).toEqual([null, null]);
    expect(world.log.events).toEqual(["provider_skipped", "provider_skipped", "all_providers_failed"]);
    expect(world.log.of("all_providers_failed")[0]?.fields).toMatchObject({
      request_id: "req_1",
      model_class: "duo",
      total_candidates: 2,
      provider_errors: [
        { provider: "openai", error: "not tried: circuit OPEN after 3 failures in a row" },
        { provider: "google", error: "not tried: cooling down for 4 s as the provider asked" },
      ],
    });
  });

  it("[CB34] a wrong key is met once: its provider's other model is not even tried", async () => {
    const world = createWorld({ openai: [[refuse("unauthorized")]], google: [answer("hello")] });
    const { record } = await ask(world, ["twins"]);
    expect(record.attempts.map((attempt) => `${attempt.provider}/${attempt.model}`)).toEqual([
      "openai/x",
      "google/y",
    ]);
    expect(world.log.of("provider_skipped")[0]?.fields).toMatchObject({ provider: "openai", model: "z" });
  });

  it("[RT8] after one failure the next turn asks somebody else first, before the authority has said a word", async () => {
    const world = createWorld({ openai: [[refuse("server-error")]], google: [answer("hello")] });
    world.authority.delayMs = null;
    await ask(world, ["duo"]);
    const { record } = await ask(world, ["duo"]);
    expect(record.attempts.map((attempt) => attempt.provider)).toEqual(["google"]);
    expect(record.candidates[1]).toMatchObject({ provider: "openai", place: 2 });
  });

  it("[CB35] with the authority gone, turns go on, and a dead provider is left after three failures", async () => {
    const world = createWorld({ openai: [[refuse("unreachable")]] });
    world.authority.gone = true;
    const first = await ask(world, ["openai/x"]);
    expect(first.end.status).toBe("failed");
    expect(first.record.attempts).toHaveLength(3);
    const second = await ask(world, ["openai/x"]);
    expect(second.record.attempts).toHaveLength(0);
    expect(second.end.failure).toMatchObject({ kind: "overloaded", retryAfterMs: 5_000 });
  });

  it("[CB30] a healthy turn in a warm isolate asks the authority nothing before it calls", async () => {
    const world = createWorld({ openai: [answer("hello")], google: [] });
    await ask(world, ["duo"]);
    world.authority.calls.length = 0;
    await ask(world, ["duo"]);
    expect(world.authority.calls).toEqual([]);
    expect(world.providers.get("openai")?.calls).toHaveLength(2);
  });
});

describe("an earlier life of the turn", () => {
  it("[RT98] [RT100] when nobody may be asked the answer is incomplete, and its broken leg is counted", async () => {
    const world = createWorld({ openai: [answer("never")], google: [answer("never")] });
    for (const id of ["openai", "google"])
      world.authority.set(
        snapshotOf(id, { status: "OPEN", openUntilMs: Number.MAX_SAFE_INTEGER, failureCount: 3 }),
      );
    const leg = {
      provider: "openai",
      model: "x",
      usage: UNKNOWN_USAGE,
      costMicroUsd: null,
      estimated: false,
    };
    const earlier = {
      text: "half of it",
      legs: [leg],
      charactersOfLegs: [40],
      attempts: [],
      firstTokenMs: 70,
    };
    const { end, record } = await ask(world, ["duo"], "hi", null, { earlier });
    expect(end).toMatchObject({
      status: "incomplete",
      failure: { kind: "overloaded" },
      firstTokenMs: 70,
      costMicroUsd: 30,
      legs: [{ provider: "openai", usage: { outputTokens: 10 }, estimated: true }],
    });
    expect(record).toMatchObject({ status: "incomplete", provider: "openai", firstTokenMs: 70 });
    expect(world.providers.get("openai")?.calls).toHaveLength(0);
  });
});
