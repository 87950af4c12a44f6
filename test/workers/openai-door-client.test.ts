/** OpenAI's own package, unmodified, against the Worker in workerd. */
import { exports } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil, type JournalEntry } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

const MODEL = "google/gemini-3.5-flash-lite";

let client: OpenAI;
let admin: Visitor;
beforeAll(async () => {
  const ada = await createVisitor();
  admin = await createAdmin();
  client = new OpenAI({
    apiKey: ada.credentials["authorization"]?.slice("Bearer ".length) ?? "",
    baseURL: `${ORIGIN}/v1`,
    maxRetries: 0,
    fetch: (url, init) =>
      exports.default.fetch(new Request(url instanceof Request ? url : String(url), init)),
  });
});
beforeEach(async () => {
  await mendProviders(admin, ["google"]);
});

const messages = (content: string) => [{ role: "user" as const, content }];

describe("the openai package", () => {
  it("[HT56] reads an answer, a stream and the list of models", async () => {
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: messages("Please reply with one"),
    });
    expect(completion.choices[0]?.message.content).toBe("one");
    const stream = await client.chat.completions.create({
      model: "fast",
      messages: messages("[[words:60]]"),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total += chunk.usage?.total_tokens ?? 0;
    }
    expect(text.split(" ").length).toBeGreaterThan(40);
    expect(total).toBeGreaterThan(0);
    const models = await client.models.list();
    expect(models.data.map((model) => model.id)).toContain("balanced");
  });

  it("[HT56] runs a tool by its own helper", async () => {
    const runner = client.chat.completions.runTools({
      model: MODEL,
      messages: messages('[[tool:weather {"city":"Oslo"}]]'),
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "The weather of a city",
            parameters: { type: "object", properties: { city: { type: "string" } } },
            parse: (input: string): unknown => JSON.parse(input),
            function: (input: unknown) => `Rain for ${JSON.stringify(input)}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toContain("Rain for");
  });

  it("[HT52] [HT56] takes a stream that nobody goes on with for an error, not for a finished answer", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: messages("[[words:60]]"),
      stream: true,
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    })();
    await expect(reading).rejects.toThrow("incomplete");
    expect(text.length).toBeGreaterThan(5);
  });

  it("[HT51] [HT56] throws its own errors", async () => {
    const ask = (model: string) => client.chat.completions.create({ model, messages: messages("Hello?") });
    await expect(ask("no-such-class")).rejects.toThrow(OpenAI.NotFoundError);
    await breakProvider("google", { fault: "rate-limit", retryAfterSeconds: 20, times: 1 });
    await expect(ask(MODEL)).rejects.toThrow(OpenAI.RateLimitError);
    await act(admin, "google", "close", "for the test");
    await breakProvider("google", { fault: "bad-request", times: 1 });
    await expect(ask(MODEL)).rejects.toThrow(OpenAI.BadRequestError);
    await expect(client.withOptions({ apiKey: "bw_wrong" }).models.list()).rejects.toThrow(
      OpenAI.AuthenticationError,
    );
  });

  it("[HT53] [HT56] stops the provider when it stops reading", async () => {
    await breakProvider("google", { fault: "stall", afterChunks: 3, times: 1 });
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: messages("[[words:60]]"),
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== "") break;
    const isClosed = ([entry]: JournalEntry[]): boolean => entry?.outcome === "client-closed";
    expect(await waitUntil(() => readJournal("google"), isClosed)).toHaveLength(1);
  });
});
