/** `/v1/embeddings` in workerd, by its wire and by OpenAI's own package. Vectors come from the sandbox. */
import { exports } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { SelectionList } from "../../src/protocol/selection.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createOpenAiClient } from "./sandbox-openai.ts";
import { createAdmin, createVisitor, ORIGIN, Visitor } from "./sandbox-people.ts";
import { Refusal } from "./sandbox-stream.ts";

const PATH = "/v1/embeddings";
const OPENAI = "openai/text-embedding-3-small";
const GOOGLE = "google/gemini-embedding-001";

const Embeddings = z.looseObject({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(
    z.strictObject({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  usage: z.strictObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
  breakwater: z.looseObject({ status: z.string(), selectionId: z.string() }),
});

let ada: Visitor;
let admin: Visitor;
let client: OpenAI;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
  client = createOpenAiClient(ada);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "google"]);
});

const embed = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  ada.call("POST", PATH, body, headers);
const readEmbeddings = async (answer: Response) => Embeddings.parse(await answer.json());
const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, number, index) => sum + number * (right[index] ?? 0), 0);

async function readSelection(id: string) {
  const read = async () =>
    SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json()).selections.find(
      (record) => record.id === id,
    );
  return waitUntil(read, (found) => found !== undefined);
}

describe("embeddings", () => {
  it.each([OPENAI, GOOGLE])(
    "[HT120] [PR107] of %s are one vector for each text, in their order",
    async (model) => {
      const texts = ["the cat sat on the mat", "a cat on a mat", "interest rates"];
      const answer = await embed({ model, input: texts, dimensions: 64 });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-breakwater-model")).toBe(model.slice(model.indexOf("/") + 1));
      const body = await readEmbeddings(answer);
      expect(body).toMatchObject({ model, breakwater: { status: "complete", attempts: 1 } });
      expect(body.data.map(({ index }) => index)).toEqual([0, 1, 2]);
      const vectors = body.data.map(({ embedding }) => z.array(z.number()).length(64).parse(embedding));
      const [first = [], second = [], third = []] = vectors;
      expect(dot(first, first)).toBeCloseTo(1);
      expect(dot(first, second)).toBeGreaterThan(dot(first, third));
      const alone = await readEmbeddings(await embed({ model, input: texts[0], dimensions: 64 }));
      expect(alone.data.map(({ embedding }) => embedding)).toEqual([first]);
    },
  );

  it("[HT120] [HT123] count tokens where the provider does, and cost what is known", async () => {
    const counted = await embed({ model: OPENAI, input: "x".repeat(4_000) });
    const body = await readEmbeddings(counted);
    expect(body.usage).toEqual({ prompt_tokens: 1_000, total_tokens: 1_000 });
    expect(counted.headers.get("x-breakwater-cost-micro-usd")).toBe("20");
    expect(await readSelection(body.breakwater.selectionId)).toMatchObject({
      status: "complete",
      provider: "openai",
      model: "text-embedding-3-small",
      usage: { inputTokens: 1_000, outputTokens: 0 },
      costMicroUsd: 20,
      mode: "pinned",
    });
    const uncounted = await readEmbeddings(await embed({ model: GOOGLE, input: "Hello" }));
    expect(uncounted.usage).toEqual({ prompt_tokens: 0, total_tokens: 0 });
    expect(uncounted.breakwater).toMatchObject({ costMicroUsd: null });
  });

  it.each([OPENAI, GOOGLE])("[HT120] of %s are numbers or base64 as asked for", async (model) => {
    const read = async (format?: string) => {
      const body = await embed({ model, input: "Hello", dimensions: 8, encoding_format: format });
      return (await readEmbeddings(body)).data[0]?.embedding;
    };
    const numbers = z.array(z.number()).parse(await read());
    const base64 = z.string().parse(await read("base64"));
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    expect(Array.from(new Float32Array(bytes.buffer))).toEqual(numbers);
  });

  it("[HT122] are asked for again, and of the next of `models`", async () => {
    await breakProvider("openai", { fault: "server-error", times: 1 });
    const again = await embed({ model: OPENAI, input: "Hello" });
    expect([again.status, again.headers.get("x-breakwater-attempts")]).toEqual([200, "2"]);
    await breakProvider("openai", { fault: "overloaded" });
    const next = await readEmbeddings(await embed({ models: [OPENAI, GOOGLE], input: "Hello" }));
    expect(next.model).toBe(GOOGLE);
  });

  it("[HT122] pass over a provider whose circuit is open", async () => {
    await act(admin, "openai", "open", "for the test");
    const ask = async () =>
      (await readEmbeddings(await embed({ models: [OPENAI, GOOGLE], input: "Hello" }))).model;
    // The isolate hears of it a moment later.
    await waitUntil(ask, (model) => model === GOOGLE);
    await healSandbox();
    const alone = await embed({ model: OPENAI, input: "Hello" });
    expect([alone.status, Refusal.parse(await alone.json()).error.code]).toEqual([
      503,
      "all_providers_failed",
    ]);
    expect(await readJournal("openai")).toEqual([]);
    // And of its closing too: the tests behind this one are not to be in time for a stale picture.
    await act(admin, "openai", "close", "the test is over");
    await waitUntil(ask, (model) => model === OPENAI);
  });

  it("[HT123] stop the provider when their caller goes away", async () => {
    await breakProvider("google", { fault: "hang", times: 1 });
    const controller = new AbortController();
    const request = new Request(ORIGIN + PATH, {
      method: "POST",
      headers: { "content-type": "application/json", ...ada.credentials },
      body: JSON.stringify({ model: GOOGLE, input: "Hello" }),
      signal: controller.signal,
    });
    const answer = exports.default.fetch(request);
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.length === 1,
    );
    controller.abort();
    await expect(answer).rejects.toThrow("abort");
    await waitUntil(
      () => readJournal("google"),
      ([entry]) => entry?.outcome === "client-closed",
    );
  });
});

