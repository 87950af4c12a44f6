import { describe, expect, it } from "vitest";
import type { ModelCall, ModelEvent, Provider } from "../../../../src/providers/provider.ts";
import type { Deadlines } from "../../../../src/routing/attempt/deadlines.ts";
import { runAttempt } from "../../../../src/routing/attempt/run-attempt.ts";
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
  toProviderId,
  type ScriptedProviderOptions,
  type ScriptStep,
} from "../../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

const DEADLINES: Deadlines = { headersMs: 1_000, firstTokenMs: 2_000, gapMs: 500, totalMs: 10_000 };
const CALL: ModelCall = { modelId: "gpt", prompt: [] };

function createWorld(script: readonly ScriptStep[], changes: Partial<ScriptedProviderOptions> = {}) {
  const clock = new VirtualClock();
  const provider = createScriptedProvider({ id: "openai", clock, scripts: [script], ...changes });
  const stop = new AbortController();
  const attempt = runAttempt(provider, CALL, DEADLINES, clock, stop.signal);
  const startedMs = clock.nowMs();
  return { clock, provider, stop, attempt, startedMs };
}

async function collectBatches(
  attempt: AsyncIterable<readonly ModelEvent[]>,
): Promise<(readonly ModelEvent[])[]> {
  const batches: (readonly ModelEvent[])[] = [];
  for await (const batch of attempt) batches.push(batch);
  return batches;
}

const collect = async (attempt: AsyncIterable<readonly ModelEvent[]>): Promise<ModelEvent[]> =>
  (await collectBatches(attempt)).flat();

const isTerminal = (event: ModelEvent): boolean => event.type === "finish" || event.type === "fail";
const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

describe("deadlines", () => {
  it.each<{ name: string; script: readonly ScriptStep[]; atMs: number; phase: string; message: string }>([
    {
      name: "headers",
      script: [hang],
      atMs: 1_000,
      phase: "connect",
      message: "no connection and headers within 1000 ms",
    },
    {
      name: "first token",
      script: [pause(900), begin, hang],
      atMs: 2_900,
      phase: "first-token",
      message: "no first token within 2000 ms",
    },
    {
      name: "gap",
      script: [begin, say("a"), pause(400), say("b"), pause(400), say("c"), hang],
      atMs: 1_300,
      phase: "stream",
      message: "no further token within 500 ms",
    },
    {
      name: "total",
      script: [begin, ...Array.from({ length: 40 }, () => [say("a"), pause(400)]).flat()],
      atMs: 10_000,
      phase: "stream",
      message: "no end within 10000 ms",
    },
  ])("[RT25] $name: ends as a timeout and closes the upstream connection", async (row) => {
    const { clock, provider, attempt, startedMs } = createWorld(row.script);
    const events = await clock.runUntil(collect(attempt));
    expect(clock.nowMs() - startedMs).toBe(row.atMs);
    expect(events.at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "timeout", phase: row.phase, status: null, retryAfterMs: null, message: row.message },
    });
    expect(provider.calls[0]).toMatchObject({ aborted: true, closed: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT25] one who keeps every deadline to the millisecond is not cut off", async () => {
    const { clock, attempt } = createWorld([
      pause(999),
      begin,
      pause(1_999),
      say("a"),
      pause(499),
      say("b"),
      pause(499),
      finish(),
    ]);
    const events = await clock.runUntil(collect(attempt));
    expect(textOf(events)).toBe("ab");
    expect(events.at(-1)).toEqual({ type: "finish", finishReason: "stop", usage: COUNTED_USAGE });
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT25] headers and the first token in one batch move on to the gap", async () => {
    const both: ScriptStep = {
      type: "batch",
      events: [{ type: "response-start" }, { type: "text-delta", text: "a" }],
    };
    const { clock, attempt, startedMs } = createWorld([both, hang]);
    await clock.runUntil(collect(attempt));
    expect(clock.nowMs() - startedMs).toBe(500);
  });

  it.each<ModelEvent>([
    { type: "reasoning-delta", text: "hm" },
    { type: "tool-input-start", toolCallId: "call_1", toolName: "look" },
  ])("[RT25] $type counts as a token", async (event) => {
    const { clock, attempt, startedMs } = createWorld([begin, { type: "batch", events: [event] }, hang]);
    await clock.runUntil(collect(attempt));
    expect(clock.nowMs() - startedMs).toBe(500);
  });

  it("[RT25] who is heard of without a word may be silent for as long as before the first one", async () => {
    const life: ScriptStep = { type: "batch", events: [{ type: "reasoning-delta", text: "" }] };
    const silent = [begin, pause(1_900), life, pause(1_900), life, pause(1_900)];
    const spoken = createWorld([...silent, say("a"), life, pause(1_900), say("b"), finish()]);
    const batches = await spoken.clock.runUntil(collectBatches(spoken.attempt));
    expect(textOf(batches.flat())).toBe("ab");
    expect(batches.every((batch) => batch.length > 0)).toBe(true);
    expect(batches.flat().some(({ type }) => type === "reasoning-delta")).toBe(false);
    const gone = createWorld([...silent, pause(200), say("a"), hang]);
    expect((await gone.clock.runUntil(collect(gone.attempt))).at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "timeout", phase: "first-token" },
    });
    const stalled = createWorld([begin, life, say("a"), hang]);
    await stalled.clock.runUntil(collect(stalled.attempt));
    expect(stalled.clock.nowMs() - stalled.startedMs).toBe(500);
  });

  it("[RT25] what a provider had reported before the deadline is kept", async () => {
    const { clock, attempt } = createWorld([begin, say("a"), hang]);
    const events = await clock.runUntil(collect(attempt));
    expect(textOf(events)).toBe("a");
  });

  it("[RT25] a slow reader does not make the provider late", async () => {
    const { clock, provider, attempt } = createWorld([begin, say("a"), say("b"), finish()]);
    const texts: string[] = [];
    for (;;) {
      const next = await attempt.next();
      if (next.done === true) break;
      texts.push(textOf(next.value));
      await clock.advance(3_000);
    }
    expect(texts.join("")).toBe("ab");
    expect(provider.calls[0]).toMatchObject({ aborted: false });
  });

  it("[RT25] after a slow reader the gap counts from when the reader is back", async () => {
    const { clock, attempt } = createWorld([begin, say("a"), hang]);
    await attempt.next();
    await attempt.next();
    await clock.advance(3_000);
    const backMs = clock.nowMs();
    const rest = await clock.runUntil(collect(attempt));
    expect(clock.nowMs() - backMs).toBe(500);
    expect(rest.at(-1)).toMatchObject({ type: "fail", failure: { kind: "timeout" } });
  });

  it("[RT25] no reader is so slow that the whole attempt lasts longer than its deadline", async () => {
    const { clock, provider, attempt } = createWorld([begin, say("a"), hang]);
    await attempt.next();
    await attempt.next();
    await clock.advance(10_000);
    const rest = await clock.runUntil(collect(attempt));
    expect(rest.at(-1)).toMatchObject({ failure: { kind: "timeout", message: "no end within 10000 ms" } });
    expect(provider.calls[0]).toMatchObject({ aborted: true, closed: true });
  });
});

