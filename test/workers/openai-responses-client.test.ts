/** `client.responses` of OpenAI's own package, unmodified, against the Worker in workerd. */
import OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil, type JournalEntry } from "./sandbox-control.ts";
import { createOpenAiClient } from "./sandbox-openai.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";

const GOOGLE = "google/gemini-3.5-flash-lite";
const OPENAI = "openai/gpt-6-luna";
const WIRES = [OPENAI, GOOGLE, "anthropic/claude-haiku-4-5", "deepseek/deepseek-v4-flash"];
const WEATHER = {
  type: "function" as const,
  name: "weather",
  description: "The weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: null,
};

let client: OpenAI;
let admin: Visitor;
beforeAll(async () => {
  client = createOpenAiClient(await createVisitor());
  admin = await createAdmin();
});
beforeEach(async () => {
  await mendProviders(admin, ["google", "openai"]);
});

/** The items that this service gives, as the package's types take them back. */
function toInput(
  output: readonly OpenAI.Responses.ResponseOutputItem[],
): OpenAI.Responses.ResponseInputItem[] {
  return output.flatMap((item) =>
    item.type === "message" || item.type === "function_call" || item.type === "reasoning" ? [item] : [],
  );
}

describe("the openai package", () => {
  it.each(WIRES)("[HT109] reads an answer of %s, whole and as a stream", async (model) => {
    const response = await client.responses.create({ model, input: "Please reply with fine weather" });
    expect(response).toMatchObject({ status: "completed", output_text: "fine weather", model });
    expect(response.usage?.total_tokens).toBeGreaterThan(0);
    const stream = await client.responses.create({
      model,
      instructions: "Be brief.",
      input: [{ role: "user", content: "Please reply with fine weather" }],
      stream: true,
    });
    let text = "";
    const types: string[] = [];
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    expect(text).toBe("fine weather");
    expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
  });

  it.each(WIRES)(
    "[HT105] [HT109] gets a call of %s, gives its output back and hears of it",
    async (model) => {
      const input: OpenAI.Responses.ResponseInput = [
        { role: "user", content: 'What is it like there? [[tool:weather {"city":"Oslo"}]]' },
      ];
      const stream = client.responses.stream({ model, input, tools: [WEATHER] });
      const asked = await stream.finalResponse();
      const call = asked.output.find((item) => item.type === "function_call");
      expect(call).toMatchObject({ name: "weather", status: "completed" });
      expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: "Oslo" });
      input.push(...toInput(asked.output), {
        type: "function_call_output",
        call_id: call?.call_id ?? "",
        output: "Rain, 4 degrees",
      });
      const answer = await client.responses.create({ model, input, tools: [WEATHER] });
      expect(answer.output_text).toContain("Rain, 4 degrees");
    },
  );

  it("[HT109] parses a format", async () => {
    const response = await client.responses.parse({
      model: GOOGLE,
      input: "Give me a colour",
      text: {
        format: {
          type: "json_schema",
          name: "colour",
          schema: { type: "object", properties: { name: { type: "string" } } },
        },
      },
    });
    expect(JSON.parse(response.output_text)).toEqual({ name: "sandbox" });
  });

  it("[HT106] [HT109] reads thoughts as a summary, and sends them back for nothing", async () => {
    const request = { model: "deepseek/deepseek-v4-pro", input: "Please reply with one" };
    const stream = client.responses.stream({ ...request, reasoning: { effort: "high", summary: "auto" } });
    let thoughts = "";
    stream.on("response.reasoning_summary_text.delta", ({ delta }) => {
      thoughts += delta;
    });
    const response = await stream.finalResponse();
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect(response.output[0]).toMatchObject({ summary: [{ type: "summary_text", text: thoughts }] });
    expect(thoughts.length).toBeGreaterThan(5);
    const again = await client.responses.create({
      model: GOOGLE,
      input: [...toInput(response.output), { role: "user", content: "Please reply with two" }],
    });
    expect(again.output_text).toBe("two");
  });

  it("[HT108] [HT109] takes a stream that nobody goes on with for a failed response", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const stream = await client.responses.create({ model: GOOGLE, input: "[[words:60]]", stream: true });
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).not.toContain("response.completed");
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error" }, output: [{ status: "incomplete" }] },
    });
  });

  it("[HT107] [HT109] hears of a limit", async () => {
    const response = await client.responses.create({
      model: GOOGLE,
      input: "[[words:60]]",
      max_output_tokens: 5,
    });
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
    expect(response.output_text.length).toBeGreaterThan(0);
  });

  it("[HT109] throws its own errors", async () => {
    const ask = (model: string) => client.responses.create({ model, input: "Hello?" });
    await expect(ask("no-such-class")).rejects.toThrow(OpenAI.NotFoundError);
    await breakProvider("google", { fault: "rate-limit", retryAfterSeconds: 20, times: 1 });
    await expect(ask(GOOGLE)).rejects.toThrow(OpenAI.RateLimitError);
    await act(admin, "google", "close", "for the test");
    await breakProvider("google", { fault: "bad-request", times: 1 });
    await expect(ask(GOOGLE)).rejects.toThrow(OpenAI.BadRequestError);
    await expect(
      client.withOptions({ apiKey: "bw_wrong" }).responses.create({ model: GOOGLE, input: "Hello?" }),
    ).rejects.toThrow(OpenAI.AuthenticationError);
  });

  it("[HT109] stops the provider when it stops reading", async () => {
    await breakProvider("google", { fault: "stall", afterChunks: 3, times: 1 });
    const stream = await client.responses.create({ model: GOOGLE, input: "[[words:60]]", stream: true });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    const isClosed = ([entry]: JournalEntry[]): boolean => entry?.outcome === "client-closed";
    expect(await waitUntil(() => readJournal("google"), isClosed)).toHaveLength(1);
  });
});

describe("the list of models", () => {
  it("[HT127] is read, and each of its models", async () => {
    const list = await client.models.list();
    expect(list.data.map(({ id }) => id)).toEqual(expect.arrayContaining(["balanced", OPENAI, GOOGLE]));
    for (const listed of list.data) expect(await client.models.retrieve(listed.id)).toEqual(listed);
    await expect(client.models.retrieve("openai/no-such-model")).rejects.toThrow(OpenAI.NotFoundError);
  });
});
