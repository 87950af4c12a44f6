/** The adapters of embeddings over a given fetch: what is sent, what is read, what is refused. */
import { describe, expect, it } from "vitest";
import { createEmbedders } from "../../../../src/providers/embedders.ts";
import { parseProviderConfigs } from "../../../../src/providers/provider-config.ts";
import type { EmbedCall } from "../../../../src/providers/embedder.ts";
import type { Vector } from "../../../../src/providers/vector.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  readonly body: unknown;
}

const ENVIRONMENT = {
  PLATFORM_OPENAI_KEY: "sk-openai-secret",
  PLATFORM_GOOGLE_KEY: "google-secret-key",
  PLATFORM_ANTHROPIC_KEY: "sk-ant-secret",
  PLATFORM_DEEPSEEK_KEY: "sk-deepseek-secret",
  OLLAMA_BASE_URL: "http://127.0.0.1:11434",
  OLLAMA_MODELS: "nomic-embed-text",
};

/** The embedders of all providers over one answer for every call. */
function createWorld(answer: (sent: Sent) => Response | Promise<Response>) {
  const configs = parseProviderConfigs(ENVIRONMENT);
  if (!configs.ok) throw new Error(JSON.stringify(configs.error));
  const sent: Sent[] = [];
  const find = createEmbedders(configs.value, {
    nowMs: () => 0,
    fetch: async (url, init) => {
      const body: unknown = JSON.parse(typeof init.body === "string" ? init.body : "null");
      sent.push({ url, init, body });
      return answer({ url, init, body });
    },
  });
  const embed = (provider: string, call: Partial<EmbedCall> = {}, signal = new AbortController().signal) => {
    const embedder = find(provider);
    if (embedder === null) throw new Error(`${provider} has no embeddings`);
    return embedder.embed({ modelId: "m", texts: ["one", "two"], format: "float", ...call }, signal);
  };
  return { sent, find, embed };
}

const json = (body: unknown): Response => Response.json(body);
const openAiOf = (vectors: readonly unknown[], usage?: object) =>
  json({
    data: vectors.map((embedding, index) => ({ index, embedding })),
    ...(usage === undefined ? {} : { usage }),
  });
const googleOf = (vectors: readonly unknown[]) => json({ embeddings: vectors.map((values) => ({ values })) });
/** [1, -2] and [0.5, 3]. */
const BASE64 = ["AACAPwAAAMA=", "AAAAPwAAQEA="];

