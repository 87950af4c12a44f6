/** `/v1/chat/completions` and `/v1/models` in workerd, by their wire. Answers come from the sandbox. */
import { createExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { SelectionList, type SelectionRecord } from "../../src/protocol/selection.ts";
import worker from "../../src/worker.ts";
import { openWiring } from "../../src/wiring.ts";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil } from "./sandbox-control.ts";
import { bindings } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";
import { Completion, readStream, Refusal, textOf } from "./sandbox-stream.ts";

const PATH = "/v1/chat/completions";
const OPENAI = "openai/gpt-6-luna";
const GOOGLE = "google/gemini-3.5-flash-lite";
const DEEPSEEK = "deepseek/deepseek-v4-flash";
const user = (content: string) => ({ role: "user", content });
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "google", "deepseek"]);
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
    const answer = await ask("Refactor this TypeScript function: ```x```");
    const { breakwater } = Completion.parse(await answer.json());
    expect(await readSelection(answer)).toMatchObject({
      id: breakwater.selectionId,
      sessionId: null,
      mode: "pinned",
      intent: "code",
      status: "complete",
      provider: "openai",
    });
    const stranger = await createVisitor();
    expect((await stranger.call("GET", `/api/v1/selections/${breakwater.selectionId}`)).status).toBe(404);
  });

  it("[HT43] tries `models` in order, and the default class when nothing is named", async () => {
    await breakProvider("openai", { fault: "overloaded", times: 1 });
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
    expect(
      chunks.every((chunk) => chunk.object === "chat.completion.chunk" && chunk.choices?.[0]?.index === 0),
    ).toBe(true);
    expect(chunks[0]?.choices?.[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])).toEqual(["stop"]);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(chunks.at(-1)?.breakwater).toMatchObject({ status: "complete", legs: [{ provider: "openai" }] });
  });

  it("[HT47] with `include_usage` ends with a chunk of all three totals and no choice", async () => {
    const answer = await ask("Please reply with one", {
      stream: true,
      stream_options: { include_usage: true },
    });
    const { chunks, isDone } = await readStream(answer);
    const last = chunks.at(-1);
    expect(last?.choices).toEqual([]);
    const usage = last?.usage;
    expect(usage?.total_tokens).toBe(Number(usage?.["prompt_tokens"]) + Number(usage?.["completion_tokens"]));
    expect(usage?.total_tokens).toBeGreaterThan(0);
    expect(chunks.slice(0, -1).every((chunk) => (chunk.usage ?? null) === null)).toBe(true);
    expect(last?.breakwater?.status).toBe("complete");
    expect(isDone).toBe(true);
  });

  it("[HT50] waits with its headers for the first word, and names who really answers", async () => {
    // Nobody broke this one before: a provider that failed a moment ago would stand behind the others.
    await breakProvider("anthropic", { fault: "server-error", times: 1 });
    const answer = await complete({
      models: ["anthropic/claude-haiku-4-5", GOOGLE],
      messages: [user("Please reply with one")],
      stream: true,
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-breakwater-provider": "google",
      "x-breakwater-attempts": "2",
      "x-request-id": expect.stringMatching(/^req_/),
    });
    const { chunks } = await readStream(answer);
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([GOOGLE]));
  });

  it.each(["cut", "reset", "error-event", "garbage"])(
    "[HT52] that breaks by %s, and nobody goes on, ends with an error object and never says [DONE]",
    async (fault) => {
      await breakProvider("google", { fault, afterChunks: 4 });
      const answer = await ask("[[words:60]]", { model: GOOGLE, stream: true });
      expect(answer.status).toBe(200);
      const { chunks, isDone } = await readStream(answer);
      expect(isDone).toBe(false);
      expect(textOf(chunks).length).toBeGreaterThan(5);
      expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])).toEqual([]);
      expect(chunks.at(-1)).toMatchObject({
        error: { type: "server_error", param: null, code: "incomplete_answer" },
        breakwater: {
          status: "incomplete",
          legs: expect.arrayContaining([expect.objectContaining({ provider: "google" })]),
        },
      });
    },
  );

  it("[HT46] [HT49] [HT52] that breaks is gone on with under one name, and comes to a good end", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 6, times: 1 });
    const answer = await complete({
      models: [GOOGLE, OPENAI],
      messages: [user("[[words:60]]")],
      stream: true,
    });
    expect(answer.headers.get("x-breakwater-provider")).toBe("google");
    const { chunks, isDone } = await readStream(answer);
    expect(isDone).toBe(true);
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([GOOGLE]));
    expect(textOf(chunks).split(/\s+/u)).toHaveLength(60);
    expect(chunks.at(-1)?.breakwater).toMatchObject({
      status: "complete",
      attempts: 2,
      legs: [
        { provider: "google", estimated: expect.any(Boolean) },
        { provider: "openai", estimated: false },
      ],
    });
  });

  it("[HT52] [HT54] that broke is on record as incomplete", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const answer = await ask("[[words:60]]", { model: GOOGLE, stream: true });
    await answer.text();
    expect(await readSelection(answer)).toMatchObject({ status: "incomplete", provider: "google" });
  });

  it("[HT52] without a stream starts over where it broke, and is never half an answer", async () => {
    // One that no other test here has used up the retries of.
    await breakProvider("deepseek", { fault: "cut", afterChunks: 4, times: 1 });
    const mended = await ask("[[words:60]]", { model: DEEPSEEK });
    expect(mended.status).toBe(200);
    expect(mended.headers.get("x-breakwater-attempts")).toBe("2");
    await breakProvider("deepseek", { fault: "cut", afterChunks: 4 });
    const broken = await ask("[[words:60]]", { model: DEEPSEEK });
    expect(broken.status).toBe(503);
    expect(Refusal.parse(await broken.json())).toMatchObject({
      error: { code: "all_providers_failed" },
      breakwater: { status: "failed" },
    });
  });

  it("[HT52] that breaks by a bug of ours does so too, and the log knows why", async () => {
    const wiring = openWiring(bindings);
    const target = { provider: wiring.catalog.providers[0] ?? never(), model: "m" };
    const spy = vi.spyOn(wiring, "runAnswer").mockImplementationOnce(async function* () {
      yield [
        { type: "leg-start", target, attempt: 1 },
        { type: "text-delta", text: "One" },
      ];
      throw new Error("a bug, thrown by the test");
    });
    const headers = { "content-type": "application/json", ...ada.credentials };
    const body = JSON.stringify({ model: OPENAI, messages: [user("Hello?")], stream: true });
    const lines = await collectLog("internal_error", async () => {
      const context = createExecutionContext();
      const answer = await worker.fetch(
        new Request(ORIGIN + PATH, { method: "POST", headers, body }),
        bindings,
        context,
      );
      const { chunks, isDone } = await readStream(answer);
      expect([textOf(chunks), isDone]).toEqual(["One", false]);
      expect(chunks.at(-1)?.error).toMatchObject({
        code: "internal_error",
        message: expect.not.stringContaining("thrown"),
      });
    });
    spy.mockRestore();
    expect(lines).toMatchObject([{ error: "Error: a bug, thrown by the test" }]);
  });

  it("[HT3] leaves its line in the log when it has ended, with the time until then", async () => {
    const linesOf = (work: () => Promise<unknown>) => collectLog("request_completed", work);
    const answers: Response[] = [];
    const before = await linesOf(async () => {
      answers.push(await ask("[[words:60]]", { stream: true }));
    });
    expect(before).toEqual([]);
    const [answer] = answers;
    if (answer?.body == null) throw new Error("unreachable: it was answered");
    const { body, headers } = answer;
    const startedMs = Date.now();
    let lastChunkMs = startedMs;
    const after = await linesOf(async () => {
      for await (const chunk of body) if (chunk instanceof Uint8Array) lastChunkMs = Date.now();
    });
    const requestId = headers.get("x-request-id");
    expect(after).toMatchObject([{ request_id: requestId, path: PATH, status: 200 }]);
    expect(lastChunkMs).toBeGreaterThan(startedMs);
    expect(after[0]?.["duration_ms"]).toBeGreaterThanOrEqual(lastChunkMs - startedMs);
  });

  it("[HT3] leaves its line in the log when its reader has gone", async () => {
    const lines = await collectLog("request_completed", async () => {
      const answer = await ask("[[words:2000]]", { stream: true });
      await answer.body?.cancel();
      await readSelection(answer);
    });
    expect(lines).toContainEqual(expect.objectContaining({ path: PATH, status: 200 }));
  });

  it("[HT53] whose reader goes away closes the upstream connection, and is on record as cancelled", async () => {
    // Long enough that more is still to be written to the reader: the platform tells of one that has gone only then.
    const answer = await ask("[[words:2000]]", { stream: true });
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(await readJournal("openai")).toMatchObject([{ outcome: "open" }]);
    await reader?.cancel();
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
    expect(await readSelection(answer)).toMatchObject({ status: "cancelled", provider: "openai" });
  });

  it("[HT189] so does one who goes away while the provider is silent", { timeout: 30_000 }, async () => {
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const answer = await ask("[[words:60]]", { stream: true });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text: string | undefined = "";
    // The stream lives as long as its reader does.
    while (text?.includes(": still here\n\n") === false) text = (await reader?.read())?.value;
    expect(text).toBe(": still here\n\n");
    expect(await readJournal("openai")).toMatchObject([{ outcome: "open" }]);
    await reader?.cancel();
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
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
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
    controller.abort();
    await expect(answer).rejects.toThrow("abort");
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
  });
});

