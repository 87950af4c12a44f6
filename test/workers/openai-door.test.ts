/** `/v1/chat/completions` and `/v1/models` in workerd, by their wire. Answers come from the sandbox. */
import { createExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { SelectionList, type SelectionRecord } from "../../src/protocol/selection.ts";
import worker from "../../src/worker.ts";
import { openWiring } from "../../src/wiring.ts";
import { act } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { bindings } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, ORIGIN, Visitor } from "./sandbox-people.ts";
import { readStream, textOf } from "./sandbox-stream.ts";

const PATH = "/v1/chat/completions";
const OPENAI = "openai/gpt-6-luna";
const GOOGLE = "google/gemini-3.5-flash-lite";
const user = (content: string) => ({ role: "user", content });
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const Completion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  model: z.string(),
  choices: z.tuple([
    z.looseObject({ message: z.looseObject({ content: z.string().nullable() }), finish_reason: z.string() }),
  ]),
  usage: z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  breakwater: z.looseObject({ status: z.string(), selectionId: z.string() }),
});
const Refusal = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }),
  breakwater: z.looseObject({ status: z.string() }).optional(),
});

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await healSandbox();
  for (const provider of ["openai", "google"]) await act(admin, provider, "close", "tests break it again and again");
});

const complete = (body: object): Promise<Response> => ada.call("POST", PATH, body);
const ask = (content: string, more: object = {}): Promise<Response> =>
  complete({ model: OPENAI, messages: [user(content)], ...more });

async function readSelection(answer: Response): Promise<SelectionRecord> {
  const requestId = answer.headers.get("x-request-id");
  const read = async (): Promise<SelectionRecord | undefined> => {
    const list = SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json());
    return list.selections.find((record) => record.requestId === requestId);
  };
  const record = await waitUntil(read, (found) => found !== undefined);
  if (record === undefined) throw new Error("unreachable: it was found");
  return record;
}

function never(): never {
  throw new Error("the catalog is empty");
}

describe("a call without a stream", () => {
  it("[HT45] [HT49] [HT50] is answered with one completion, its usage, and who gave it", async () => {
    const answer = await ask("Please reply with fine weather");
    expect(answer.status).toBe(200);
    const completion = Completion.parse(await answer.json());
    expect(completion.choices[0]).toMatchObject({
      index: 0,
      message: { role: "assistant", content: "fine weather", refusal: null },
      finish_reason: "stop",
    });
    expect(completion.model).toBe(OPENAI);
    expect(completion.id).toMatch(/^chatcmpl_/);
    const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = completion.usage;
    expect([input > 0, output > 0, total]).toEqual([true, true, input + output]);
    expect(completion.breakwater).toMatchObject({
      status: "complete",
      attempts: 1,
      legs: [{ provider: "openai", model: "gpt-6-luna" }],
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-breakwater-provider": "openai",
      "x-breakwater-model": "gpt-6-luna",
      "x-breakwater-attempts": "1",
      "x-breakwater-sandbox": "true",
    });
  });

  it("[HT54] leaves a selection of its organization under its request id", async () => {
    const answer = await ask("Translate this to German: hello");
    const { breakwater } = Completion.parse(await answer.json());
    expect(await readSelection(answer)).toMatchObject({
      id: breakwater.selectionId,
      sessionId: null,
      mode: "pinned",
      intent: "translation",
      status: "complete",
      provider: "openai",
    });
    const stranger = await createVisitor();
    expect((await stranger.call("GET", `/api/v1/selections/${breakwater.selectionId}`)).status).toBe(404);
  });

  it("[HT43] tries `models` in order, and the default class when nothing is named", async () => {
    await breakProvider("openai", { fault: "overloaded" });
    const answer = await complete({ models: [OPENAI, GOOGLE], messages: [user("Please reply with one")] });
    expect(Completion.parse(await answer.json()).model).toBe(GOOGLE);
    expect(answer.headers.get("x-breakwater-attempts")).toBe("2");
    const unnamed = await complete({ messages: [user("Please reply with one")] });
    expect(unnamed.headers.get("x-breakwater-provider")).toBe("anthropic");
  });

  it("[HT40] carries system, history, images, limits and formats to the provider", async () => {
    const answer = await complete({
      model: "anthropic/claude-haiku-4-5",
      messages: [
        { role: "system", content: "Be brief." },
        user("Hello"),
        { role: "assistant", content: "Hello!" },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          ],
        },
      ],
      temperature: 0,
      stop: "END",
      max_completion_tokens: 50,
      user: "somebody",
      metadata: { ours: "yes" },
    });
    const completion = Completion.parse(await answer.json());
    expect(completion.choices[0].finish_reason).toBe("length");
    const asked = await complete({
      model: GOOGLE,
      messages: [user("Give me a colour")],
      response_format: {
        type: "json_schema",
        json_schema: { name: "colour", schema: { type: "object", properties: { name: { type: "string" } } } },
      },
    });
    const content = Completion.parse(await asked.json()).choices[0].message.content ?? "";
    expect(JSON.parse(content)).toEqual({ name: "sandbox" });
  });
});

