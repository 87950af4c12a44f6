import { describe, expect, it } from "vitest";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";
import {
  answer,
  begin,
  COUNTED_USAGE,
  failureOf,
  pause,
  refuse,
  say,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { callsOf, collectAnswer, createPlanWorld, runTurn } from "./plan-world.ts";

describe("fallback", () => {
  it("[RT18] the first candidate answers and nobody else is called", async () => {
    const world = createPlanWorld({ a: [answer("hello")], b: [answer("never")] });
    const { end, text, events } = await runTurn(world);
    expect(text).toBe("hello");
    expect(end.status).toBe("complete");
    expect(callsOf(world)).toEqual(["a+0"]);
    expect(events[0]).toEqual({ type: "leg-start", target: { provider: "a", model: "m" }, attempt: 1 });
    expect(world.providers.get("a")?.calls[0]?.call).toEqual({ modelId: "m", prompt: [] });
  });

  it("[RT18] after a failure the next is tried at once, in order", async () => {
    const world = createPlanWorld({
      a: [[refuse("server-error")]],
      b: [[pause(300), refuse("overloaded")]],
      c: [answer("from c")],
    });
    const { end, text, events } = await runTurn(world);
    expect(text).toBe("from c");
    expect(callsOf(world)).toEqual(["a+0", "b+0", "c+300"]);
    expect(end.attempts.map((attempt) => [attempt.provider, attempt.outcome])).toEqual([
      ["a", "failure"],
      ["b", "failure"],
      ["c", "success"],
    ]);
    expect(events[0]).toMatchObject({ type: "leg-start", attempt: 3 });
  });

  it("[RT18] the same one comes again only after all others, and after a wait", async () => {
    const world = createPlanWorld({
      a: [[refuse("server-error")], [refuse("server-error")], answer("third time")],
      b: [[refuse("server-error")]],
    });
    const { text } = await runTurn(world);
    expect(text).toBe("third time");
    // Half of 250 ms, then half of 500 ms.
    expect(callsOf(world)).toEqual(["a+0", "b+0", "a+125", "b+125", "a+375"]);
  });

  it("[RT15] waits come from the given random: the same seed, the same turn", async () => {
    const play = async (seed: number): Promise<string[]> => {
      const world = createPlanWorld({ a: [[refuse("timeout")]] }, { random: createSeededRandom(seed) });
      await runTurn(world);
      return callsOf(world);
    };
    expect(await play(1)).toEqual(await play(1));
    expect(await play(1)).not.toEqual(await play(2));
  });

  it("[RT16] a provider is not called before the time it asked for", async () => {
    const world = createPlanWorld({
      a: [[refuse("rate-limited", { retryAfterMs: 3_000 })], answer("later")],
    });
    const { text } = await runTurn(world);
    expect(text).toBe("later");
    expect(callsOf(world)).toEqual(["a+0", "a+3000"]);
  });

  it("[RT16] when another is ready sooner, the one that asked is left alone in that round", async () => {
    const world = createPlanWorld({
      a: [[refuse("rate-limited", { retryAfterMs: 3_000 })]],
      b: [[refuse("server-error")], answer("from b")],
    });
    const { text } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", "b+0", "b+125"]);
  });

  it("[RT17] a provider that asks for a minute is not waited for", async () => {
    const world = createPlanWorld({ a: [[refuse("rate-limited", { retryAfterMs: 60_000 })]] });
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "failed", durationMs: 0, failure: { kind: "rate-limited" } });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it.each<ProviderFailureKind>([
    "unauthorized",
    "payment-required",
    "model-not-found",
    "bad-request",
    "context-too-long",
  ])("[RT19] %s: not again there, only elsewhere", async (kind) => {
    const world = createPlanWorld({ a: [[refuse(kind)]], b: [[refuse("server-error")]] });
    await runTurn(world);
    expect(world.providers.get("a")?.calls).toHaveLength(1);
    expect(world.providers.get("b")?.calls).toHaveLength(3);
  });

  it("[RT20] a content refusal ends the turn", async () => {
    const world = createPlanWorld({ a: [[refuse("content-refused")]], b: [answer("never")] });
    const { end } = await runTurn(world);
    expect(end).toMatchObject({ status: "failed", failure: { kind: "content-refused" } });
    expect(callsOf(world)).toEqual(["a+0"]);
  });

  it("[RT21] three rounds, then it is over", async () => {
    const world = createPlanWorld({ a: [[refuse("unreachable")]] });
    const { end } = await runTurn(world);
    expect(end.status).toBe("failed");
    expect(callsOf(world)).toEqual(["a+0", "a+125", "a+375"]);
  });

  it("[RT21] eight calls, then it is over", async () => {
    const dead = [[refuse("unreachable")]];
    const world = createPlanWorld({ a: dead, b: dead, c: dead, d: dead, e: dead });
    const { end } = await runTurn(world);
    expect(end.attempts).toHaveLength(8);
    expect(world.providers.get("c")?.calls).toHaveLength(2);
    expect(world.providers.get("d")?.calls).toHaveLength(1);
  });
});

describe("circuits during the turn", () => {
  const fatal = { status: "OPEN", openUntilMs: Number.MAX_SAFE_INTEGER, failureCount: 1 } as const;

  it("[RT7] a candidate whose circuit is open is passed over without a call, with one line", async () => {
    const world = createPlanWorld({ a: [answer("never")], b: [answer("from b")] });
    world.setCircuit("a", fatal);
    const { text, end } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["b+0"]);
    expect(end.attempts).toHaveLength(1);
    expect(world.log.lines[0]).toEqual({
      level: "info",
      event: "provider_skipped",
      fields: { request_id: "req_1", provider: "a", model: "m", reason: "circuit OPEN after 1 failure" },
    });
    expect(world.log.of("provider_skipped")).toHaveLength(1);
  });

  it("[RT22] a candidate whose circuit opens during the turn is not tried, and that is told", async () => {
    const world = createPlanWorld({
      a: [[pause(100), refuse("server-error")]],
      b: [answer("never")],
      c: [answer("from c")],
    });
    const turn = collectAnswer(world.begin());
    await world.clock.settle();
    world.setCircuit("b", fatal);
    const { text } = await world.clock.runUntil(turn);
    expect(text).toBe("from c");
    expect(callsOf(world)).toEqual(["a+0", "c+100"]);
    expect(world.log.events).toEqual(["provider_failure", "provider_skipped", "provider_success"]);
    expect(world.log.of("provider_skipped")[0]?.fields).toMatchObject({ provider: "b" });
  });

  it("[RT22] one whose own failure opened its circuit is not tried again, also when that closes meanwhile", async () => {
    const world = createPlanWorld({
      a: [[refuse("server-error")], answer("never")],
      b: [[refuse("server-error", { retryAfterMs: 4_000 })], answer("from b")],
    });
    world.afterOutcome.set("a", () => world.setCircuit("a", fatal));
    world.clock.startTimer(2_000, () => world.setCircuit("a", {}));
    const { text } = await runTurn(world);
    expect(text).toBe("from b");
    expect(callsOf(world)).toEqual(["a+0", "b+0", "b+4000"]);
    expect(world.log.of("provider_skipped")).toEqual([]);
  });

  it("[RT22] when all circuits open during the turn it ends without waiting", async () => {
    const world = createPlanWorld({ a: [[pause(100), refuse("server-error")]], b: [answer("never")] });
    const turn = collectAnswer(world.begin());
    await world.clock.settle();
    world.setCircuit("a", fatal);
    world.setCircuit("b", fatal);
    const { end } = await world.clock.runUntil(turn);
    expect(end).toMatchObject({ status: "failed", durationMs: 100, failure: { kind: "server-error" } });
    expect(callsOf(world)).toEqual(["a+0"]);
  });
});

