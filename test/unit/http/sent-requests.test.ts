/** What clients really send, as it leaves for each provider: through the doors' translation and the adapters'. */
import { describe, expect, it } from "vitest";
import { toModelCall as toMessagesCall } from "../../../src/http/anthropic/to-model-call.ts";
import { toCacheKey } from "../../../src/http/door/cache/cache-key.ts";
import { toResponseCall } from "../../../src/http/openai/responses/to-response-call.ts";
import { toModelCall } from "../../../src/http/openai/to-model-call.ts";
import type { Result } from "../../../src/base/result.ts";
import { MessagesRequest } from "../../../src/protocol/anthropic.ts";
import { ResponseRequest } from "../../../src/protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../../src/protocol/openai.ts";
import { toProviderId } from "../../../src/providers/provider-config.ts";
import { UNKNOWN_ABILITIES } from "../../../src/routing/ranking/request-needs.ts";
import { sendTo } from "../../fakes/sent-request.ts";

function valueOf<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
const chat = (body: object) => valueOf(toModelCall(ChatCompletionRequest.parse(body)));
const messages = (body: object) =>
  valueOf(toMessagesCall(MessagesRequest.parse({ max_tokens: 99, ...body })));
const responses = (body: object) => valueOf(toResponseCall(ResponseRequest.parse(body)));
const user = (content: unknown) => ({ role: "user", content });
const HELLO = { messages: [user("Hello?")] };
const SCHEMA = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false,
};
const WEATHER = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const callOf = (id: string) => ({ id, type: "function", function: { name: "weather", arguments: "{}" } });
const withFormat = (strict: boolean) => ({
  messages: [user("JSON, please")],
  response_format: {
    type: "json_schema",
    json_schema: { name: "n", description: "d", strict, schema: SCHEMA },
  },
});
const PICTURE = "https://example.com/a.webp";

describe("results of calls that were made together", () => {
  const answers = [
    { role: "tool", tool_call_id: "a", content: "Rain" },
    { role: "tool", tool_call_id: "b", content: "Sun" },
  ];
  const asked = { role: "assistant", content: null, tool_calls: [callOf("a"), callOf("b")] };

  it("[HT40] reach Google in one turn, which wants as many of them as there were calls", async () => {
    const { body } = await sendTo(
      "google",
      chat({ tools: WEATHER, messages: [user("Oslo and Rome?"), asked, ...answers] }),
    );
    expect(body).toMatchObject({
      contents: [
        { role: "user", parts: [{ text: "Oslo and Rome?" }] },
        { role: "model", parts: [{ functionCall: {} }, { functionCall: {} }] },
        { role: "user", parts: [{ functionResponse: {} }, { functionResponse: {} }] },
      ],
    });
  });

  it("[HT80] reach Anthropic in one message, in however many they came", async () => {
    const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: {} });
    const result = (id: string) => user([{ type: "tool_result", tool_use_id: id, content: "Rain" }]);
    const { body } = await sendTo("google", {
      ...messages({
        tools: [{ name: "weather", input_schema: { type: "object" } }],
        messages: [
          user("Both?"),
          { role: "assistant", content: [use("a"), use("b")] },
          result("a"),
          result("b"),
        ],
      }),
    });
    expect(body).toMatchObject({ contents: [{}, {}, { parts: [{}, {}] }] });
  });
});

describe("pictures by their address", () => {
  const image = { type: "image_url", image_url: { url: PICTURE } };

  it("[HT40] [PR127] of a completion reach Google with a type", async () => {
    const { body } = await sendTo("google", chat({ messages: [user([image])] }));
    const part = { fileData: { fileUri: PICTURE, mimeType: "image/webp" } };
    expect(body).toMatchObject({ contents: [{ parts: [part] }] });
  });

  it("[HT80] [PR127] of a message reach Google, as the common type where the address has none", async () => {
    const source = { type: "url", url: "https://example.com/a?b.png" };
    const { body } = await sendTo("google", messages({ messages: [user([{ type: "image", source }])] }));
    expect(body).toMatchObject({ contents: [{ parts: [{ fileData: { mimeType: "image/jpeg" } }] }] });
  });

  it("[PR127] in a tool's result are a mistake at Google, and not a text about them", async () => {
    const source = { type: "url", url: PICTURE };
    const call = messages({
      tools: [{ name: "look", input_schema: { type: "object" } }],
      messages: [
        user("Look"),
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: {} }] },
        user([{ type: "tool_result", tool_use_id: "a", content: [{ type: "image", source }] }]),
      ],
    });
    expect(await sendTo("google", call)).toMatchObject({ body: null, failure: { kind: "bad-request" } });
    expect((await sendTo("anthropic", call)).body).not.toBeNull();
  });
});

