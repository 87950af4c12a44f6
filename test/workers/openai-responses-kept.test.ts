/** Responses that are kept in a chat (`store`, `previous_response_id`), in workerd, by OpenAI's own package and by the wire. */
import type OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { SessionList, SessionMessages } from "../../src/protocol/session-api.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createOpenAiClient } from "./sandbox-openai.ts";
import { createAdmin, createVisitor, textOf, type Visitor } from "./sandbox-people.ts";
import { Refusal } from "./sandbox-stream.ts";

const PATH = "/v1/responses";
const GOOGLE = "google/gemini-3.5-flash-lite";
const SESSION = "x-breakwater-session";

let ada: Visitor;
let admin: Visitor;
let client: OpenAI;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
  client = createOpenAiClient(ada);
});
beforeEach(async () => {
  await mendProviders(admin, ["google"]);
});

const ask = (input: string, previous: string | null = null) =>
  client.responses.create({ model: GOOGLE, input, store: true, previous_response_id: previous });
const respond = (body: object, headers: Record<string, string> = {}, visitor = ada): Promise<Response> =>
  visitor.call("POST", PATH, { model: GOOGLE, input: "Hello?", ...body }, headers);

const readId = async (answer: Response): Promise<string> =>
  z.looseObject({ id: z.string() }).parse(await answer.json()).id;

/** What the page shows of the chat that an answer names. */
async function readChat(sessionId: string, visitor = ada): Promise<string[]> {
  const answer = await visitor.call("GET", `/api/v1/sessions/${sessionId}/messages`);
  return SessionMessages.parse(await answer.json()).messages.map(({ parts }) => textOf(parts));
}
const countChats = async (): Promise<number> =>
  SessionList.parse(await (await ada.call("GET", "/api/v1/sessions?limit=100")).json()).sessions.length;

