/** `/v1/messages` in workerd, by its wire: what it refuses, and what its answers carry. Answers come from the sandbox. */
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { SelectionList } from "../../src/protocol/selection.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, Visitor } from "./sandbox-people.ts";

const PATH = "/v1/messages";
const OPENAI = "openai/gpt-6-luna";
const user = (content: unknown) => ({ role: "user", content });
const TOOL = { name: "look", input_schema: { type: "object" } };

const Breakwater = z.looseObject({ status: z.string(), selectionId: z.string() });
const Refusal = z.object({
  type: z.literal("error"),
  error: z.strictObject({ type: z.string(), message: z.string() }),
  request_id: z.string(),
  breakwater: Breakwater.optional(),
});
const Message = z.looseObject({
  type: z.literal("message"),
  model: z.string(),
  content: z.array(z.looseObject({ type: z.string() })),
  breakwater: Breakwater,
});

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "google", "anthropic"]);
});

const ask = (content: unknown, more: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  ada.call("POST", PATH, { model: OPENAI, max_tokens: 500, messages: [user(content)], ...more }, headers);

describe("an answer", () => {
  it("[HT86] [HT91] is a message with who gave it, in body and headers, and leaves a selection", async () => {
    const answer = await ask("Please reply with fine weather");
    expect(answer.status).toBe(200);
    const message = Message.parse(await answer.json());
    expect(message).toMatchObject({
      model: OPENAI,
      content: [{ type: "text", text: "fine weather" }],
      breakwater: { status: "complete", attempts: 1, legs: [{ provider: "openai" }] },
    });
    expect(answer.headers.get("x-breakwater-provider")).toBe("openai");
    expect(answer.headers.get("request-id")).toBe(answer.headers.get("x-request-id"));
    const { selectionId } = message.breakwater;
    const read = async () =>
      SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json()).selections;
    const list = await waitUntil(read, (found) => found.some(({ id }) => id === selectionId));
    expect(list.find(({ id }) => id === selectionId)).toMatchObject({ mode: "pinned", status: "complete" });
    const stranger = await createVisitor();
    expect((await stranger.call("GET", `/api/v1/selections/${selectionId}`)).status).toBe(404);
  });

  it("[HT85] a dated name, as clients pin it, is asked of Anthropic, at the price of its model", async () => {
    const answer = await ask("Please reply with one", { model: "claude-haiku-4-5-20251001" });
    const { model, breakwater } = Message.parse(await answer.json());
    expect(model).toBe("anthropic/claude-haiku-4-5-20251001");
    expect(breakwater["status"]).toBe("complete");
    expect(breakwater["costMicroUsd"]).toBeGreaterThan(0);
  });

  it("[HT85] `models` is tried in order, under the policy that the body names", async () => {
    await breakProvider("openai", { fault: "bad-request" });
    const answer = await ask(
      "Please reply with one",
      { model: undefined, models: [OPENAI, "claude-haiku-4-5"], policy: "cost" },
      { "x-breakwater-trace": "1" },
    );
    const { model, breakwater } = Message.parse(await answer.json());
    expect(model).toBe("anthropic/claude-haiku-4-5");
    expect(breakwater).toMatchObject({ attempts: 2, trace: { decision: { policy: "cost" } } });
  });

  it("[HT85] top_k that OpenAI has no place for is a failure there, and the next candidate's", async () => {
    const pinned = await ask("Please reply with one", { top_k: 5 });
    expect(pinned.status).toBe(400);
    const passed = await ask("Please reply with one", {
      top_k: 5,
      model: undefined,
      models: [OPENAI, "claude-haiku-4-5"],
    });
    expect(Message.parse(await passed.json()).model).toBe("anthropic/claude-haiku-4-5");
    expect(await readJournal("openai")).toEqual([]);
  });
});