describe("refusals", () => {
  it.each([
    ["input", { input: [] }, /1 to 2048 texts/],
    ["input.0", { input: [1, 2, 3] }, /tokens are each model's own/],
    ["input", { input: "" }, /empty/],
    ["input.1", { input: ["a", ""] }, /empty/],
    ["input", { input: Array.from({ length: 2_049 }, () => "a") }, /2048/],
    ["dimensions", { dimensions: 0 }, /dimensions/],
    ["encoding_format", { encoding_format: "int8" }, /encoding_format/],
    ["task_type", { task_type: "query" }, /task_type/],
    ["policy", { policy: "cost" }, /policy/],
    ["model", { model: undefined }, /provider\/model-id/],
  ])("[HT121] %s is refused by name, and nobody is called", async (param, more, sentence) => {
    const answer = await embed({ model: OPENAI, input: "Hello", ...more });
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error).toMatchObject({ type: "invalid_request_error", param });
    expect(error.message).toMatch(sentence);
    expect(await readJournal("openai")).toEqual([]);
  });

  it.each([
    ["balanced", /class/],
    ["anthropic/claude-haiku-4-5", /openai, google/],
    ["deepseek/deepseek-v4-flash", /openai, google/],
    ["nobody/at-all", /nobody/],
  ])("[HT121] the model %s is 404", async (model, sentence) => {
    for (const models of [{ model }, { models: [OPENAI, model] }]) {
      const answer = await embed({ ...models, input: "Hello" });
      expect(answer.status).toBe(404);
      const { error } = Refusal.parse(await answer.json());
      expect(error).toMatchObject({ param: "model", code: "model_not_found" });
      expect(error.message).toMatch(sentence);
    }
  });

  it("[HT121] the cache's header is refused", async () => {
    const answer = await embed({ model: OPENAI, input: "Hello" }, { "x-breakwater-cache": "60" });
    expect([answer.status, Refusal.parse(await answer.json()).error.param]).toEqual([
      400,
      "x-breakwater-cache",
    ]);
  });

  it("[HT57] without a key, and too large, there is OpenAI's error object", async () => {
    const stranger = await new Visitor({}).call("POST", PATH, { model: OPENAI, input: "Hello" });
    expect([stranger.status, Refusal.parse(await stranger.json()).error.code]).toEqual([
      401,
      "invalid_api_key",
    ]);
    const large = await embed({ model: OPENAI, input: "x".repeat(8 * 1_048_576) });
    expect([large.status, Refusal.parse(await large.json()).error.code]).toEqual([413, "request_too_large"]);
  });
});

describe("the openai package", () => {
  it.each([OPENAI, GOOGLE])("[HT124] reads vectors of %s", async (model) => {
    const given = await client.embeddings.create({ model, input: ["one", "two"], dimensions: 16 });
    const named = await client.embeddings.create({
      model,
      input: ["one", "two"],
      dimensions: 16,
      encoding_format: "float",
    });
    expect(given.data.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
    expect(given.data).toEqual(named.data);
  });

  it("[HT124] throws its own errors", async () => {
    const ask = (model: string) => client.embeddings.create({ model, input: "Hello" });
    await expect(ask("balanced")).rejects.toThrow(OpenAI.NotFoundError);
    await expect(ask("openai/no-such-model")).rejects.toThrow(OpenAI.NotFoundError);
    await breakProvider("openai", { fault: "rate-limit", retryAfterSeconds: 20, times: 1 });
    await expect(ask(OPENAI)).rejects.toThrow(OpenAI.RateLimitError);
  });
});