describe("OpenAI's wire", () => {
  it("[PR100] [PR104] sends texts, form and dimensions, and reads vectors by their index", async () => {
    const world = createWorld(() =>
      json({
        data: [
          { index: 1, embedding: [3, 4] },
          { index: 0, embedding: [1, 2] },
        ],
        usage: { prompt_tokens: 7, total_tokens: 7 },
      }),
    );
    const embedded = await world.embed("openai", { modelId: "text-embedding-3-small", dimensions: 2 });
    expect(embedded).toMatchObject({
      ok: true,
      value: {
        vectors: [
          [1, 2],
          [3, 4],
        ],
        usage: { inputTokens: 7, outputTokens: 0 },
      },
    });
    expect(world.sent).toMatchObject([
      {
        url: "https://api.openai.com/v1/embeddings",
        init: { redirect: "manual", headers: { authorization: "Bearer sk-openai-secret" } },
        body: {
          model: "text-embedding-3-small",
          input: ["one", "two"],
          encoding_format: "float",
          dimensions: 2,
        },
      },
    ]);
  });

  it("[PR100] sends no dimensions and no key where there are none", async () => {
    const world = createWorld(() => openAiOf(BASE64));
    await world.embed("ollama", { format: "base64" });
    expect(world.sent[0]?.url).toBe("http://127.0.0.1:11434/v1/embeddings");
    expect(world.sent[0]?.body).toEqual({ model: "m", input: ["one", "two"], encoding_format: "base64" });
    expect(new Headers(world.sent[0]?.init.headers).has("authorization")).toBe(false);
  });

  it("[PR102] leaves vectors as they come, whatever was asked for", async () => {
    const base64 = await createWorld(() => openAiOf(BASE64)).embed("openai");
    expect(base64).toMatchObject({ ok: true, value: { vectors: BASE64 } });
    const numbers = await createWorld(() => openAiOf([[1], [2]])).embed("openai", { format: "base64" });
    expect(numbers).toMatchObject({ ok: true, value: { vectors: [[1], [2]] } });
  });

  it("[PR104] counts no tokens where the provider does not", async () => {
    const embedded = await createWorld(() => openAiOf([[1], [2]])).embed("openai");
    expect(embedded).toMatchObject({ value: { usage: { inputTokens: null, outputTokens: 0 } } });
  });

  it.each([
    ["too few", () => openAiOf([[1]])],
    ["too many", () => openAiOf([[1], [2], [3]])],
    ["one twice", () => json({ data: [0, 0].map((index) => ({ index, embedding: [1] })) })],
    ["one of no text", () => json({ data: [0, 4_294_967_294].map((index) => ({ index, embedding: [1] })) })],
    ["different lengths", () => openAiOf([[1], [2, 3]])],
    ["an empty one", () => openAiOf([[], []])],
    ["words", () => openAiOf([["a"], ["b"]])],
    ["broken base64", () => openAiOf(["AACAPwAAAM", "AACAPwAAAM"])],
    ["base64 of half a number", () => openAiOf(["AACA", "AACA"])],
    ["an error in a good answer", () => json({ error: { message: "no" } })],
    ["no JSON", () => new Response("<html>")],
    ["nothing", () => new Response(null)],
  ])("[PR103] %s is malformed", async (_, answer) => {
    expect(await createWorld(answer).embed("openai")).toMatchObject({
      ok: false,
      error: { kind: "malformed", phase: "first-token", status: 200 },
    });
  });

  it.each([
    [
      "numbers",
      () =>
        openAiOf([
          [1, 2, 3],
          [4, 5, 6],
        ]),
    ],
    ["base64", () => openAiOf(BASE64)],
  ])(
    "[HT243] %s of another length than was asked for are no answer, and nobody is ill",
    async (_, answer) => {
      expect(await createWorld(answer).embed("ollama", { dimensions: 5 })).toMatchObject({
        ok: false,
        error: { kind: "bad-request" },
      });
    },
  );

  it("[PR103] more than fits is the request's fault, and is not read to its end", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(1_048_576).fill(32));
      },
    });
    const embedded = await createWorld(() => new Response(body)).embed("openai");
    expect(embedded).toMatchObject({ ok: false, error: { kind: "bad-request" } });
    expect(pulled).toBeLessThan(30);
  });
});

describe("Google's wire", () => {
  it("[HT243] vectors of another length than was asked for are no answer", async () => {
    const embedded = await createWorld(() => googleOf([[1], [2]])).embed("google", { dimensions: 2 });
    expect(embedded).toMatchObject({ ok: false, error: { kind: "bad-request" } });
  });

  it("[PR100] names the model in the address and in each request", async () => {
    const world = createWorld(() => googleOf([[1], [2]]));
    const embedded = await world.embed("google", { modelId: "gemini-embedding-001", dimensions: 1 });
    expect(embedded).toMatchObject({
      ok: true,
      value: { vectors: [[1], [2]], usage: { inputTokens: null, outputTokens: null } },
    });
    const model = "models/gemini-embedding-001";
    expect(world.sent).toMatchObject([
      {
        url: `https://generativelanguage.googleapis.com/v1beta/${model}:batchEmbedContents`,
        init: { headers: { "x-goog-api-key": "google-secret-key" } },
        body: {
          requests: [
            { model, content: { parts: [{ text: "one" }] }, outputDimensionality: 1 },
            { model, content: { parts: [{ text: "two" }] }, outputDimensionality: 1 },
          ],
        },
      },
    ]);
  });

  it("[PR105] is asked for a hundred texts at a time", async () => {
    const texts = Array.from({ length: 250 }, (_, index) => `text ${index}`);
    const world = createWorld(({ body }) => {
      const { requests } = body as { requests: { content: { parts: { text: string }[] } }[] };
      return googleOf(requests.map(({ content }) => [Number(content.parts[0]?.text.slice("text ".length))]));
    });
    const embedded = await world.embed("google", { texts });
    expect(embedded.ok ? embedded.value.vectors : []).toEqual(texts.map((_, index) => [index]));
    expect(world.sent).toHaveLength(3);
  });

  it("[PR140] what came before a batch failed is not asked for again", async () => {
    const texts = Array.from({ length: 250 }, (_, index) => `text ${index}`);
    const sizes: number[] = [];
    const world = createWorld(({ body }) => {
      const { requests } = body as { requests: object[] };
      sizes.push(requests.length);
      if (sizes.length === 2) return Response.json({ error: { message: "no" } }, { status: 500 });
      // Too few came: none of them can be told from another.
      if (sizes.length === 4) return googleOf(requests.slice(1).map(() => [1]));
      return googleOf(requests.map(() => [sizes.length]));
    });
    const kept: Vector[] = [];
    expect(await world.embed("google", { texts, kept })).toMatchObject({ error: { kind: "server-error" } });
    expect(await world.embed("google", { texts, kept })).toMatchObject({ error: { kind: "malformed" } });
    const embedded = await world.embed("google", { texts, kept });
    expect(sizes).toEqual([100, 100, 100, 50, 50]);
    const first = texts.map((_, index) => [index < 100 ? 1 : index < 200 ? 3 : 5]);
    expect(embedded).toMatchObject({ ok: true, value: { vectors: first } });
  });

  it("[PR140] [PR101] a batch that comes behind an abort is not kept: another call may have asked for it by then", async () => {
    const stop = new AbortController();
    const world = createWorld(({ body }) => {
      stop.abort();
      return googleOf((body as { requests: object[] }).requests.map(() => [1]));
    });
    const kept: Vector[] = [];
    expect(await world.embed("google", { kept }, stop.signal)).toMatchObject({
      error: { kind: "cancelled" },
    });
    expect(kept).toEqual([]);
  });

  it("[PR103] [PR105] a batch that fails, or is short, fails the whole", async () => {
    const texts = Array.from({ length: 150 }, () => "text");
    let calls = 0;
    const failing = createWorld(({ body }) => {
      calls += 1;
      if (calls === 2)
        return Response.json({ error: { status: "INTERNAL", message: "no" } }, { status: 500 });
      return googleOf((body as { requests: object[] }).requests.map(() => [1]));
    });
    expect(await failing.embed("google", { texts })).toMatchObject({ error: { kind: "server-error" } });
    const short = createWorld(() => googleOf([[1]]));
    expect(await short.embed("google")).toMatchObject({ error: { kind: "malformed" } });
    const none = createWorld(() => json({}));
    expect(await none.embed("google")).toMatchObject({ error: { kind: "malformed" } });
  });
});