describe("a kept response", () => {
  it("[HT110] [HT113] is the answer of a chat, and the next one goes on with it", async () => {
    const { data: first, response } = await client.responses
      .create({ model: GOOGLE, input: "Please reply with fine weather", store: true })
      .withResponse();
    expect(first).toMatchObject({
      id: expect.stringMatching(/^resp_[0-9a-z]{52}$/),
      status: "completed",
      model: GOOGLE,
      output_text: "fine weather",
      store: true,
      breakwater: { status: "complete", legs: [{ provider: "google" }] },
    });
    expect(first.usage?.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-breakwater-provider")).toBe("google");
    const sessionId = response.headers.get(SESSION) ?? "";
    const second = await client.responses.create({
      model: GOOGLE,
      input: [{ role: "user", content: "Please reply with two" }],
      previous_response_id: first.id,
    });
    expect(second).toMatchObject({ output_text: "two", previous_response_id: first.id, store: true });
    // The history went along.
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
    expect(await readChat(sessionId)).toEqual([
      "Please reply with fine weather",
      "fine weather",
      "Please reply with two",
      "two",
    ]);
  });

  it("[HT113] comes as a stream like any other", async () => {
    const first = await ask("Please reply with one");
    const stream = client.responses.stream({
      model: GOOGLE,
      input: "Please reply with fine weather",
      previous_response_id: first.id,
    });
    const types: string[] = [];
    let text = "";
    stream.on("event", ({ type }) => types.push(type));
    stream.on("response.output_text.delta", ({ delta }) => {
      text += delta;
    });
    const last = await stream.finalResponse();
    expect([text, last.output_text]).toEqual(["fine weather", "fine weather"]);
    expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
    expect((await ask("Please reply with three", last.id)).output_text).toBe("three");
  });

  it("[HT113] has thoughts as a summary, whole and as a stream", async () => {
    const request = { model: "deepseek/deepseek-v4-pro", input: "Please reply with one", store: true };
    const whole = await client.responses.create(request);
    const stream = await client.responses.stream(request).finalResponse();
    for (const { output } of [whole, stream]) {
      expect(output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    }
  });

  it("[HT112] [HT113] takes an image that is in the request", async () => {
    const png =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const content = [
      { type: "input_text" as const, text: "What is this?" },
      { type: "input_image" as const, image_url: png, detail: "auto" as const },
    ];
    const response = await client.responses.create({
      model: GOOGLE,
      input: [{ role: "user", content }],
      store: true,
    });
    expect(response.status).toBe("completed");
    const byAddress = await respond({
      store: true,
      input: [{ role: "user", content: [{ type: "input_image", image_url: "https://example.com/cat.png" }] }],
    });
    expect([byAddress.status, Refusal.parse(await byAddress.json()).error.param]).toEqual([400, "input.0"]);
  });

  it("[HT8] [HT200] with a schema nested too deep is the caller's mistake, and makes no chat", async () => {
    const before = await countChats();
    let schema: object = { type: "string" };
    for (let level = 0; level < 3_000; level += 1) schema = { properties: { a: schema } };
    const format = { type: "json_schema", name: "n", schema };
    const tools = [{ type: "function", name: "f", parameters: schema }];
    for (const [param, body] of Object.entries({
      "text.format.schema": { text: { format } },
      "tools.0.parameters": { tools },
    })) {
      const answer = await respond({ store: true, ...body });
      expect([answer.status, Refusal.parse(await answer.json()).error.param]).toEqual([400, param]);
    }
    expect(await countChats()).toBe(before);
  });

  it("[HT115] that was gone on with is gone on with beside it, with its own history", async () => {
    const first = await respond({ store: true, input: "Please reply with one" });
    const sessionId = first.headers.get(SESSION) ?? "";
    const id = await readId(first);
    const left = await ask("Please reply with left", id);
    const right = await ask("Please reply with right", id);
    expect(right.output_text).toBe("right");
    expect(right.usage?.input_tokens).toBeLessThan((left.usage?.input_tokens ?? 0) + 10);
    expect(await readChat(sessionId)).toEqual([
      "Please reply with one",
      "one",
      "Please reply with right",
      "right",
    ]);
    // Its chat shows the other branch now, and shows this one when it is gone on with.
    expect((await ask("Please reply with more left", left.id)).output_text).toBe("more left");
    expect(await readChat(sessionId)).toEqual([
      "Please reply with one",
      "one",
      "Please reply with left",
      "left",
      "Please reply with more left",
      "more left",
    ]);
  });

  it("[HT115] may be gone on with twice at once", async () => {
    const first = await ask("Please reply with one");
    const both = await Promise.all(
      ["[[words:40]]", "Please reply with two"].map((input) => ask(input, first.id)),
    );
    expect(both.map(({ status }) => status)).toEqual(["completed", "completed"]);
    expect(both[1]?.output_text).toBe("two");
    const tokens = both.map(({ usage }) => usage?.input_tokens ?? 0);
    expect(Math.abs((tokens[0] ?? 0) - (tokens[1] ?? 0))).toBeLessThan(10);
  });

  it("[HT114] that fails before its first word has a status, and can be asked for again", async () => {
    const first = await ask("Please reply with one");
    await breakProvider("google", { fault: "server-error" });
    for (const stream of [false, true]) {
      const failed = await respond({ previous_response_id: first.id, stream });
      expect(failed.status).toBe(503);
      expect(Refusal.parse(await failed.json())).toMatchObject({
        error: { code: "all_providers_failed", message: expect.not.stringContaining("sandbox fault") },
        breakwater: { status: "failed" },
      });
    }
    await healSandbox();
    await act(admin, "google", "close", "for the test");
    expect((await ask("Please reply with two", first.id)).output_text).toBe("two");
  });

  it.each([
    ["rate-limit", 429, "rate_limit_exceeded"],
    ["bad-request", 400, "bad_request"],
  ])(
    "[HT375] whose provider says %s before the first word is %i, as a call that is not kept",
    async (fault, status, code) => {
      for (const stream of [false, true]) {
        const told = [];
        for (const store of [false, true]) {
          await act(admin, "google", "close", "for the test");
          await breakProvider("google", { fault, retryAfterSeconds: 20 });
          const answer = await respond({ store, stream });
          const { error } = Refusal.parse(await answer.json());
          told.push({ error, status: answer.status, retryAfter: answer.headers.get("retry-after") });
        }
        expect(told[1]).toMatchObject({ status, error: { code } });
        expect(told[1]).toEqual(told[0]);
        expect(told[1]?.retryAfter).toBe(fault === "rate-limit" ? "20" : null);
      }
    },
  );

  it("[HT375] [HT150] that fails for good is asked for once under a key, and makes one chat", async () => {
    await breakProvider("google", { fault: "bad-request" });
    const before = await countChats();
    const ofKey = { "idempotency-key": "fails-for-good" };
    const first = await respond({ store: true }, ofKey);
    const asked = (await readJournal("google")).length;
    const again = await respond({ store: true }, ofKey);
    expect([first.status, again.status]).toEqual([400, 400]);
    expect([first, again].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true"]);
    expect(await again.json()).toEqual(await first.json());
    expect((await readJournal("google")).length).toBe(asked);
    expect(await countChats()).toBe(before + 1);
  });

  it("[HT114] that breaks is an error, and ends its stream with response.failed", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const whole = await respond({ store: true, input: "[[words:60]]" });
    expect(whole.status).toBe(502);
    expect(Refusal.parse(await whole.json()).error.code).toBe("incomplete_answer");
    await act(admin, "google", "close", "for the test");
    const stream = await client.responses.create({
      model: GOOGLE,
      input: "[[words:60]]",
      store: true,
      stream: true,
    });
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).not.toContain("response.completed");
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        error: { code: "server_error", message: expect.stringMatching(/incomplete/) },
        breakwater: { status: "incomplete" },
      },
    });
  });

  it("[HT114] is written to its end in its chat when nobody reads it any more", async () => {
    const answer = await respond({ store: true, input: "[[words:200]]", stream: true });
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const read = () => readChat(answer.headers.get(SESSION) ?? "");
    const words = (texts: string[]): number => texts[1]?.split(/\s+/u).length ?? 0;
    expect(words(await waitUntil(read, (texts) => words(texts) === 200))).toBe(200);
    expect(await readJournal("google")).toMatchObject([{ outcome: "complete" }]);
  });
});