describe("the end", () => {
  it("[RT26] passes batches on as they are, with one terminal event at the end", async () => {
    const { clock, attempt, provider } = createWorld(answer("hello"));
    const batches: (readonly ModelEvent[])[] = [];
    for await (const batch of attempt) batches.push(batch);
    expect(batches).toEqual([
      [{ type: "response-start" }],
      [{ type: "text-delta", text: "hello" }],
      [{ type: "finish", finishReason: "stop", usage: COUNTED_USAGE }],
    ]);
    expect(provider.calls).toMatchObject([{ call: CALL, aborted: false, closed: true }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT26] nothing that follows a terminal event is passed on", async () => {
    const { attempt } = createWorld([begin, say("a"), finish(), say("b"), finish()]);
    const events = await collect(attempt);
    expect(events.filter(isTerminal)).toHaveLength(1);
    expect(textOf(events)).toBe("a");
  });

  it("[RT26] a failure of the provider is passed on whole", async () => {
    const { attempt } = createWorld([
      refuse("rate-limited", { status: 429, retryAfterMs: 700 }, COUNTED_USAGE),
    ]);
    expect(await collect(attempt)).toMatchObject([
      {
        type: "fail",
        failure: { kind: "rate-limited", status: 429, retryAfterMs: 700 },
        usage: COUNTED_USAGE,
      },
    ]);
  });

  it.each<{ name: string; step: ScriptStep; message: string }>([
    { name: "forgets it", step: { type: "forget" }, message: "without a terminal event" },
    { name: "throws instead", step: { type: "throw", message: "adapter bug" }, message: "adapter bug" },
  ])("[RT26] an adapter that $name still ends in one", async ({ step, message }) => {
    const { clock, attempt, provider } = createWorld([begin, say("a"), step]);
    const events = await clock.runUntil(collect(attempt));
    expect(events.filter(isTerminal)).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "stream-cut", phase: "stream", message: expect.stringContaining(message) },
    });
    expect(provider.calls[0]?.closed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT26] leaving early closes the connection", async () => {
    const { clock, attempt, provider } = createWorld([begin, say("a"), hang]);
    for await (const batch of attempt) if (batch.some((event) => event.type === "text-delta")) break;
    expect(provider.calls[0]?.closed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("an adapter that does not heed the abort", () => {
  /** It goes on as if nobody had said a word, and cannot be closed either. */
  const deaf: Provider = {
    id: toProviderId("deaf"),
    stream: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => new Promise<never>(() => {}),
      }),
    }),
    ping: () => new Promise<never>(() => {}),
  };

  it("[RT77] is left behind 250 ms after a deadline", async () => {
    const clock = new VirtualClock();
    const startedMs = clock.nowMs();
    const attempt = runAttempt(deaf, CALL, DEADLINES, clock, new AbortController().signal);
    const events = await clock.runUntil(collect(attempt));
    expect(events).toMatchObject([{ type: "fail", failure: { kind: "timeout", phase: "connect" } }]);
    expect(clock.nowMs() - startedMs).toBe(1_250);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT77] is left behind 250 ms after a stop, which is still a stop", async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const startedMs = clock.nowMs();
    const collected = collect(runAttempt(deaf, CALL, DEADLINES, clock, stop.signal));
    await clock.advance(100);
    stop.abort();
    expect(await clock.runUntil(collected)).toMatchObject([{ failure: { kind: "cancelled" } }]);
    expect(clock.nowMs() - startedMs).toBe(350);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    { name: "a deadline that passes after its own stop changes nothing", stopAtMs: 900, kind: "cancelled" },
    { name: "its own stop after a deadline changes nothing", stopAtMs: 1_100, kind: "timeout" },
  ])("[RT27] $name", async ({ stopAtMs, kind }) => {
    const clock = new VirtualClock();
    const own = new AbortController();
    const collected = collect(runAttempt(deaf, CALL, DEADLINES, clock, new AbortController().signal, own));
    await clock.advance(stopAtMs);
    own.abort();
    expect(await clock.runUntil(collected)).toMatchObject([{ type: "fail", failure: { kind } }]);
  });

  it("[RT27] a reader's stop after a deadline is still a stop", async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const collected = collect(runAttempt(deaf, CALL, DEADLINES, clock, stop.signal));
    await clock.advance(1_100);
    stop.abort();
    expect(await clock.runUntil(collected)).toMatchObject([{ failure: { kind: "cancelled" } }]);
  });

  it("[RT77] one that hangs only while it is closed holds nobody up either", async () => {
    const clock = new VirtualClock();
    const provider = createScriptedProvider({ id: "a", clock, scripts: [answer("hello")] });
    const sticky: Provider = {
      ...provider,
      stream: (call, signal) => {
        const iterator = provider.stream(call, signal)[Symbol.asyncIterator]();
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => iterator.next(),
            return: () => new Promise<never>(() => {}),
          }),
        };
      },
    };
    const attempt = runAttempt(sticky, CALL, DEADLINES, clock, new AbortController().signal);
    const startedMs = clock.nowMs();
    expect(textOf(await clock.runUntil(collect(attempt)))).toBe("hello");
    expect(clock.nowMs() - startedMs).toBe(0);
  });
});