describe("both wires", () => {
  it.each(["openai", "google"])(
    "[PR101] of %s tell refusals and broken connections apart",
    async (provider) => {
      const refusing = (status: number, headers: Record<string, string> = {}) =>
        createWorld(() => Response.json({ error: { message: "no" } }, { status, headers })).embed(provider);
      expect(await refusing(401)).toMatchObject({ error: { kind: "unauthorized", status: 401 } });
      expect(await refusing(429, { "retry-after": "3" })).toMatchObject({
        error: { kind: "rate-limited", retryAfterMs: 3_000 },
      });
      expect(await refusing(503)).toMatchObject({ error: { kind: "overloaded" } });
      const unreachable = createWorld(() =>
        Promise.reject(new Error("secret key google-secret-key sk-openai-secret")),
      );
      const failed = await unreachable.embed(provider);
      expect(failed).toMatchObject({ error: { kind: "unreachable", phase: "connect" } });
      const own = provider === "google" ? "google-secret-key" : "sk-openai-secret";
      expect(JSON.stringify(failed)).not.toContain(own);
      const broken = createWorld(
        () =>
          new Response(
            new ReadableStream({
              start: (controller) => {
                controller.error(new Error("reset"));
              },
            }),
          ),
      );
      expect(await broken.embed(provider)).toMatchObject({ error: { kind: "stream-reset" } });
    },
  );

  it.each(["openai", "google"])("[PR101] of %s end as cancelled when they are aborted", async (provider) => {
    const controller = new AbortController();
    const early = createWorld(() => {
      controller.abort();
      return Promise.reject(new Error("aborted"));
    });
    expect(await early.embed(provider, {}, controller.signal)).toMatchObject({
      error: { kind: "cancelled", phase: "connect" },
    });
    const late = createWorld(() => {
      const body = new ReadableStream({ pull: (stream) => stream.error(new Error("aborted")) });
      return new Response(body);
    });
    expect(await late.embed(provider, {}, controller.signal)).toMatchObject({ error: { kind: "cancelled" } });
  });

  it("[PR106] are not those of Anthropic and DeepSeek", () => {
    const { find } = createWorld(() => json({}));
    expect(["anthropic", "deepseek", "nobody"].map(find)).toEqual([null, null, null]);
    expect(["openai", "google", "ollama"].every((id) => find(id) !== null)).toBe(true);
  });
});