describe("the system's words", () => {
  const late = [user("a"), { role: "assistant", content: "b" }, { role: "system", content: "c" }, user("d")];

  it("[HT40] [PR127] in the middle reach Google as the user's", async () => {
    const { body } = await sendTo(
      "google",
      chat({ messages: [{ role: "developer", content: "s" }, ...late] }),
    );
    expect(body).toMatchObject({ systemInstruction: { parts: [{ text: "s" }] } });
    expect(JSON.stringify(body)).toContain('{"text":"c"}');
  });

  it("[HT40] [PR148] in the middle reach Anthropic as the user's, whether there are some at the beginning or not", async () => {
    for (const first of [[], [{ role: "system", content: "s" }]]) {
      const { body } = await sendTo("anthropic", chat({ messages: [...first, ...late] }));
      expect(body).toMatchObject({
        messages: [
          { role: "user" },
          { role: "assistant" },
          { role: "user", content: [{ type: "text", text: "c" }, { text: "d" }] },
        ],
      });
      expect(body?.["system"]).toEqual(first.length === 0 ? undefined : [{ type: "text", text: "s" }]);
    }
  });

  it("[HT40] are left out where they are empty", async () => {
    const { body } = await sendTo(
      "anthropic",
      chat({ messages: [{ role: "system", content: "" }, user("a")] }),
    );
    expect(body).not.toHaveProperty("system");
  });
});