describe("after the first word", () => {
  it.each<ProviderFailureKind>(["stream-reset", "stream-cut", "stream-error", "malformed"])(
    "[RT24] %s, and nobody goes on: the answer is incomplete, with what was said kept and the last failure",
    async (kind) => {
      const world = createPlanWorld({
        a: [
          [begin, say("half of"), pause(50), refuse(kind, { phase: "stream", status: 200 })],
          [refuse("payment-required")],
        ],
        b: [[refuse("unauthorized")]],
      });
      const { end, text } = await runTurn(world);
      expect(text).toBe("half of");
      expect(end).toMatchObject({
        status: "incomplete",
        failure: { kind: "payment-required" },
        finishReason: null,
      });
      expect(end.legs).toMatchObject([{ provider: "a", model: "m" }]);
      expect(end.attempts[0]).toMatchObject({ outcome: "failure", error: `${kind}: scripted ${kind}` });
      expect(callsOf(world)).toEqual(["a+0", "b+50", "a+175"]);
      expect(world.log.events.at(-1)).toBe("all_providers_failed");
    },
  );

  it("[RT24] a stream that breaks before its first word starts over elsewhere, and nothing is seen of it", async () => {
    const world = createPlanWorld({
      a: [[begin, refuse("stream-reset", { phase: "first-token", status: 200 })]],
      b: [answer("from b")],
    });
    const { events, text, end } = await runTurn(world);
    expect(text).toBe("from b");
    expect(events.filter((event) => event.type === "leg-start")).toHaveLength(1);
    expect(end.legs.map((leg) => leg.provider)).toEqual(["b"]);
  });

  it("[RT29] an answer that nobody is shown before its end starts over elsewhere, also after its first words", async () => {
    const world = createPlanWorld({
      a: [[begin, say("half of"), pause(50), refuse("stream-reset", { phase: "stream", status: 200 })]],
      b: [answer("from b")],
    });
    const { events, end } = await world.clock.runUntil(collectAnswer(world.begin(world.plan(), true)));
    expect(end).toMatchObject({ status: "complete", legs: [{ provider: "b" }] });
    expect(end.attempts.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
      "a failure",
      "b success",
    ]);
    const second = events.findLastIndex((event) => event.type === "leg-start");
    const words = events.slice(second).map((event) => (event.type === "text-delta" ? event.text : ""));
    expect(words.join("")).toBe("from b");
  });

  it("[RT24] words that come in the same batch as the failure are kept", async () => {
    const failure = failureOf("stream-cut", { phase: "stream" });
    const batch: ScriptStep = {
      type: "batch",
      events: [
        { type: "text-delta", text: "a" },
        { type: "text-delta", text: "b" },
        { type: "fail", failure, usage: COUNTED_USAGE },
      ],
    };
    const world = createPlanWorld({ a: [[begin, batch], [refuse("unauthorized")]] });
    const { text, end } = await runTurn(world);
    expect(text).toBe("ab");
    expect(end).toMatchObject({ status: "incomplete", failure: { kind: "unauthorized" } });
  });
});
