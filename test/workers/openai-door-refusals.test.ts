/** What `/v1/chat/completions` refuses, in OpenAI's own error object. In workerd, against the sandbox. */
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, Visitor } from "./sandbox-people.ts";
import { Completion, Refusal } from "./sandbox-stream.ts";

const PATH = "/v1/chat/completions";
const OPENAI = "openai/gpt-6-luna";
const user = (content: string) => ({ role: "user", content });

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai"]);
});

const complete = (body: object): Promise<Response> => ada.call("POST", PATH, body);
const ask = (content: string, more: object = {}): Promise<Response> =>
  complete({ model: OPENAI, messages: [user(content)], ...more });

describe("refusals", () => {
  it.each([
    ["rate-limit", 429, "rate_limit_exceeded"],
    ["bad-request", 400, "bad_request"],
    ["unauthorized", 503, "all_providers_failed"],
    ["server-error", 503, "all_providers_failed"],
  ])(
    "[HT51] %s before the first word is %i, stream or not, in words of ours",
    async (fault, status, code) => {
      for (const stream of [false, true]) {
        await act(admin, "openai", "close", "for the test");
        await breakProvider("openai", { fault, retryAfterSeconds: 20 });
        const answer = await ask("Hello?", { stream });
        expect(answer.status).toBe(status);
        const { error, breakwater } = Refusal.parse(await answer.json());
        expect(error).toMatchObject({ code, param: null });
        expect(error.message).not.toContain("sandbox fault");
        expect(breakwater).toMatchObject({ status: "failed", legs: [] });
        expect(answer.headers.get("retry-after")).toBe(fault === "rate-limit" ? "20" : null);
        expect(answer.headers.get("x-breakwater-attempts")).toMatch(/^[1-8]$/);
      }
    },
  );

  it.each([
    ["no-such-class", "no-such-class"],
    ["nobody/gpt-6", "nobody"],
    ["openai/", "names no model"],
  ])("[HT42] the model %s is 404", async (model, word) => {
    const answer = await ask("Hello?", { model });
    expect(answer.status).toBe(404);
    const { error } = Refusal.parse(await answer.json());
    expect(error).toMatchObject({ type: "invalid_request_error", param: "model", code: "model_not_found" });
    expect(error.message).toContain(word);
  });

  it("[HT42] an id that the catalog does not know is the provider's to judge; its price is unknown", async () => {
    const known = await ask("Please reply with one", { model: "openai/brand-new" });
    expect(Completion.parse(await known.json()).breakwater).toMatchObject({
      status: "complete",
      costMicroUsd: null,
    });
    const unknown = await ask("Please reply with one", { model: "openai/no-such-model" });
    expect(unknown.status).toBe(404);
    expect(Refusal.parse(await unknown.json()).error.code).toBe("model_not_found");
  });

  it.each([
    ["n", { n: 2 }, /one answer/],
    ["store", { store: true }, /not stored/],
    ["logit_bias.50256", { logit_bias: { "50256": 101 } }, /logit_bias/],
    ["temperature", { temperature: 3 }, /temperature/],
    ["messages", { messages: [] }, /messages/],
    ["messages.0.role", { messages: [{ role: "wizard", content: "Abracadabra" }] }, /messages\.0\.role/],
    [
      "tools.0.function.name",
      { tools: [{ type: "function", function: { name: "no spaces" } }] },
      /tools\.0\.function\.name/,
    ],
    [
      "messages.0.content.0.cache_control",
      {
        messages: [
          { role: "user", content: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }] },
        ],
      },
      /messages\.0\.content\.0\.cache_control: is not known here/,
    ],
    [
      "messages.0.function_call",
      { messages: [{ role: "assistant", content: "x", function_call: { name: "f", arguments: "{}" } }] },
      /tool_calls/,
    ],
  ])("[HT41] %s is refused by name, and nobody is called", async (param, more, sentence) => {
    const answer = await ask("Hello?", more);
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error).toMatchObject({ type: "invalid_request_error", param });
    expect(error.message).toMatch(sentence);
    expect(await readJournal("openai")).toEqual([]);
  });

  it.each([
    [
      "a result without its call",
      [user("Hi"), { role: "tool", tool_call_id: "c1", content: "x" }],
      "messages.1",
    ],
    ["an empty assistant", [user("Hi"), { role: "assistant", content: "" }], "messages.1"],
    [
      "arguments that are not JSON",
      [
        {
          role: "assistant",
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{" } }],
        },
      ],
      "messages.0",
    ],
    [
      "an image by http",
      [{ role: "user", content: [{ type: "image_url", image_url: { url: "http://a/b.png" } }] }],
      "messages.0",
    ],
  ])("[HT44] %s is refused with its place", async (_, messages, param) => {
    const answer = await complete({ model: OPENAI, messages });
    expect(answer.status).toBe(400);
    expect(Refusal.parse(await answer.json()).error.param).toBe(param);
  });

  it("[HT57] without a key, with a wrong one and without JSON there is OpenAI's error object", async () => {
    const call = (visitor: Visitor) => visitor.call("POST", PATH, { model: OPENAI, messages: [user("Hi")] });
    for (const visitor of [new Visitor({}), new Visitor({ authorization: "Bearer bw_wrong" })]) {
      const answer = await call(visitor);
      expect(answer.status).toBe(401);
      expect(Refusal.parse(await answer.json()).error.code).toBe("invalid_api_key");
    }
    const text = new Request(ORIGIN + PATH, {
      method: "POST",
      headers: { ...ada.credentials, "content-type": "application/json" },
      body: "{",
    });
    const broken = await exports.default.fetch(text);
    expect([broken.status, Refusal.parse(await broken.json()).error.type]).toEqual([
      400,
      "invalid_request_error",
    ]);
  });
});
