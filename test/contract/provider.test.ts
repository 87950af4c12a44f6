/** What a good answer is: one suite for every adapter, over TCP against the sandbox's stand-ins. */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSandbox } from "../../sandbox/server.ts";
import type { Sandbox } from "../../sandbox/server.ts";
import type { ModelCall } from "../../src/providers/provider.ts";
import {
  ADAPTERS,
  countTerminals,
  makeProvider,
  readJournal,
  resetFaults,
  startCall,
  userPrompt,
} from "./adapter.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

const WEATHER: LanguageModelV4FunctionTool = {
  type: "function",
  name: "weather",
  description: "The weather of a city",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

/** One red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

describe.each(ADAPTERS)("$name", (adapter) => {
  const call = (extra: Partial<ModelCall> & Pick<ModelCall, "prompt">): ModelCall => ({
    modelId: adapter.modelId,
    ...extra,
  });

  test("[PR1] a good answer ends in one finish, and nothing follows it", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events, last, batches } = await startCall(provider, call({ prompt: userPrompt("Hello") }));
    expect(countTerminals(events)).toBe(1);
    expect(last?.type).toBe("finish");
    expect(batches.every((batch) => batch.length > 0)).toBe(true);
  });

  test("[PR2] response-start is first, and once", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await startCall(provider, call({ prompt: userPrompt("Hello") }));
    expect(events[0]?.type).toBe("response-start");
    expect(events.filter(({ type }) => type === "response-start")).toHaveLength(1);
  });

  test("[PR3] the text is whole and in order", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const short = await startCall(provider, call({ prompt: userPrompt("Reply with OK") }));
    expect(short.text).toBe("OK");
    const long = await startCall(provider, call({ prompt: userPrompt("[[words:500]]") }));
    expect(long.text.split(/\s+/)).toHaveLength(500);
    expect(long.events.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(1);
  });

  test("[PR4] a tool call comes in pieces and then whole, as JSON", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { events } = await startCall(
      provider,
      call({ prompt: userPrompt('[[tool:weather {"city":"Paris"}]]'), tools: [WEATHER] }),
    );
    const start = events.find((event) => event.type === "tool-input-start");
    const whole = events.filter((event) => event.type === "tool-call");
    const pieces = events
      .flatMap((event) => (event.type === "tool-input-delta" ? [event.text] : []))
      .join("");
    expect(whole).toHaveLength(1);
    expect(start?.toolName).toBe("weather");
    expect(whole[0]?.toolCallId).toBe(start?.toolCallId);
    expect(JSON.parse(whole[0]?.input ?? "")).toEqual({ city: "Paris" });
    expect(JSON.parse(pieces)).toEqual({ city: "Paris" });
  });

  test("[PR4] a tool's result goes back in and is answered", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { text, last } = await startCall(
      provider,
      call({
        tools: [WEATHER],
        prompt: [
          ...userPrompt("What is the weather?"),
          {
            role: "assistant",
            content: [
              { type: "tool-call", toolCallId: "call_1", toolName: "weather", input: { city: "Paris" } },
            ],
          },
          {
            role: "tool",
            content: [
              {
                type: "tool-result",
                toolCallId: "call_1",
                toolName: "weather",
                output: { type: "text", value: "sunny 21" },
              },
            ],
          },
        ],
      }),
    );
    expect(last?.type).toBe("finish");
    expect(text).toContain("sunny 21");
  });

  test("[PR5] usage has cached tokens within the input and reasoning tokens within the output", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { last, text } = await startCall(
      provider,
      call({
        prompt: [
          ...userPrompt("A first question that is long enough to be kept in a cache"),
          { role: "assistant", content: [{ type: "text", text: "A first answer." }] },
          ...userPrompt("Second"),
        ],
        reasoningEffort: "high",
      }),
    );
    const usage = last?.type === "finish" ? last.usage : null;
    const promptCharacters = "A first question that is long enough to be kept in a cacheA first answer.Second"
      .length;
    expect(usage?.inputTokens).toBe(Math.ceil(promptCharacters / 4));
    expect(usage?.cachedInputTokens).toBe(Math.ceil((promptCharacters - "Second".length) / 4));
    expect(usage?.reasoningTokens).toBeGreaterThan(0);
    expect(usage?.outputTokens).toBe(Math.ceil(text.length / 4) + (usage?.reasoningTokens ?? 0));
  });

  test("[PR3] thoughts are told apart from the answer where the provider shows them", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { reasoning, text } = await startCall(
      provider,
      call({ prompt: userPrompt("Reply with OK"), reasoningEffort: "high" }),
    );
    expect(text).toBe("OK");
    if (adapter.standIn === "openai") expect(reasoning).toBe("");
    else expect(reasoning).toContain("I am the sandbox");
  });

  test.each([
    ["stop", userPrompt("Reply with OK"), {}],
    ["length", userPrompt("Tell me everything"), { maxOutputTokens: 8 }],
    ["tool-calls", userPrompt("[[tool:weather {}]]"), { tools: [WEATHER] }],
  ] as const)("[PR6] the finish reason %s", async (finishReason, prompt, extra) => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const { last } = await startCall(provider, call({ prompt, ...extra }));
    expect(last).toMatchObject({ type: "finish", finishReason });
  });

  test("[PR51] JSON output with a schema is asked for and comes", async () => {
    const { provider } = makeProvider(adapter, sandbox.url);
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };
    const { text } = await startCall(
      provider,
      call({
        prompt: userPrompt("Give me a city as JSON"),
        responseFormat: { type: "json", schema, name: "city" },
      }),
    );
    const answer: unknown = JSON.parse(text);
    // DeepSeek has a JSON mode without schemas.
    if (adapter.name === "deepseek") expect(answer).toMatchObject({ provider: "deepseek" });
    else expect(answer).toEqual({ city: "sandbox" });
  });

  test("[PR52] an image is sent inline", async () => {
    const { provider, sent } = makeProvider(adapter, sandbox.url);
    const { text } = await startCall(
      provider,
      call({
        prompt: [
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "file", mediaType: "image/png", data: { type: "data", data: PIXEL } },
            ],
          },
        ],
      }),
    );
    const body = sent[0]?.body ?? "";
    if (adapter.config.wire === "openai-chat") {
      expect(body).toContain(`{"type":"image_url","image_url":{"url":"data:image/png;base64,${PIXEL}"}}`);
    } else expect(body).toContain(PIXEL);
    expect(text).toContain("1 attachment");
  });

  test("[PR65] a ping lists the models and generates nothing", async () => {
    const { provider, sent } = makeProvider(adapter, sandbox.url);
    expect(await provider.ping(new AbortController().signal)).toBeNull();
    expect(sent.map(({ url }) => url)).toEqual([`${sandbox.url}${adapter.path}/models`]);
    expect((await readJournal(sandbox.url)).map(({ path }) => path)).toEqual([`${adapter.path}/models`]);
  });

  test("[PR64] without a key no key header is sent", async () => {
    const { provider, sent } = makeProvider(adapter, sandbox.url, { apiKey: null });
    const { last } = await startCall(provider, call({ prompt: userPrompt("Hello") }));
    expect(last).toMatchObject({ type: "fail", failure: { kind: "unauthorized", status: 401 } });
    expect(await provider.ping(new AbortController().signal)).toMatchObject({ kind: "unauthorized" });
    for (const { headers, url } of sent) {
      expect([headers.get("authorization"), headers.get("x-api-key"), headers.get("x-goog-api-key")]).toEqual(
        [null, null, null],
      );
      expect(url).not.toContain("key=");
    }
  });
});