describe("limits and sampling", () => {
  it("[PR50] the old name of the limit is OpenAI's new one also in a request as it was written", async () => {
    const { body } = await sendTo("openai", chat({ ...HELLO, max_tokens: 50 }));
    expect(body).toMatchObject({ max_completion_tokens: 50 });
    expect(body).not.toHaveProperty("max_tokens");
    expect((await sendTo("compatible", chat({ ...HELLO, max_tokens: 50 }))).body).toMatchObject({
      max_tokens: 50,
    });
  });

  it("[PR126] thoughts stay within the caller's limit at Anthropic", async () => {
    const call = (limit: number) =>
      chat({ ...HELLO, max_completion_tokens: limit, reasoning_effort: "high" });
    const { body } = await sendTo("anthropic", call(4_000));
    expect(body).toMatchObject({ max_tokens: 4_000, thinking: { type: "enabled", budget_tokens: 2_000 } });
    const tight = await sendTo("anthropic", call(2_000));
    expect(tight.body).toMatchObject({ max_tokens: 2_000 });
    expect(tight.body).not.toHaveProperty("thinking");
    const free = await sendTo("anthropic", chat({ ...HELLO, reasoning_effort: "high" }));
    expect(free.body).toHaveProperty("thinking.budget_tokens");
  });

  it("[PR146] a budget for thoughts does not reach Anthropic in the middle of a turn without any", async () => {
    const asked = { role: "assistant", content: null, tool_calls: [callOf("a")] };
    const result = { role: "tool", tool_call_id: "a", content: "Rain" };
    const effort = { reasoning_effort: "high", tools: WEATHER };
    const middle = chat({ ...effort, messages: [user("Oslo?"), asked, result] });
    const { body } = await sendTo("anthropic", middle);
    expect(body).toMatchObject({ messages: [{}, {}, {}] });
    expect(body).not.toHaveProperty("thinking");
    const limited = await sendTo("anthropic", { ...middle, maxOutputTokens: 4_000 });
    expect(limited.body).toMatchObject({ max_tokens: 4_000 });
    expect(limited.body).not.toHaveProperty("thinking");
    // A question behind it begins another turn; what is gone on with is none.
    const said = { role: "assistant", content: "It rains" };
    const next = chat({ ...effort, messages: [user("Oslo?"), asked, result, said, user("And Rome?")] });
    expect((await sendTo("anthropic", next)).body).toHaveProperty("thinking.budget_tokens");
    const goesOn = chat({ reasoning_effort: "high", messages: [user("Oslo?"), said] });
    expect((await sendTo("anthropic", goesOn)).body).not.toHaveProperty("thinking");
  });

  it("[HT180] [PR146] nor does it in a request of its own wire, unless the turn has begun with its thoughts", async () => {
    const use = { type: "tool_use", id: "a", name: "weather", input: {} };
    const result = user([{ type: "tool_result", tool_use_id: "a", content: "Rain" }]);
    const turnOf = (thinking: object, ...before: object[]) =>
      messages({
        max_tokens: 4_000,
        thinking,
        tools: [{ name: "weather", input_schema: { type: "object" } }],
        messages: [user("Oslo?"), { role: "assistant", content: [...before, use] }, result],
      });
    const budget = { type: "enabled", budget_tokens: 2_000 };
    const thought = (signature: string) => ({ type: "thinking", thinking: "Hm.", signature });
    for (const before of [[], [{ type: "text", text: "Let me look." }], [thought("")]]) {
      const { body } = await sendTo("anthropic", turnOf(budget, ...before));
      expect(body).toMatchObject({ max_tokens: 4_000, messages: [{}, {}, {}] });
      expect(body).not.toHaveProperty("thinking");
    }
    for (const before of [thought("signed"), { type: "redacted_thinking", data: "x" }]) {
      expect((await sendTo("anthropic", turnOf(budget, before))).body).toMatchObject({ thinking: budget });
    }
    const { body } = await sendTo("anthropic", turnOf({ type: "adaptive" }));
    expect(body).toMatchObject({ thinking: { type: "adaptive" } });
  });

  it.each([
    { seed: 1 },
    { presence_penalty: 1 },
    { frequency_penalty: -1 },
    { temperature: 0.3, top_p: 0.5 },
    { temperature: 1.5 },
  ])("[PR126] %j is a mistake at Anthropic, not left out", async (fields) => {
    const sent = await sendTo("anthropic", chat({ ...HELLO, ...fields }));
    expect(sent).toMatchObject({ body: null, failure: { kind: "bad-request", phase: "connect" } });
  });

  it.each([
    [{ temperature: 0.3, top_p: 1, presence_penalty: 0, frequency_penalty: 0 }, { temperature: 0.3 }],
    [{ temperature: 1, top_p: 0.5 }, { top_p: 0.5 }],
    [{ temperature: 1 }, { temperature: 1 }],
  ])("[PR126] of %j what changes nothing is left out at Anthropic", async (fields, kept) => {
    const { body } = await sendTo("anthropic", chat({ ...HELLO, ...fields }));
    const sampling = Object.entries(body ?? {}).filter(([name]) => /temperature|top_p|penalty/.test(name));
    expect(Object.fromEntries(sampling)).toEqual(kept);
  });

  it("[HT170] the caller's own options of a stream reach OpenAI", async () => {
    const call = chat({ ...HELLO, stream: true, stream_options: { include_obfuscation: false } });
    expect((await sendTo("openai", call)).body).toMatchObject({
      stream_options: { include_obfuscation: false, include_usage: true },
    });
    const { body } = await sendTo("openai", chat({ ...HELLO, stream_options: { include_usage: true } }));
    expect(body).not.toHaveProperty("stream_options");
  });
});