describe("tools", () => {
  const question = {
    messages: [user('What is it like there? [[tool:weather {"city":"Oslo"}]]')],
    tools: [WEATHER],
  };

  it.each([OPENAI, GOOGLE, "anthropic/claude-haiku-4-5", "deepseek/deepseek-v4-flash"])(
    "[HT48] are called by %s, whole and in a stream",
    async (model) => {
      const whole = Completion.parse(await (await complete({ ...question, model })).json());
      const call = {
        type: "function",
        function: { name: "weather", arguments: expect.stringContaining("Oslo") },
      };
      expect(whole.choices[0]).toMatchObject({
        message: { content: null, tool_calls: [call] },
        finish_reason: "tool_calls",
      });
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
      const deltas = chunks.flatMap(
        (chunk) => Delta.safeParse(chunk.choices?.[0]?.delta).data?.tool_calls ?? [],
      );
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

describe("the list of models", () => {
  it("[HT55] has the classes, and every target as it can be pinned", async () => {
    const List = z.object({
      object: z.literal("list"),
      data: z.array(z.looseObject({ id: z.string(), object: z.literal("model"), owned_by: z.string() })),
    });
    const { data } = List.parse(await (await ada.call("GET", "/v1/models")).json());
    const ids = data.map((model) => model.id);
    expect(ids).toEqual(
      expect.arrayContaining(["fast", "balanced", "frontier", "reasoning", OPENAI, GOOGLE]),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const model of data.filter((one) => one.id.includes("/")))
      expect(model.id.startsWith(`${model.owned_by}/`)).toBe(true);
  });
});