describe("a reader's stop", () => {
  it.each<{ name: string; script: readonly ScriptStep[]; afterMs: number }>([
    { name: "before the headers", script: [hang], afterMs: 300 },
    { name: "before the first token", script: [begin, hang], afterMs: 300 },
    { name: "in the middle", script: [begin, say("a"), pause(200), say("b"), hang], afterMs: 300 },
  ])("[RT27] $name ends the attempt as cancelled, and closes the connection", async ({ script, afterMs }) => {
    const { clock, attempt, provider, stop, startedMs } = createWorld(script);
    const collected = collect(attempt);
    await clock.advance(afterMs);
    stop.abort();
    const events = await clock.runUntil(collected);
    expect(events.filter(isTerminal)).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "fail", failure: { kind: "cancelled" } });
    expect(clock.nowMs() - startedMs).toBe(afterMs);
    expect(provider.calls[0]).toMatchObject({ aborted: true, closed: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it("[RT27] a stop from before the call ends it at once", async () => {
    const { clock, provider } = createWorld(answer("never"));
    const events = await clock.runUntil(
      collect(runAttempt(provider, CALL, DEADLINES, clock, AbortSignal.abort())),
    );
    expect(events).toMatchObject([{ type: "fail", failure: { kind: "cancelled" } }]);
  });

  it("[RT27] an adapter that takes our abort for a broken connection does not make it one", async () => {
    const { clock, attempt, stop } = createWorld([begin, say("a"), hang], { abortKind: "stream-reset" });
    const collected = collect(attempt);
    await clock.settle();
    stop.abort();
    const events = await clock.runUntil(collected);
    expect(events.at(-1)).toMatchObject({ failure: { kind: "cancelled", phase: "stream" } });
  });

  it.each<{ name: string; step: ScriptStep }>([
    { name: "forgets its end", step: { type: "forget" } },
    { name: "throws", step: { type: "throw", message: "aborted" } },
  ])("[RT27] a stop of an adapter that then $name counts against nobody", async ({ step }) => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const provider = createScriptedProvider({
      id: "openai",
      clock,
      scripts: [[begin, say("a"), pause(100), step]],
    });
    // Deaf to the signal: it ends as its script says.
    const deaf = {
      ...provider,
      stream: (call: ModelCall) => provider.stream(call, new AbortController().signal),
    };
    const collected = collect(runAttempt(deaf, CALL, DEADLINES, clock, stop.signal));
    await clock.settle();
    stop.abort();
    const events = await clock.runUntil(collected);
    expect(events.at(-1)).toMatchObject({ type: "fail", failure: { kind: "cancelled" } });
  });
});