describe("a stream", () => {
  it("[HT87] [HT91] is named events, as the wire has them, with who answers in the headers", async () => {
    const answer = await ask("Please reply with one", { stream: true });
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(answer.headers.get("x-breakwater-model")).toBe("gpt-6-luna");
    const events = (await answer.text()).trimEnd().split("\n\n");
    expect(events.every((event) => /^event: \w+\ndata: \{/.test(event))).toBe(true);
    const [first = "", ...rest] = events;
    expect(first).toMatch(/^event: message_start\n/);
    expect(rest.at(-2)).toMatch(/^event: message_delta\n.*"breakwater":\{"status":"complete"/);
    expect(rest.at(-1)).toBe('event: message_stop\ndata: {"type":"message_stop"}');
  });

  it("[HT95] whose reader goes away is on record as cancelled", async () => {
    await breakProvider("openai", { fault: "stall", afterChunks: 3 });
    const answer = await ask("[[words:60]]", { stream: true });
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const read = async () =>
      SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json()).selections;
    const requestId = answer.headers.get("request-id");
    const list = await waitUntil(read, (found) => found.some((record) => record.requestId === requestId));
    expect(list.find((record) => record.requestId === requestId)?.status).toBe("cancelled");
    const [entry] = await waitUntil(
      () => readJournal("openai"),
      ([call]) => call?.outcome === "client-closed",
    );
    expect(entry?.model).toBe("gpt-6-luna");
  });
});

describe("refusals", () => {
  it.each([
    ["rate-limit", 429, "rate_limit_error"],
    ["bad-request", 400, "invalid_request_error"],
    ["unauthorized", 503, "overloaded_error"],
    ["server-error", 503, "overloaded_error"],
  ])(
    "[HT88] %s before the first word is %i, stream or not, in words of ours",
    async (fault, status, type) => {
      for (const stream of [false, true]) {
        await act(admin, "openai", "close", "for the test");
        await breakProvider("openai", { fault, retryAfterSeconds: 20 });
        const answer = await ask("Hello?", { stream });
        expect(answer.status).toBe(status);
        const refusal = Refusal.parse(await answer.json());
        expect(refusal.error.type).toBe(type);
        expect(refusal.error.message).not.toContain("sandbox fault");
        expect(refusal.request_id).toBe(answer.headers.get("request-id"));
        expect(refusal.breakwater).toMatchObject({ status: "failed", legs: [] });
        expect(answer.headers.get("retry-after")).toBe(fault === "rate-limit" ? "20" : null);
      }
    },
  );

  it.each([
    ["no-such-class", "no-such-class"],
    ["nobody/gpt-6", "nobody"],
    ["openai/no-such-model", "does not know this model"],
  ])("[HT85] the model %s is 404", async (model, word) => {
    const answer = await ask("Hello?", { model });
    expect(answer.status).toBe(404);
    const { error } = Refusal.parse(await answer.json());
    expect(error.type).toBe("not_found_error");
    expect(error.message).toContain(word);
  });

  it.each<[string, object]>([
    ["max_tokens", { max_tokens: undefined }],
    ["service_tier", { service_tier: "priority" }],
    ["context_management", { context_management: {} }],
    ["temperature", { temperature: 1.5 }],
    ["stop_sequences", { stop_sequences: ["a", "b", "c", "d", "e"] }],
    ["thinking.type", { thinking: { type: "between_tools" } }],
    ["thinking.budget_tokens", { thinking: { type: "enabled", budget_tokens: 5 } }],
    ["output_config.effort", { output_config: { effort: "most" } }],
    ["metadata.session", { metadata: { session: "x" } }],
    ["tools.0.type", { tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 3 }] }],
    ["tools.0.name", { tools: [{ ...TOOL, name: "no spaces" }] }],
    ["tools.0.defer_loading", { tools: [{ ...TOOL, defer_loading: true }] }],
    ["messages", { messages: [] }],
    ["messages.0.role", { messages: [{ role: "system", content: "Be brief." }] }],
    ["messages.0.content", { messages: [user("")] }],
    ["messages.0.content.0.type", { messages: [user([{ type: "document", source: {} }])] }],
    [
      "messages.0.content.0.source.url",
      { messages: [user([{ type: "image", source: { type: "url", url: "http://a/b.png" } }])] },
    ],
    [
      "messages.0.content.0.source.data",
      {
        messages: [
          user([{ type: "image", source: { type: "base64", media_type: "image/png", data: "not base64" } }]),
        ],
      },
    ],
    [
      "messages.0.content.0.content.0.type",
      {
        messages: [user([{ type: "tool_result", tool_use_id: "t1", content: [{ type: "search_result" }] }])],
      },
    ],
    ["messages.0.content.0.tool_use_id", { messages: [user([{ type: "tool_result", tool_use_id: "t1" }])] }],
    [
      "system.0.cache_control.ttl",
      { system: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "2h" } }] },
    ],
  ])("[HT81] [HT82] %s is refused by name, and nobody is called", async (name, more) => {
    const answer = await ask("Hello?", more);
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error.type).toBe("invalid_request_error");
    expect(error.message.split(": ")[0]).toBe(name);
    expect(await readJournal("openai")).toEqual([]);
  });

  it("[HT81] counting refuses what it would not count", async () => {
    const body = { model: OPENAI, messages: [user("Hi")], max_tokens: 5 };
    const answer = await ada.call("POST", `${PATH}/count_tokens`, body);
    expect(answer.status).toBe(400);
    expect(Refusal.parse(await answer.json()).error.message).toMatch(/^max_tokens: /);
  });

  it("[HT94] without a key, with a wrong one, without JSON and with another type there is Anthropic's error", async () => {
    const body = { model: OPENAI, max_tokens: 5, messages: [user("Hi")] };
    for (const visitor of [new Visitor({}), new Visitor({ "x-api-key": "bw_wrong" })]) {
      const answer = await visitor.call("POST", PATH, body);
      expect(answer.status).toBe(401);
      expect(Refusal.parse(await answer.json()).error.type).toBe("authentication_error");
    }
    for (const [type, text, status] of [
      ["application/json", "{", 400],
      ["text/plain", "{}", 415],
    ] as const) {
      const headers = { ...ada.credentials, "content-type": type };
      const broken = await exports.default.fetch(
        new Request(ORIGIN + PATH, { method: "POST", headers, body: text }),
      );
      expect(broken.status).toBe(status);
      expect(Refusal.parse(await broken.json()).error.type).toBe("invalid_request_error");
    }
  });

  it("[HT81] a header that is wrong is named", async () => {
    const answer = await ask("Hi", {}, { "x-breakwater-policy": "luckiest" });
    expect(answer.status).toBe(400);
    expect(Refusal.parse(await answer.json()).error.message).toMatch(/^x-breakwater-policy: /);
  });
});