describe("a stream", () => {
  it("[HT46] [HT49] is OpenAI's to the letter, and says at its end how it went", async () => {
    const answer = await ask("Please reply with fine weather", { stream: true });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    const { chunks, isDone } = await readStream(answer);
    expect(isDone).toBe(true);
    expect(textOf(chunks)).toBe("fine weather");
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(new Set(chunks.map((chunk) => chunk.created)).size).toBe(1);
    expect(chunks.every((chunk) => chunk.object === "chat.completion.chunk" && chunk.choices?.[0]?.index === 0)).toBe(true);
    expect(chunks[0]?.choices?.[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])).toEqual(["stop"]);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(chunks.at(-1)?.breakwater).toMatchObject({ status: "complete", legs: [{ provider: "openai" }] });
  });

  it("[HT47] with `include_usage` ends with a chunk of all three totals and no choice", async () => {
    const answer = await ask("Please reply with one", { stream: true, stream_options: { include_usage: true } });
    const { chunks, isDone } = await readStream(answer);
    const last = chunks.at(-1);
    expect(last?.choices).toEqual([]);
    const usage = last?.usage;
    expect(usage?.total_tokens).toBe(Number(usage?.["prompt_tokens"]) + Number(usage?.["completion_tokens"]));
    expect(usage?.total_tokens).toBeGreaterThan(0);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(last?.breakwater?.status).toBe("complete");
    expect(isDone).toBe(true);
  });

  it("[HT50] waits with its headers for the first word, and names who really answers", async () => {
    await breakProvider("openai", { fault: "server-error" });
    const answer = await complete({ models: [OPENAI, GOOGLE], messages: [user("Please reply with one")], stream: true });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-breakwater-provider": "google",
      "x-breakwater-attempts": "2",
      "x-request-id": expect.stringMatching(/^req_/),
    });
    const { chunks } = await readStream(answer);
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([GOOGLE]));
  });

  it.each(["cut", "reset", "error-event", "garbage"])(
    "[HT52] that breaks by %s ends with an error object and never says [DONE]",
    async (fault) => {
      await breakProvider("google", { fault, afterChunks: 4, times: 1 });
      const answer = await ask("[[words:60]]", { model: GOOGLE, stream: true });
      expect(answer.status).toBe(200);
      const { chunks, isDone } = await readStream(answer);
      expect(isDone).toBe(false);
      expect(textOf(chunks).length).toBeGreaterThan(5);
      expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])).toEqual([]);
      expect(chunks.at(-1)).toMatchObject({
        error: { type: "server_error", param: null, code: "incomplete_answer" },
        breakwater: { status: "incomplete", legs: [{ provider: "google" }] },
      });
      expect(await readSelection(answer)).toMatchObject({ status: "incomplete", provider: "google" });
    },
  );

  it("[HT52] the same without a stream is 502, and not half an answer", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4, times: 1 });
    const answer = await ask("[[words:60]]", { model: GOOGLE });
    expect(answer.status).toBe(502);
    expect(Refusal.parse(await answer.json())).toMatchObject({
      error: { code: "incomplete_answer" },
      breakwater: { status: "incomplete" },
    });
  });

  it("[HT52] that breaks by a bug of ours does so too, and the log knows why", async () => {
    const wiring = openWiring(bindings);
    const target = { provider: wiring.catalog.providers[0] ?? never(), model: "m" };
    const spy = vi.spyOn(wiring, "runAnswer").mockImplementationOnce(async function* () {
      yield [{ type: "leg-start", target, attempt: 1 }, { type: "text-delta", text: "One" }];
      throw new Error("a bug, thrown by the test");
    });
    const headers = { "content-type": "application/json", ...ada.credentials };
    const body = JSON.stringify({ model: OPENAI, messages: [user("Hello?")], stream: true });
    const lines = await collectLog("internal_error", async () => {
      const context = createExecutionContext();
      const answer = await worker.fetch(new Request(ORIGIN + PATH, { method: "POST", headers, body }), bindings, context);
      const { chunks, isDone } = await readStream(answer);
      expect([textOf(chunks), isDone]).toEqual(["One", false]);
      expect(chunks.at(-1)?.error).toMatchObject({ code: "internal_error", message: expect.not.stringContaining("thrown") });
    });
    spy.mockRestore();
    expect(lines).toMatchObject([{ error: "Error: a bug, thrown by the test" }]);
  });

  it("[HT53] whose reader goes away closes the upstream connection, and is on record as cancelled", async () => {
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const answer = await ask("[[words:60]]", { stream: true });
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(await readJournal("openai")).toMatchObject([{ outcome: "open" }]);
    await reader?.cancel();
    await waitUntil(() => readJournal("openai"), ([entry]) => entry?.outcome === "client-closed");
    expect(await readSelection(answer)).toMatchObject({ status: "cancelled", provider: "openai" });
  });

  it("[HT53] so does one who goes away before the first word", async () => {
    await breakProvider("openai", { fault: "hang", times: 1 });
    const controller = new AbortController();
    const request = new Request(ORIGIN + PATH, {
      method: "POST",
      headers: { "content-type": "application/json", ...ada.credentials },
      body: JSON.stringify({ model: OPENAI, messages: [user("Hello?")], stream: true }),
      signal: controller.signal,
    });
    const answer = exports.default.fetch(request);
    await waitUntil(() => readJournal("openai"), (entries) => entries.length === 1);
    controller.abort();
    await expect(answer).rejects.toThrow();
    await waitUntil(() => readJournal("openai"), ([entry]) => entry?.outcome === "client-closed");
  });
});

