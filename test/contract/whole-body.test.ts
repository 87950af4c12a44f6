/** The body of an answer in one piece as it comes, over real TCP: who stalls within it, and who only thinks. Rules RT101, HT172, HT183. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../../sandbox/server.ts";
import type { ModelCall, ModelEvent, NativeRequest } from "../../src/providers/provider.ts";
import { ADAPTERS, collect, makeProvider, resetFaults, startCall, userPrompt } from "./adapter.ts";
import { breakStandIn, MATRIX_TARGETS, runBrokenTurn } from "./failover-world.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

const GAP_MS = 200;
const QUESTION = "[[words:60]]";

function toNativeRequest(wire: NativeRequest["wire"]): NativeRequest {
  const messages = [{ role: "user", content: QUESTION }];
  const body = wire === "anthropic" ? { max_tokens: 1_000, messages } : { messages };
  return { wire, body, onlyHere: [], stream: false };
}

test.each([
  ["openai-chat", "openai", "google"],
  ["openai-chat", "deepseek", "anthropic"],
  ["anthropic", "anthropic", "openai"],
] as const)(
  "[RT101] on the wire %s, %s stalls in half its answer: %s gives it",
  async (wire, first, second) => {
    const order = [first, second].flatMap((name) =>
      MATRIX_TARGETS.filter(({ provider }) => provider === name).slice(0, 1),
    );
    const turn = {
      sandboxUrl: sandbox.url,
      testId: `whole-${first}`,
      order,
      prompt: userPrompt(QUESTION),
      native: toNativeRequest(wire),
      gapMs: GAP_MS,
    };
    await breakStandIn(turn, first, { fault: "stall", afterChunks: 0 });
    const { end, text } = await runBrokenTurn(turn);
    expect(end.status).toBe("complete");
    expect(text.split(/\s+/)).toHaveLength(60);
    expect(end.attempts.map(({ provider, outcome, error }) => ({ provider, outcome, error }))).toEqual([
      { provider: first, outcome: "failure", error: `timeout: no further byte within ${GAP_MS} ms` },
      { provider: second, outcome: "success", error: null },
    ]);
  },
);

const OPENAI = ADAPTERS.filter(({ name }) => name === "openai");
const ANSWER = JSON.stringify({
  choices: [{ message: { role: "assistant", content: "Grüße, 世界" }, finish_reason: "stop" }],
});
const CALL: ModelCall = { modelId: "m", prompt: userPrompt("Hi"), native: toNativeRequest("openai-chat") };

/** A body whose pieces are read one by one; it stays open behind them where `isOpen`. */
function toBody(pieces: readonly Uint8Array[], isOpen = false): Response {
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        const piece = pieces[next];
        next += 1;
        if (piece !== undefined) controller.enqueue(piece);
        else if (!isOpen) controller.close();
        else await new Promise(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/json" } });
}

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

test.each(OPENAI)("[RT101] each read is told of, blanks ahead of the answer as such", async (adapter) => {
  const pieces = ["\n", "\r\n ", `\n${ANSWER.slice(0, 20)}`, "  "].map(toBytes);
  const { provider } = makeProvider(adapter, sandbox.url, {
    fetch: () => Promise.resolve(toBody(pieces, true)),
  });
  const stop = new AbortController();
  const seen: ModelEvent[] = [];
  const { last } = await collect(provider.stream(CALL, stop.signal), (event) => {
    seen.push(event);
    if (seen.length === 5) stop.abort();
  });
  expect(seen.slice(0, 5)).toEqual([
    { type: "response-start" },
    { type: "bytes", isBlank: true },
    { type: "bytes", isBlank: true },
    { type: "bytes", isBlank: false },
    { type: "bytes", isBlank: false },
  ]);
  expect(last).toMatchObject({ type: "fail", failure: { kind: "cancelled" } });
});

test.each(OPENAI)("[HT172] an answer is the same in whatever pieces its body comes", async (adapter) => {
  const bytes = toBytes(`\n\n${ANSWER}\n`);
  for (const size of [1, 3, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.slice(index * size, (index + 1) * size),
    );
    const { provider } = makeProvider(adapter, sandbox.url, { fetch: () => Promise.resolve(toBody(pieces)) });
    const { events, last } = await startCall(provider, CALL);
    expect(textOf(events)).toBe("Grüße, 世界");
    expect(last).toMatchObject({ type: "finish", finishReason: "stop" });
  }
});

test.each([
  ["is no text", [toBytes('{"choices":['), new Uint8Array([0xff, 0xfe])], "malformed"],
  ["ends within a character", [toBytes(ANSWER), new Uint8Array([0xc3])], "malformed"],
  ["is longer than any answer", [new Uint8Array(17 * 1_048_576).fill(32)], "malformed"],
  ["is empty", [], "malformed"],
] as const)("[HT172] a body that %s is no answer", async (_, pieces, kind) => {
  for (const adapter of OPENAI) {
    const { provider } = makeProvider(adapter, sandbox.url, { fetch: () => Promise.resolve(toBody(pieces)) });
    const { events, last } = await startCall(provider, CALL);
    expect(last).toMatchObject({ type: "fail", failure: { kind } });
    expect(textOf(events)).toBe("");
  }
});
