/** Anthropic's own package, unmodified, against the Worker in workerd, with each provider's wire behind it. */
import Anthropic from "@anthropic-ai/sdk";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil, type JournalEntry } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

const GOOGLE = "google/gemini-3.5-flash-lite";
const TARGETS = ["claude-haiku-4-5", "openai/gpt-6-luna", GOOGLE, "deepseek/deepseek-v4-pro"];
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WEATHER: Anthropic.Tool = {
  name: "weather",
  description: "The weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

let client: Anthropic;
let admin: Visitor;
beforeAll(async () => {
  const ada = await createVisitor();
  admin = await createAdmin();
  client = new Anthropic({
    apiKey: ada.credentials["authorization"]?.slice("Bearer ".length) ?? "",
    baseURL: ORIGIN,
    maxRetries: 0,
    fetch: (url, init) =>
      exports.default.fetch(new Request(url instanceof Request ? url : String(url), init)),
  });
});
beforeEach(async () => {
  await mendProviders(admin);
});

const asking = (model: string, content: Anthropic.MessageParam["content"]) => ({
  model,
  max_tokens: 1_000,
  messages: [{ role: "user" as const, content }],
});

describe("the @anthropic-ai/sdk package", () => {
  it.each(TARGETS)("[HT93] reads an answer and a stream of %s", async (model) => {
    const message = await client.messages.create(asking(model, "Please reply with one"));
    expect(message.content.at(-1)).toMatchObject({ type: "text", text: "one" });
    expect(message).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(message.model).toContain(model);
    expect(message._request_id).toMatch(/^req_/);
    const stream = client.messages.stream(asking(model, "[[words:60]]"));
    let text = "";
    stream.on("text", (piece) => {
      text += piece;
    });
    const final = await stream.finalMessage();
    expect(text.split(" ").length).toBeGreaterThan(40);
    expect(final.content.at(-1)).toMatchObject({ type: "text", text });
    expect(final.id).toMatch(/^msg_/);
    const { input_tokens: input, cache_read_input_tokens: cached, output_tokens: output } = final.usage;
    expect([input + (cached ?? 0) > 0, output > 0]).toEqual([true, true]);
  });

  it.each(TARGETS)("[HT80] [HT93] goes through a tool's round with %s, streamed and whole", async (model) => {
    const question = asking(model, '[[tool:weather {"city":"Oslo"}]]');
    const asked = await client.messages.stream({ ...question, tools: [WEATHER] }).finalMessage();
    expect(asked.stop_reason).toBe("tool_use");
    const use = asked.content.find((block) => block.type === "tool_use");
    if (use === undefined) throw new Error("no tool was called");
    expect(use).toMatchObject({ name: "weather", input: { city: "Oslo" } });
    const answer = await client.messages.create({
      ...question,
      tools: [WEATHER],
      messages: [
        ...question.messages,
        { role: "assistant", content: asked.content },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: use.id, content: [{ type: "text", text: "Rain for Oslo" }] },
          ],
        },
      ],
    });
    expect(textOf(answer)).toContain("Rain for Oslo");
  });

  it.each(TARGETS.slice(0, 3))("[HT80] shows an image to %s, beside system blocks", async (model) => {
    const answer = await client.messages.create({
      ...asking(model, [
        { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        { type: "text", text: "What is this?" },
      ]),
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
        { type: "text", text: "Be kind." },
      ],
    });
    expect(textOf(answer)).toContain("It came with 1 attachment");
  });

  it("[HT83] [HT90] [HT93] shows thoughts as a block, and takes them back", async () => {
    const model = "claude-sonnet-5";
    const thinking = { type: "enabled" as const, budget_tokens: 2_000 };
    const question = { ...asking(model, "Think about it"), thinking };
    const thought = await client.messages.stream(question).finalMessage();
    expect(thought.content.map((block) => block.type)).toEqual(["thinking", "text"]);
    const more = await client.messages.create({
      ...question,
      messages: [
        ...question.messages,
        { role: "assistant", content: thought.content },
        { role: "user", content: "Please reply with one" },
      ],
    });
    expect(textOf(more)).toBe("one");
    const silent = await client.messages.create({ ...question, thinking: { type: "disabled" } });
    expect(silent.content.map((block) => block.type)).toEqual(["text"]);
  });

  it("[HT92] counts tokens, and nobody is called", async () => {
    const { model, messages } = asking("balanced", "How many tokens has this?");
    const few = await client.messages.countTokens({ model, messages });
    const many = await client.messages.countTokens({
      model,
      messages,
      tools: [WEATHER],
      system: "Be brief.",
    });
    expect(few.input_tokens).toBeGreaterThan(4);
    expect(many.input_tokens).toBeGreaterThan(few.input_tokens);
    expect(await readJournal()).toEqual([]);
    await expect(client.messages.countTokens({ model: "no-such-class", messages })).rejects.toThrow(
      Anthropic.NotFoundError,
    );
  });

  it("[HT87] [HT93] does not notice that another provider goes on in mid-answer", async () => {
    await breakProvider("anthropic", { fault: "cut", afterChunks: 8 });
    const stream = client.messages.stream(asking("balanced", "[[words:120]]"));
    const seen: { type: string; index: number | null }[] = [];
    stream.on("streamEvent", (event) => {
      seen.push({ type: event.type, index: "index" in event ? event.index : null });
    });
    const message = await stream.finalMessage();
    expect(message.model).toBe("anthropic/claude-sonnet-5");
    expect(message.content).toHaveLength(1);
    expect(textOf(message).split(" ").length).toBeGreaterThan(100);
    expect(new Set(seen.map(({ index }) => index))).toEqual(new Set([null, 0]));
    expect(seen.filter(({ type }) => type === "message_start")).toHaveLength(1);
    expect(Reflect.get(message, "stop_reason")).toBe("end_turn");
    expect((await readJournal()).length).toBeGreaterThan(1);
  });

  it("[HT89] [HT93] takes a stream that nobody goes on with for an error", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const stream = client.messages.stream(asking(GOOGLE, "[[words:60]]"));
    let text = "";
    stream.on("text", (piece) => {
      text += piece;
    });
    await expect(stream.finalMessage()).rejects.toThrow("incomplete");
    expect(text.length).toBeGreaterThan(5);
  });

  it("[HT88] [HT93] [HT94] throws its own errors", async () => {
    const ask = (model: string) => client.messages.create(asking(model, "Hello?"));
    await expect(ask("no-such-class")).rejects.toThrow(Anthropic.NotFoundError);
    await breakProvider("google", { fault: "rate-limit", retryAfterSeconds: 20, times: 1 });
    await expect(ask(GOOGLE)).rejects.toThrow(Anthropic.RateLimitError);
    await act(admin, "google", "close", "for the test");
    await breakProvider("google", { fault: "bad-request", times: 1 });
    await expect(ask(GOOGLE)).rejects.toThrow(Anthropic.BadRequestError);
    const stranger = client.withOptions({ apiKey: "bw_wrong" });
    const refused = await stranger.messages.create(asking(GOOGLE, "Hello?")).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(refused).toMatchObject({
      type: "authentication_error",
      requestID: expect.stringMatching(/^req_/) as unknown,
    });
  });

  it("[HT93] [HT95] stops the provider when it stops reading", async () => {
    await breakProvider("google", { fault: "stall", afterChunks: 3, times: 1 });
    const stream = client.messages.stream(asking(GOOGLE, "[[words:60]]"));
    for await (const event of stream) if (event.type === "content_block_delta") break;
    const isClosed = ([entry]: JournalEntry[]): boolean => entry?.outcome === "client-closed";
    expect(await waitUntil(() => readJournal("google"), isClosed)).toHaveLength(1);
  });
});

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