describe("refusals", () => {
  it("[HT111] a previous response that is not the caller's to go on with is one 404", async () => {
    const kept = await ask("Please reply with one");
    const unkept = await client.responses.create({ model: GOOGLE, input: "Please reply with one" });
    const stranger = await createVisitor();
    const bodies = new Set<string>();
    const tries: [Visitor, string][] = [
      [stranger, kept.id],
      [ada, unkept.id],
      [ada, `resp_${"0".repeat(52)}`],
      [ada, kept.id.slice(0, -1) + (kept.id.endsWith("0") ? "1" : "0")],
      [ada, "resp_nonsense"],
      [ada, ""],
    ];
    for (const [visitor, previous] of tries) {
      const answer = await respond({ previous_response_id: previous }, {}, visitor);
      expect(answer.status).toBe(404);
      const { error } = Refusal.parse(await answer.json());
      expect(error).toMatchObject({ param: "previous_response_id", code: "previous_response_not_found" });
      bodies.add(error.message.replace(previous, ""));
    }
    expect(bodies.size).toBe(1);
  });

  it("[HT111] nor is one whose chat was deleted", async () => {
    const answer = await respond({ store: true });
    const id = await readId(answer);
    await ada.call("DELETE", `/api/v1/sessions/${answer.headers.get(SESSION) ?? ""}`);
    expect((await respond({ previous_response_id: id })).status).toBe(404);
  });

  it.each([
    ["tool_choice", { tool_choice: "none" }],
    ["instructions", { instructions: "x".repeat(262_144) }],
    ["tools", { tools: [{ type: "function", name: "f", description: "x".repeat(262_144) }] }],
    ["store", { store: false, previous_response_id: "resp_1" }],
    ["input.0", { input: [{ role: "assistant", content: "Hello." }] }],
    [
      "input.1",
      {
        input: [
          { role: "user", content: "One" },
          { role: "system", content: "Two" },
        ],
      },
    ],
    ["input", { input: "   " }],
    ["input", { input: Array.from({ length: 1_001 }, () => ({ role: "user", content: "x" })) }],
    ["input", { input: "x".repeat(1_048_577) }],
  ])("[HT112] %s is refused by name, and no chat is made", async (param, more) => {
    const before = await countChats();
    const answer = await respond({ store: true, ...more });
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error.param).toBe(param);
    expect(error.message).toContain(param);
    expect(await countChats()).toBe(before);
    expect(await readJournal("google")).toEqual([]);
  });

  it.each(["x-breakwater-timeout-ms", "x-breakwater-trace", "x-breakwater-cache", "x-breakwater-policy"])(
    "[HT112] so is %s",
    async (header) => {
      const answer = await respond({ store: true }, { [header]: "1" });
      expect([answer.status, Refusal.parse(await answer.json()).error.param]).toEqual([400, header]);
    },
  );

  it("[HT42] [HT112] and an unknown class is 404 without a chat", async () => {
    const before = await countChats();
    expect((await respond({ store: true, model: "no-such-class" })).status).toBe(404);
    expect(await countChats()).toBe(before);
  });
});