describe("tools", () => {
  const question = { messages: [user('What is it like there? [[tool:weather {"city":"Oslo"}]]')], tools: [WEATHER] };

  it.each([OPENAI, GOOGLE, "anthropic/claude-haiku-4-5", "deepseek/deepseek-v4-flash"])(
    "[HT48] are called by %s, whole and in a stream",
    async (model) => {
      const whole = Completion.parse(await (await complete({ ...question, model })).json());
      const call = { type: "function", function: { name: "weather", arguments: expect.stringContaining("Oslo") } };
      expect(whole.choices[0]).toMatchObject({ message: { content: null, tool_calls: [call] }, finish_reason: "tool_calls" });
      const { chunks, isDone } = await readStream(await complete({ ...question, model, stream: true }));
      const Delta = z.object({
        tool_calls: z.tuple([
          z.object({
            index: z.literal(0),
            id: z.string().optional(),
            function: z.object({ name: z.string().optional(), arguments: z.string() }),
          }),
        ]),
      });
      const deltas = chunks.flatMap((chunk) => Delta.safeParse(chunk.choices?.[0]?.delta).data?.tool_calls ?? []);
      expect(deltas.flatMap((delta) => delta.function.name ?? [])).toEqual(["weather"]);
      expect(deltas.flatMap((delta) => delta.id ?? [])).toHaveLength(1);
      expect(JSON.parse(deltas.map((delta) => delta.function.arguments).join(""))).toEqual({ city: "Oslo" });
      expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])).toEqual(["tool_calls"]);
      expect(isDone).toBe(true);
    },
  );

  it("[HT40] [HT48] get their results back", async () => {
    const asked = Completion.parse(await (await complete({ ...question, model: OPENAI })).json());
    const calls = z.array(z.looseObject({ id: z.string() })).parse(asked.choices[0].message["tool_calls"]);
    const answer = await complete({
      ...question,
      model: GOOGLE,
      messages: [
        ...question.messages,
        asked.choices[0].message,
        { role: "tool", tool_call_id: calls[0]?.id, content: "Rain, 4 degrees" },
      ],
    });
    expect(Completion.parse(await answer.json()).choices[0].message.content).toContain("Rain, 4 degrees");
  });
});

