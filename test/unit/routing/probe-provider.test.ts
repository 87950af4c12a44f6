/** One probe: the free check, a word, and a word from somebody else; bounded, and paid for. */
import { describe, expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type { CatalogTarget } from "../../../src/providers/catalog.ts";
import { PROBE_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { probeProvider } from "../../../src/routing/probe-provider.ts";
import {
  answer,
  begin,
  createScriptedProvider,
  failureOf,
  finish,
  hang,
  pause,
  refuse,
  say,
  toProviderId,
  type ScriptedProviderOptions,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

const targetOf = (modelId: string, reasoning = false): CatalogTarget => ({
  provider: toProviderId("openai"),
  modelId,
  displayName: modelId,
  contextTokens: null,
  maxOutputTokens: null,
  vision: false,
  tools: false,
  reasoning,
  sandbox: false,
});
const TARGETS = [targetOf("thinker", true), targetOf("small"), targetOf("large")];

interface Asked {
  readonly ping?: ScriptedProviderOptions["ping"];
  readonly model?: string | null;
  readonly mayGenerate?: boolean;
  readonly targets?: readonly CatalogTarget[];
  readonly price?: number | null;
}

async function probe(scripts: readonly (readonly ScriptStep[])[], asked: Asked = {}) {
  const { ping = null, model = "small", mayGenerate = true, targets = TARGETS, price = 40 } = asked;
  const clock = new VirtualClock();
  const provider = createScriptedProvider({ id: "openai", clock, scripts, ping });
  const startedMs = clock.nowMs();
  const deps = { provider, targets, clock, deadlines: PROBE_DEADLINES, priceUsage: () => price };
  const report = await clock.runUntil(probeProvider(deps, model, mayGenerate));
  const asks = provider.calls.map((call) => call.call.modelId);
  return { report, provider, clock, asks, elapsedMs: clock.nowMs() - startedMs };
}

const FAILS: readonly ScriptStep[] = [begin, say("O"), refuse("stream-reset", { phase: "stream" })];

describe("probe", () => {
  it("[CB16] lists models first, then asks the model in question for a word", async () => {
    const { report, provider, asks } = await probe([[pause(200), ...answer("OK")]]);
    expect(report).toEqual({
      model: "small",
      verdict: "success",
      reach: "model",
      latencyMs: 200,
      retryAfterMs: null,
      message: "",
      costMicroUsd: 40,
    });
    expect(provider.pings).toHaveLength(1);
    expect(asks).toEqual(["small"]);
    expect(provider.calls[0]?.call.maxOutputTokens).toBe(16);
  });

  it("[CB16] a model that reasons is given room to think before its word", async () => {
    const { provider } = await probe([answer("OK")], { model: "thinker" });
    expect(provider.calls[0]?.call).toMatchObject({ modelId: "thinker", maxOutputTokens: 256 });
  });

  it.each([null, "gpt-typo"])("[CB16] for model %s one that does not reason is asked", async (model) => {
    const { asks, report } = await probe([answer("OK")], { model });
    expect(asks).toEqual(["small"]);
    expect(report.model).toBe("small");
  });

  it("[CB57] [CB58] where nothing may be spent the list alone decides", async () => {
    const { report, asks } = await probe([answer("never")], { mayGenerate: false });
    expect(report).toMatchObject({ verdict: "success", costMicroUsd: 0 });
    expect(asks).toEqual([]);
  });

  it("[CB16] a provider without a known model is well when it lists", async () => {
    const { report } = await probe([answer("never")], { targets: [], model: "own" });
    expect(report).toMatchObject({ model: "own", verdict: "success", costMicroUsd: 0 });
  });

  it.each([
    ["unauthorized", "fatal"],
    ["unreachable", "failure"],
    ["rate-limited", "rate-limited"],
  ] as const)(
    "[CB16] [CB47] when listing fails with %s no word is asked for: it is the provider's",
    async (kind, verdict) => {
      const { report, asks } = await probe([answer("never")], { ping: failureOf(kind) });
      expect(report).toMatchObject({
        verdict,
        reach: "provider",
        costMicroUsd: 0,
        message: `${kind}: scripted ${kind}`,
      });
      expect(asks).toEqual([]);
    },
  );

  it.each([
    ["model-not-found", 404],
    ["bad-request", 405],
    ["server-error", 501],
    ["unauthorized", 403],
  ] as const)("[RT78] a list that is refused with %s (%d) leaves it to a word", async (kind, status) => {
    const ping = failureOf(kind, { status });
    const well = await probe([answer("OK")], { ping });
    expect(well.report).toMatchObject({ verdict: "success", reach: "model", costMicroUsd: 40 });
    expect(well.asks).toEqual(["small"]);
    const ill = await probe([FAILS, FAILS], { ping });
    expect(ill.report).toMatchObject({ verdict: "failure", reach: "provider" });
    const idle = await probe([answer("never")], { ping, mayGenerate: false });
    expect(idle.report).toMatchObject({ verdict: "success", costMicroUsd: 0 });
    expect(idle.asks).toEqual([]);
  });

  it("[CB16] an end without a word is a sign of life", async () => {
    const { report } = await probe([[begin, finish()]]);
    expect(report.verdict).toBe("success");
  });

  it("[CB12] the wait that a 429 asks a probe for is handed on", async () => {
    const listing = await probe([], { ping: failureOf("rate-limited", { retryAfterMs: 45_000 }) });
    expect(listing.report).toMatchObject({ verdict: "rate-limited", retryAfterMs: 45_000 });
    const asking = await probe([[refuse("rate-limited", { retryAfterMs: 7_000 })], answer("OK")]);
    expect(asking.report).toMatchObject({ verdict: "rate-limited", reach: "model", retryAfterMs: 7_000 });
  });
});

describe("whose fault it is", () => {
  it("[CB47] another model that answers makes it the model's", async () => {
    const { report, asks } = await probe([FAILS, answer("OK")]);
    expect(asks).toEqual(["small", "large"]);
    expect(report).toMatchObject({ model: "small", verdict: "failure", reach: "model", costMicroUsd: 80 });
    expect(report.message).toBe("stream-reset: scripted stream-reset");
  });

  it("[CB47] another model that fails as well makes it the provider's", async () => {
    const { report } = await probe([FAILS, FAILS]);
    expect(report).toMatchObject({ model: "small", verdict: "failure", reach: "provider" });
  });

  it("[CB47] where there is no other model the provider is its one model", async () => {
    const { report, asks } = await probe([FAILS], { targets: [targetOf("small")] });
    expect(asks).toEqual(["small"]);
    expect(report.reach).toBe("provider");
  });

  it("[CB49] a model that is not there is the model's alone", async () => {
    const { report } = await probe([[refuse("model-not-found")], answer("OK")]);
    expect(report).toMatchObject({ verdict: "fatal", reach: "model" });
  });
});

describe("what it costs", () => {
  it("[CB57] a refusal before the first token costs nothing; an answer of unknown price has no figure", async () => {
    const refused = await probe([[refuse("server-error")], [refuse("server-error")]], { price: null });
    expect(refused.report.costMicroUsd).toBe(0);
    const unknown = await probe([answer("OK")], { price: null });
    expect(unknown.report.costMicroUsd).toBeNull();
    const broken = await probe(
      [[begin, say("O"), refuse("stream-cut", { phase: "stream" }, UNKNOWN_USAGE)], answer("OK")],
      {
        price: null,
      },
    );
    expect(broken.report.costMicroUsd).toBeNull();
  });
});

describe("how long it takes", () => {
  it("[CB17] a list of models that never comes is a failure after 5 s", async () => {
    const { report, elapsedMs, clock, asks } = await probe([answer("never")], { ping: "hang" });
    expect(report).toMatchObject({ verdict: "failure", reach: "provider", latencyMs: 5_000 });
    expect(report.message).toBe("timeout: no answer to a ping within 5000 ms");
    expect(elapsedMs).toBe(5_000);
    expect(asks).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<{ name: string; script: readonly ScriptStep[]; elapsedMs: number }>([
    { name: "no headers", script: [hang], elapsedMs: 5_000 },
    { name: "no token", script: [begin, hang], elapsedMs: 10_000 },
    { name: "no further token", script: [begin, say("O"), hang], elapsedMs: 5_000 },
    {
      name: "no end",
      script: [begin, ...Array.from({ length: 20 }, () => [say("O"), pause(1_000)]).flat()],
      elapsedMs: 15_000,
    },
  ])("[CB17] $name: a failure after $elapsedMs ms each, and the connections are closed", async (row) => {
    const { report, elapsedMs, provider, clock } = await probe([row.script, row.script]);
    expect(report).toMatchObject({ verdict: "failure", reach: "provider" });
    expect(elapsedMs).toBe(2 * row.elapsedMs);
    for (const call of provider.calls) expect(call).toMatchObject({ aborted: true, closed: true });
    expect(clock.pendingTimers).toBe(0);
  });
});
