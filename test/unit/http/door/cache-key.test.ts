/** What a caller may wish of the cache, and what makes two calls the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCacheKey, toCanonicalText, type KeyedInput } from "../../../../src/http/door/cache/cache-key.ts";
import { readCacheWish } from "../../../../src/http/door/cache/cache-wish.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import { UNKNOWN_ABILITIES } from "../../../../src/routing/ranking/request-needs.ts";

describe("the header", () => {
  it.each([
    [undefined, null],
    ["off", null],
    ["1", { seconds: 1, refresh: false }],
    ["604800", { seconds: 604_800, refresh: false }],
    ["refresh=60", { seconds: 60, refresh: true }],
  ])("[HT140] %s is understood", (header, wish) => {
    expect(readCacheWish(header)).toEqual({ ok: true, value: wish });
  });

  it.each([
    "",
    "0",
    "604801",
    "-1",
    "1.5",
    "60 ",
    "60s",
    "OFF",
    "refresh",
    "refresh=",
    "refresh=0",
    "on",
    "1, 2",
    "٣",
  ])("[HT140] %j is none", (header) => {
    expect(readCacheWish(header)).toMatchObject({ ok: false, error: expect.stringContaining("604800") });
  });
});

const target = (provider: string, model: string) => ({
  provider: toProviderId(provider),
  model,
  abilities: UNKNOWN_ABILITIES,
  weight: null,
});
const CALL: KeyedInput["call"] = {
  prompt: [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "Hello?" }] },
  ],
  temperature: 0,
  tools: [{ type: "function", name: "weather", inputSchema: { type: "object", properties: {} } }],
};
const INPUT: KeyedInput = {
  organizationId: "org_a",
  policy: null,
  models: {
    requested: ["fast"],
    unspecified: false,
    models: [{ type: "class", name: "fast", targets: [target("openai", "a"), target("google", "b")] }],
  },
  call: CALL,
};
const keyOf = (changes: Partial<KeyedInput> = {}, isSandbox = () => false) =>
  toCacheKey({ ...INPUT, ...changes }, isSandbox);

describe("the key", () => {
  it("[HT141] keeps budgets of thoughts apart that are one effort in our words", async () => {
    const keyOfThinking = (thinking: object) => {
      const native = { wire: "anthropic" as const, body: { thinking }, onlyHere: [], stream: true };
      return keyOf({ call: { ...CALL, reasoningEffort: "high", native } });
    };
    const budgets = [25_000, 150_000].map((budget_tokens) =>
      keyOfThinking({ type: "enabled", budget_tokens }),
    );
    expect(new Set(await Promise.all([...budgets, keyOfThinking({ type: "adaptive" })])).size).toBe(3);
  });

  it("[HT141] is the same for the same call, in whatever order its parts were put together", async () => {
    const key = await keyOf();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const { prompt, temperature, tools } = CALL;
    expect(await keyOf({ call: { tools: tools ?? [], temperature: temperature ?? 0, prompt } })).toBe(key);
    const native = { wire: "openai-chat" as const, body: { anything: 1 }, onlyHere: [], stream: true };
    expect(await keyOf({ call: { ...CALL, native } })).toBe(key);
  });

  it.each<[string, Partial<KeyedInput>]>([
    ["organization", { organizationId: "org_b" }],
    ["policy", { policy: "cost" }],
    ["class", { models: { ...INPUT.models, requested: ["cheap"] } }],
    ["target", { models: { ...INPUT.models, models: [{ type: "pinned", target: target("openai", "a") }] } }],
    [
      "order",
      {
        models: {
          ...INPUT.models,
          models: [{ type: "class", name: "fast", targets: [target("google", "b"), target("openai", "a")] }],
        },
      },
    ],
    [
      "question",
      { call: { ...CALL, prompt: [{ role: "user", content: [{ type: "text", text: "Hello!" }] }] } },
    ],
    [
      "role",
      {
        call: {
          ...CALL,
          prompt: [
            { role: "user", content: [{ type: "text", text: "Be brief." }] },
            { role: "user", content: [{ type: "text", text: "Hello?" }] },
          ],
        },
      },
    ],
    ["sampling", { call: { ...CALL, temperature: 0.1 } }],
    ["limit", { call: { ...CALL, maxOutputTokens: 5 } }],
    ["tools", { call: { ...CALL, tools: [] } }],
    ["format", { call: { ...CALL, responseFormat: { type: "json" } } }],
  ])("[HT141] [HT142] is another one for another %s", async (_, changes) => {
    expect(await keyOf(changes)).not.toBe(await keyOf());
  });

  it("[HT141] is another one where a stand-in answers in a model's place", async () => {
    expect(await keyOf({}, () => true)).not.toBe(await keyOf());
  });

  it("[HT146] there is none for a call with words that only one wire has", async () => {
    const native = {
      wire: "openai-chat" as const,
      body: { logprobs: true },
      onlyHere: ["logprobs"],
      stream: false,
    };
    expect(await keyOf({ call: { ...CALL, native } })).toBeNull();
  });

  it("[HT142] cannot be made to look like another's by what is written into a call", async () => {
    const text = '","organizationId":"org_b","call":{"prompt":[]}}';
    const nasty = await keyOf({ call: { prompt: [{ role: "user", content: [{ type: "text", text }] }] } });
    const other = await keyOf({ organizationId: "org_b", call: { prompt: [] } });
    expect(nasty).not.toBe(other);
    const named: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(toCanonicalText(named)).toBe('{"__proto__":{"a":1}}');
  });
});

describe("the canonical form", () => {
  it("[HT141] is one text for one value and says everything", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue({ maxDepth: 5 }), (left, right) => {
        const text = toCanonicalText(left) ?? "";
        expect(toCanonicalText(JSON.parse(text))).toBe(text);
        expect(toCanonicalText(right) === text).toBe(
          toCanonicalText(JSON.parse(JSON.stringify(right))) ===
            toCanonicalText(JSON.parse(JSON.stringify(left))),
        );
      }),
    );
    expect(toCanonicalText({ b: 1, a: [false, new URL("https://example.com/a.png")], c: undefined })).toBe(
      '{"a":[false,"https://example.com/a.png"],"b":1}',
    );
  });

  it("[HT144] is none for what is nested to overflow a stack, and for what is no JSON", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(toCanonicalText(deep)).toBeNull();
    for (const value of [new Uint8Array(2), () => 1, Number.NaN, new Map(), [undefined]]) {
      expect(toCanonicalText(value)).toBeNull();
    }
  });
});