describe("refusals", () => {
  it.each([
    ["rate-limit", 429, "rate_limit_exceeded"],
    ["bad-request", 400, "bad_request"],
    ["unauthorized", 503, "all_providers_failed"],
    ["server-error", 503, "all_providers_failed"],
  ])("[HT51] %s before the first word is %i, stream or not, in words of ours", async (fault, status, code) => {
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
  });

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
    expect(Completion.parse(await known.json()).breakwater).toMatchObject({ status: "complete", costMicroUsd: null });
    const unknown = await ask("Please reply with one", { model: "openai/no-such-model" });
    expect(unknown.status).toBe(404);
    expect(Refusal.parse(await unknown.json()).error.code).toBe("model_not_found");
  });

  it.each([
    ["n", { n: 2 }, /one answer/],
    ["store", { store: true }, /not stored/],
    ["logprobs", { logprobs: true }, /logprobs/],
    ["temperature", { temperature: 3 }, /temperature/],
    ["messages", { messages: [] }, /messages/],
    ["messages.0.role", { messages: [{ role: "wizard", content: "Abracadabra" }] }, /messages\.0\.role/],
    ["tools.0.function.name", { tools: [{ type: "function", function: { name: "no spaces" } }] }, /tools\.0\.function\.name/],
  ])("[HT41] %s is refused by name, and nobody is called", async (param, more, sentence) => {
    const answer = await ask("Hello?", more);
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error).toMatchObject({ type: "invalid_request_error", param });
    expect(error.message).toMatch(sentence);
    expect(await readJournal("openai")).toEqual([]);
  });

  it.each([
    ["a result without its call", [user("Hi"), { role: "tool", tool_call_id: "c1", content: "x" }], "messages.1"],
    ["an empty assistant", [user("Hi"), { role: "assistant", content: "" }], "messages.1"],
    [
      "arguments that are not JSON",
      [{ role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{" } }] }],
      "messages.0",
    ],
    ["an image by http", [{ role: "user", content: [{ type: "image_url", image_url: { url: "http://a/b.png" } }] }], "messages.0"],
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
    const text = new Request(ORIGIN + PATH, { method: "POST", headers: { ...ada.credentials, "content-type": "application/json" }, body: "{" });
    const broken = await exports.default.fetch(text);
    expect([broken.status, Refusal.parse(await broken.json()).error.type]).toEqual([400, "invalid_request_error"]);
  });
});

describe("the list of models", () => {
  it("[HT55] has the classes, and every target as it can be pinned", async () => {
    const List = z.object({ object: z.literal("list"), data: z.array(z.looseObject({ id: z.string(), object: z.literal("model"), owned_by: z.string() })) });
    const { data } = List.parse(await (await ada.call("GET", "/v1/models")).json());
    const ids = data.map((model) => model.id);
    expect(ids).toEqual(expect.arrayContaining(["fast", "balanced", "frontier", "reasoning", OPENAI, GOOGLE]));
    expect(new Set(ids).size).toBe(ids.length);
    for (const model of data.filter((one) => one.id.includes("/"))) expect(model.id.startsWith(`${model.owned_by}/`)).toBe(true);
  });
});
