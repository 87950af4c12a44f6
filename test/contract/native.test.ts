/** Calls in the words of a provider's own wire, against its stand-in, over real TCP. Rules HT170, HT172, HT180, HT183, PR96, PR115, PR117. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startSandbox, type Sandbox } from "../../sandbox/server.ts";
import type { ModelCall, ModelEvent, NativeRequest, Provider } from "../../src/providers/provider.ts";
import { ADAPTERS, makeProvider, resetFaults, setFault, userPrompt, type AdapterCase } from "./adapter.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

const SPEAKERS = ADAPTERS.filter(({ name }) => ["openai", "deepseek", "compatible"].includes(name));
const ANTHROPIC = ADAPTERS.filter(({ name }) => name === "anthropic");
const QUESTION = "[[words:60]]";

function toCall(adapter: AdapterCase, stream: boolean): ModelCall {
  const native: NativeRequest = {
    wire: "openai-chat",
    body: { messages: [{ role: "user", content: QUESTION }], seed: 7 },
    onlyHere: [],
    stream,
  };
  return { modelId: adapter.modelId, prompt: userPrompt(QUESTION), native };
}

function toAnthropicCall(adapter: AdapterCase, stream: boolean): ModelCall {
  const native: NativeRequest = {
    wire: "anthropic",
    body: { max_tokens: 1_000, messages: [{ role: "user", content: QUESTION }] },
    onlyHere: [],
    stream,
  };
  return { modelId: adapter.modelId, prompt: userPrompt(QUESTION), native };
}

function run(adapter: AdapterCase, stream: boolean, make = toCall): Promise<ModelEvent[]> {
  return drain(makeProvider(adapter, sandbox.url).provider, make(adapter, stream));
}

async function drain(provider: Provider, call: ModelCall): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const batch of provider.stream(call, AbortSignal.timeout(5_000))) events.push(...batch);
  return events;
}

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
const endOf = (events: readonly ModelEvent[]): ModelEvent | undefined => events.at(-1);

describe.each(SPEAKERS)("$name", (adapter) => {
  test("[HT170] [HT172] a stream and a whole answer say the same, and their own words say it too", async () => {
    const streamed = await run(adapter, true);
    const whole = await run(adapter, false);
    expect(textOf(streamed).split(/\s+/)).toHaveLength(60);
    expect(textOf(whole)).toBe(textOf(streamed));
    const wire = streamed.map((event) => (event.type === "wire" ? event.text : "")).join("");
    const contents = wire
      .split("\n\n")
      .filter((line) => line !== "")
      .map((line) => /"content":("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? '""');
    expect(contents.map((content) => z.string().parse(JSON.parse(content))).join("")).toBe(textOf(streamed));
    // The end of the wire is handed out with the finish, and not before.
    expect(wire).not.toMatch(/"finish_reason":"|\[DONE\]/);
    expect(endOf(streamed)).toMatchObject({ type: "finish", finishReason: "stop" });
    expect(endOf(whole)).toMatchObject({ type: "finish", native: [{ object: "chat.completion" }] });
  });

  test.each(["reset", "cut", "garbage", "error-event", "empty"] as const)(
    "[HT172] [PR96] a whole answer with the fault %s is none",
    async (fault) => {
      await setFault(sandbox.url, adapter.standIn, fault);
      const events = await run(adapter, false);
      expect(endOf(events)).toMatchObject({ type: "fail" });
      expect(textOf(events)).toBe("");
    },
  );

  test.each(["reset", "cut", "garbage", "error-event"] as const)(
    "[HT170] of a stream with the fault %s only whole events are passed on",
    async (fault) => {
      await setFault(sandbox.url, adapter.standIn, fault, { afterChunks: 5 });
      const events = await run(adapter, true);
      expect(endOf(events)).toMatchObject({ type: "fail" });
      for (const event of events) {
        if (event.type !== "wire") continue;
        for (const line of event.text.split("\n\n").slice(0, -1)) {
          expect(() => JSON.parse(line.replace(/^data: /, "")) as unknown).not.toThrow();
          expect(line).not.toContain('"error"');
        }
      }
    },
  );
});

const wireEvents = (events: readonly ModelEvent[]): string[] =>
  events.flatMap((event) => (event.type === "wire" ? event.text.split("\n\n").slice(0, -1) : []));

describe.each(ANTHROPIC)("$name", (adapter) => {
  test("[HT180] [HT183] a stream and a whole answer say the same, and their own words say it too", async () => {
    const streamed = await run(adapter, true, toAnthropicCall);
    const whole = await run(adapter, false, toAnthropicCall);
    expect(textOf(streamed).split(/\s+/)).toHaveLength(60);
    expect(textOf(whole)).toBe(textOf(streamed));
    const Delta = z.object({ delta: z.object({ text: z.string() }) });
    const said = wireEvents(streamed).map((event) =>
      Delta.safeParse(JSON.parse(event.replace(/^[^{]*/, ""))),
    );
    expect(said.map(({ data }) => data?.delta.text ?? "").join("")).toBe(textOf(streamed));
    expect(wireEvents(streamed).some((event) => event.includes("message_delta"))).toBe(false);
    expect(endOf(streamed)).toMatchObject({
      type: "finish",
      finishReason: "stop",
      native: [{ type: "message_delta" }],
    });
    expect(endOf(whole)).toMatchObject({ type: "finish", native: [{ type: "message" }] });
  });

  test.each(["reset", "cut", "garbage", "error-event", "empty"] as const)(
    "[HT183] [PR96] a whole answer with the fault %s is none",
    async (fault) => {
      await setFault(sandbox.url, adapter.standIn, fault);
      const events = await run(adapter, false, toAnthropicCall);
      expect(endOf(events)).toMatchObject({ type: "fail" });
      expect(textOf(events)).toBe("");
    },
  );

  test.each(["reset", "cut", "garbage", "error-event"] as const)(
    "[HT180] of a stream with the fault %s only whole events are passed on",
    async (fault) => {
      await setFault(sandbox.url, adapter.standIn, fault, { afterChunks: 5 });
      const events = await run(adapter, true, toAnthropicCall);
      expect(endOf(events)).toMatchObject({ type: "fail" });
      for (const event of wireEvents(events)) {
        expect(event).toMatch(/^event: \w+\ndata: \{.*\}$/);
        expect(event).not.toContain('"error"');
      }
    },
  );

  test.each([true, false])("[PR117] asks with the caller's own fields, as a stream: %s", async (stream) => {
    const call = toAnthropicCall(adapter, stream);
    for (const apiKey of ["contract-test-key", null]) {
      const { provider, sent } = makeProvider(adapter, sandbox.url, { apiKey });
      await drain(provider, call);
      expect(sent).toHaveLength(1);
      expect(sent[0]).toMatchObject({ url: `${sandbox.url}${adapter.path}/messages`, redirect: "manual" });
      expect(JSON.parse(sent[0]?.body ?? "")).toEqual({
        ...call.native?.body,
        model: adapter.modelId,
        stream,
      });
      expect(sent[0]?.headers.get("x-api-key")).toBe(apiKey);
      expect(sent[0]?.headers.get("anthropic-version")).toBe("2023-06-01");
      expect(sent[0]?.headers.get("authorization")).toBe(null);
    }
  });

  test.each([
    ["text/html", "<html>Welcome</html>", "malformed"],
    ["text/event-stream", "", "stream-cut"],
    ["text/event-stream", "<html>Welcome</html>", "stream-cut"],
  ])("[PR115] a 200 of %s with %j is no answer", async (type, body, kind) => {
    const answer = () => Promise.resolve(new Response(body, { headers: { "content-type": type } }));
    const { provider } = makeProvider(adapter, sandbox.url, { fetch: answer });
    const events = await drain(provider, toAnthropicCall(adapter, true));
    expect(endOf(events)).toMatchObject({ type: "fail", failure: { kind, phase: "first-token" } });
  });

  test("[HT180] a refusal is classified like everybody's", async () => {
    await setFault(sandbox.url, adapter.standIn, "rate-limit");
    const events = await run(adapter, true, toAnthropicCall);
    expect(endOf(events)).toMatchObject({ type: "fail", failure: { kind: "rate-limited", status: 429 } });
  });
});