describe("formats", () => {
  it("[PR51] JSON without a schema is any object at Anthropic", async () => {
    const call = chat({ messages: [user("JSON, please")], response_format: { type: "json_object" } });
    expect((await sendTo("anthropic", call)).body).toMatchObject({
      tools: [{ name: "json", input_schema: { type: "object" } }],
      tool_choice: { type: "any" },
    });
  });

  it("[PR51] a schema is told to DeepSeek in words", async () => {
    const { body } = await sendTo("deepseek", chat(withFormat(true)));
    expect(body).toMatchObject({
      response_format: { type: "json_object" },
      messages: [{ role: "system", content: expect.stringContaining(JSON.stringify(SCHEMA)) }, {}],
    });
  });

  it("[PR51] strictness and description reach whoever speaks the chat wire, from either of OpenAI's doors", async () => {
    const format = withFormat(true).response_format;
    expect((await sendTo("compatible", chat(withFormat(true)))).body).toMatchObject({
      response_format: format,
    });
    const { json_schema: schema } = format;
    const asked = responses({ input: "JSON", text: { format: { type: "json_schema", ...schema } } });
    expect((await sendTo("openai", asked)).body).toMatchObject({ response_format: format });
  });
});

describe("what the model itself said", () => {
  it("[HT40] thoughts of a tool round go back to DeepSeek, and to nobody on OpenAI's own wire", async () => {
    const ours = {
      role: "assistant",
      content: null,
      refusal: null,
      reasoning_content: "hm",
      tool_calls: [callOf("a")],
    };
    const call = chat({
      tools: WEATHER,
      messages: [user("Oslo?"), ours, { role: "tool", tool_call_id: "a", content: "Rain" }],
    });
    expect((await sendTo("deepseek", call)).body).toMatchObject({
      messages: [{}, { reasoning_content: "hm" }, {}],
    });
    for (const wire of ["openai", "compatible"] as const) {
      const { body } = await sendTo(wire, call);
      expect(body).toMatchObject({ messages: [{}, { role: "assistant" }, {}] });
      expect(JSON.stringify(body)).not.toContain("reasoning_content");
    }
  });

  it("[HT40] a refusal comes back as what was said", async () => {
    const call = chat({
      messages: [user("a"), { role: "assistant", content: null, refusal: "I cannot." }, user("b")],
    });
    expect(JSON.stringify((await sendTo("anthropic", call)).body)).toContain("I cannot.");
  });

  it("[HT43] thoughts alone are no message", () => {
    const body = { messages: [user("a"), { role: "assistant", reasoning_content: "hm" }, user("b")] };
    expect(toModelCall(ChatCompletionRequest.parse(body))).toMatchObject({ ok: false });
  });

  it("[HT40] the name of who speaks, and how closely a picture is looked at, reach a compatible endpoint", async () => {
    const image = { type: "image_url", image_url: { url: PICTURE, detail: "low" } };
    const call = chat({ messages: [{ ...user("My name?"), name: "Alice" }, user([image])] });
    expect((await sendTo("compatible", call)).body).toMatchObject({
      messages: [{ content: "My name?", name: "Alice" }, { content: [{ image_url: { detail: "low" } }] }],
    });
  });
});

describe("[HT141] the cache's key", () => {
  const keyOf = (body: object) => {
    const target = {
      provider: toProviderId("openai"),
      model: "m",
      abilities: UNKNOWN_ABILITIES,
      weight: null,
    };
    const models = {
      requested: ["openai/m"],
      unspecified: false,
      models: [{ type: "pinned" as const, target }],
    };
    return toCacheKey({ organizationId: "o", policy: null, models, call: chat(body) }, () => false);
  };
  const image = (detail: string) => ({
    messages: [user([{ type: "image_url", image_url: { url: PICTURE, detail } }])],
  });
  const spoken = (role: string, name: string) => ({
    messages: [{ role, content: "I am here.", name }, user("Who is?")],
  });
  const named = (name: string) => ({ messages: [{ ...user("Who am I?"), name }] });

  it.each([
    ["names", named("Alice"), named("Bob")],
    ["names of instructions", spoken("system", "Alice"), spoken("system", "Bob")],
    ["names of answers", spoken("assistant", "Alice"), spoken("assistant", "Bob")],
    ["details", image("low"), image("high")],
    ["strictness", withFormat(false), withFormat(true)],
  ])("is another one for other %s", async (_what, one, other) => {
    expect(await keyOf(one)).not.toBe(await keyOf(other));
    expect(await keyOf(one)).toBe(await keyOf(one));
  });
});
