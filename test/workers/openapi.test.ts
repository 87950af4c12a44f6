/** What the Worker really answers, held against what `/openapi.json` says of it: every operation, every wire. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_RULES } from "../../src/auth/access.ts";
import type { AnswerDoc, OperationDoc, RefusalStatus } from "../../src/http/openapi/operation.ts";
import { OPERATIONS } from "../../src/http/openapi/operations.ts";
import { REFUSAL_KINDS } from "../../src/http/openapi/refusal-kinds.ts";
import { toRefusalStatuses } from "../../src/http/openapi/refusals.ts";
import { toApiWire } from "../../src/http/api-wire.ts";
import { CreatedApiKey } from "../../src/protocol/account.ts";
import { SelectionList } from "../../src/protocol/selection.ts";
import { SessionAttachment, SessionShare } from "../../src/protocol/session-api.ts";
import { breakProvider, healSandbox, waitUntil } from "./sandbox-control.ts";
import { PNG } from "../fixtures/tiny-files.ts";
import { createAdmin, createVisitor, ORIGIN, Visitor, type Chat } from "./sandbox-people.ts";

/** Headers that the document has to name; the others are the platform's and the security's. */
const NAMED_HEADER =
  /^(?:x-breakwater-|x-ratelimit-|anthropic-|idempotent-|request-id$|retry-after$|x-vercel)/;

const held = new Set<string>();
let ada: Visitor;
let admin: Visitor;
let chat: Chat;

function operationOf(id: string): OperationDoc {
  const operation = OPERATIONS.find((known) => known.id === id);
  if (operation === undefined) throw new Error(`there is no operation ${id}`);
  return operation;
}

function checkHeaders(id: string, answer: Response, { headers = [] }: AnswerDoc): void {
  const names = [...answer.headers.keys()].filter((name) => NAMED_HEADER.test(name));
  expect([id, names.filter((name) => !headers.some((known) => known === name))]).toEqual([id, []]);
}

/** The JSON that a body has: one value, or one for each event of a stream. */
async function readValues(answer: Response, type: string): Promise<unknown[]> {
  const text = await answer.text();
  if (type !== "text/event-stream") return [JSON.parse(text) as unknown];
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: ") && line !== "data: [DONE]")
    .map((line): unknown => JSON.parse(line.slice("data: ".length)));
}

/** An answer is one that the document has: status, type, headers, and every field. */
async function hold(id: string, answer: Response): Promise<unknown[]> {
  const doc = operationOf(id).answers[answer.status];
  if (doc === undefined) throw new Error(`${id}: ${answer.status} ${await answer.text()}`);
  held.add(id);
  checkHeaders(id, answer, doc);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (doc.content === undefined) {
    expect([id, await answer.text()]).toEqual([id, ""]);
    return [];
  }
  const media = doc.content[type];
  if (media === undefined)
    throw new Error(`${id}: ${type} is not among ${Object.keys(doc.content).join(", ")}`);
  if (media.shape === undefined) {
    await answer.body?.cancel();
    return [];
  }
  const values = await readValues(answer, type);
  expect(values.length).toBeGreaterThan(0);
  for (const value of values) {
    const parsed = media.shape.safeParse(value);
    // Equal: a field that the shape does not name would be missing in what was parsed.
    expect([id, parsed.error?.issues, parsed.data]).toEqual([id, undefined, value]);
  }
  return values;
}

beforeAll(async () => {
  await healSandbox();
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
  chat = await ada.createChat("Tides");
});
afterAll(healSandbox);

const MESSAGES = [{ role: "user", content: "Please reply with fine weather" }];
const LOOK = { role: "user", content: '[[tool:look {"at":1}]]' };
const OPENAI = "openai/gpt-6-luna";
const ANTHROPIC = "anthropic/claude-haiku-4-5";
const TOOL = { name: "look", parameters: { type: "object" } };

describe("model calls", () => {
  for (const model of [OPENAI, ANTHROPIC, "balanced"]) {
    for (const stream of [false, true]) {
      const how = `${model}, ${stream ? "as a stream" : "whole"}`;
      const headers = { "x-breakwater-trace": "1", "x-breakwater-cache": "refresh=60" };

      it(`[HT166] a chat completion is what the document says, ${how}`, async () => {
        const body = { model, stream, messages: MESSAGES };
        const usage = stream ? { stream_options: { include_usage: true } } : {};
        await hold(
          "createChatCompletion",
          await ada.call("POST", "/v1/chat/completions", { ...body, ...usage }, headers),
        );
        const tools = [{ type: "function", function: TOOL }];
        const called = { ...body, messages: [LOOK], tools };
        await hold("createChatCompletion", await ada.call("POST", "/v1/chat/completions", called));
        expect([...held]).toEqual(expect.arrayContaining(["createChatCompletion"]));
      });

      it(`[HT166] a response is what the document says, ${how}`, async () => {
        const body = {
          model,
          stream,
          input: "Please reply with fine weather",
          user: "u",
          metadata: { a: "b" },
        };
        await hold("createResponse", await ada.call("POST", "/v1/responses", body, headers));
        const tools = [{ type: "function", ...TOOL }];
        const called = { ...body, input: LOOK.content, tools, reasoning: { effort: "low" } };
        await hold("createResponse", await ada.call("POST", "/v1/responses", called));
        expect([...held]).toEqual(expect.arrayContaining(["createResponse"]));
      });

      it(`[HT166] a message is what the document says, ${how}`, async () => {
        const body = { model, stream, max_tokens: 2_000, messages: MESSAGES };
        await hold("createMessage", await ada.call("POST", "/v1/messages", body, headers));
        const tools = [{ name: "look", input_schema: { type: "object" } }];
        const called = { ...body, messages: [LOOK], tools, thinking: { type: "adaptive" } };
        await hold("createMessage", await ada.call("POST", "/v1/messages", called));
        expect([...held]).toEqual(expect.arrayContaining(["createMessage"]));
      });
    }
  }

  it("[HT166] [HT193] a kept response is what the document says, given and read again", async () => {
    const model = "google/gemini-3.5-flash-lite";
    const tools = [{ type: "function", ...TOOL }];
    const body = { model, input: LOOK.content, instructions: "Be brief.", tools, store: true };
    const values = await hold("createResponse", await ada.call("POST", "/v1/responses", body));
    const { id } = z.looseObject({ id: z.string() }).parse(values.at(-1));
    const again = await hold("readResponse", await ada.call("GET", `/v1/responses/${id}`));
    expect(again.at(-1)).toMatchObject({ id, instructions: "Be brief.", store: true });
  });

  it("[HT166] counts, vectors and models are what the document says", async () => {
    const count = { model: "balanced", messages: MESSAGES };
    await hold("countTokens", await ada.call("POST", "/v1/messages/count_tokens", count));
    for (const format of ["float", "base64"]) {
      const body = { model: "openai/text-embedding-3-small", input: "the sea", encoding_format: format };
      await hold("createEmbeddings", await ada.call("POST", "/v1/embeddings", body));
    }
    await hold("listModels", await ada.call("GET", "/v1/models"));
    await hold("readModel", await ada.call("GET", "/v1/models/balanced"));
    await hold("readModel", await ada.call("GET", `/v1/models/${OPENAI}`));
    expect([...held]).toEqual(
      expect.arrayContaining(["countTokens", "createEmbeddings", "listModels", "readModel"]),
    );
  });

  it("[HT166] kept answers and repeats are what the document says", async () => {
    const body = { model: OPENAI, messages: [{ role: "user", content: "Please reply with kept" }] };
    const headers = { "x-breakwater-cache": "60" };
    const ask = () => ada.call("POST", "/v1/chat/completions", body, headers);
    await hold("createChatCompletion", await ask());
    await waitUntil(ask, (answer) => answer.headers.get("x-breakwater-cache") === "hit");
    await hold("createChatCompletion", await ask());
    const repeated = { "idempotency-key": "held-against-the-document" };
    for (let count = 0; count < 2; count += 1) {
      await hold("createChatCompletion", await ada.call("POST", "/v1/chat/completions", body, repeated));
    }
    expect([...held]).toEqual(expect.arrayContaining(["createChatCompletion"]));
  });

  it("[HT166] a stream that breaks ends in an event that the document has", async () => {
    const long = "Go on [[words:80]]";
    const messages = [{ role: "user", content: long }];
    // A provider for each: three breaks in a row open its circuit.
    const asked = [
      ["openai", OPENAI, "createChatCompletion", "/v1/chat/completions", { messages }],
      ["google", "google/gemini-3.5-flash-lite", "createResponse", "/v1/responses", { input: long }],
      ["anthropic", ANTHROPIC, "createMessage", "/v1/messages", { messages, max_tokens: 500 }],
    ] as const;
    for (const [provider, model, id, path, body] of asked) {
      await breakProvider(provider, { fault: "cut" });
      const values = await hold(id, await ada.call("POST", path, { model, stream: true, ...body }));
      expect(JSON.stringify(values.at(-1))).toContain("incomplete");
    }
    await healSandbox();
  });
});

describe("chats", () => {
  it("[HT166] chats and their messages are what the document says", async () => {
    const body = {
      id: "held-against-the-document",
      model: OPENAI,
      messages: [
        { id: "q1", role: "user", parts: [{ type: "text", text: "Please reply with fine weather" }] },
      ],
    };
    await hold("askChat", await ada.call("POST", "/api/chat", body));
    await hold("resumeChat", await ada.call("GET", `/api/chat/${body.id}/stream`));
    await hold("stopChat", await ada.call("POST", `/api/chat/${body.id}/stop`));
    await hold("askChat", await ada.call("POST", "/api/chat", { ...body, id: chat.id }));
    await hold("listSessions", await ada.call("GET", "/api/v1/sessions"));
    await hold("createSession", await ada.call("POST", "/api/v1/sessions", {}));
    await hold("readSession", await ada.call("GET", chat.path));
    await hold("renameSession", await ada.call("PATCH", chat.path, { title: "Ebb" }));
    await hold("listMessages", await ada.call("GET", `${chat.path}/messages`));
    await hold("searchMessages", await ada.call("GET", `${chat.path}/search?query=weather`));
    await hold("stopSession", await ada.call("POST", `${chat.path}/stop`));
    await hold("createTicket", await ada.call("POST", `${chat.path}/ticket`));
    const other = await ada.createChat();
    await hold("deleteSession", await ada.call("DELETE", other.path));
    expect([...held]).toEqual(
      expect.arrayContaining([
        "askChat",
        "resumeChat",
        "stopChat",
        "listSessions",
        "createSession",
        "readSession",
        "renameSession",
        "listMessages",
        "searchMessages",
        "stopSession",
        "createTicket",
        "deleteSession",
      ]),
    );
  });

  it("[HT166] files and links are what the document says", async () => {
    await hold("exportSession", await ada.call("GET", `${chat.path}/export`));
    await hold("exportSession", await ada.call("GET", `${chat.path}/export?format=markdown`));
    const headers = { ...ada.credentials, "content-type": "image/png" };
    const sent = new Request(`${ORIGIN}${chat.path}/attachments?name=a.png`, {
      method: "POST",
      headers,
      body: PNG,
    });
    const [file] = await hold("attachFile", await ada.fetch(sent));
    await hold("readAttachment", await ada.call("GET", SessionAttachment.parse(file).url));
    await hold("readShare", await ada.call("GET", `${chat.path}/share`));
    const [share] = await hold("createShare", await ada.call("POST", `${chat.path}/share`));
    const path = `/api/v1/shared/${SessionShare.parse(share).token}`;
    await hold("readShared", await new Visitor({}).call("GET", path));
    await hold("revokeShare", await ada.call("DELETE", `${chat.path}/share`));
    expect([...held]).toEqual(
      expect.arrayContaining([
        "exportSession",
        "attachFile",
        "readAttachment",
        "readShare",
        "createShare",
        "readShared",
        "revokeShare",
      ]),
    );
  });
});

describe("the rest", () => {
  it("[HT166] insight, account and service are what the document says", async () => {
    await hold("readModelCatalog", await ada.call("GET", "/api/v1/models"));
    const read = async () => SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json());
    const { selections } = await waitUntil(read, (list) => list.selections.length > 0);
    await hold("listSelections", await ada.call("GET", "/api/v1/selections"));
    await hold("readSelection", await ada.call("GET", `/api/v1/selections/${selections[0]?.id ?? ""}`));
    await hold("readProviderAnalytics", await ada.call("GET", "/api/v1/analytics/providers"));
    await hold("readIntentAnalytics", await ada.call("GET", "/api/v1/analytics/intents"));
    await hold("readMe", await admin.call("GET", "/api/v1/me"));
    await hold("listKeys", await admin.call("GET", "/api/v1/keys"));
    const [key] = await hold("createKey", await admin.call("POST", "/api/v1/keys", { name: "held" }));
    await hold("revokeKey", await admin.call("DELETE", `/api/v1/keys/${CreatedApiKey.parse(key).id}`));
    await hold("readHealth", await ada.call("GET", "/health"));
    await hold("readRouterHealth", await ada.call("GET", "/v1/router/health"));
    await hold("readOpenApi", await ada.call("GET", "/openapi.json"));
    expect([...held]).toEqual(
      expect.arrayContaining([
        "readModelCatalog",
        "listSelections",
        "readSelection",
        "readProviderAnalytics",
        "readIntentAnalytics",
        "readMe",
        "listKeys",
        "createKey",
        "revokeKey",
        "readHealth",
        "readRouterHealth",
        "readOpenApi",
      ]),
    );
  });

  it("[HT166] the console is what the document says", async () => {
    await hold("listCircuits", await admin.call("GET", "/api/v1/admin/circuits"));
    const path = "/api/v1/admin/circuits/google";
    const reason = "held against the document";
    await hold("actOnCircuit", await admin.call("POST", `${path}/close`, { reason }));
    const policy = { reason, policy: { failureThreshold: 4 } };
    await hold("changeCircuitPolicy", await admin.call("PUT", `${path}/policy`, policy));
    await hold("actOnCircuit", await admin.call("POST", `${path}/auto`, { reason }));
    await hold("readSandbox", await admin.call("GET", "/api/v1/admin/sandbox"));
    await hold("breakStandIn", await admin.call("PUT", "/api/v1/admin/sandbox/google", { fault: "none" }));
    expect([...held]).toEqual(
      expect.arrayContaining([
        "listCircuits",
        "actOnCircuit",
        "changeCircuitPolicy",
        "readSandbox",
        "breakStandIn",
      ]),
    );
  });

  it("[HT166] sockets open where the document says", async () => {
    for (const [id, path, who] of [
      ["openSocket", `${chat.path}/socket`, ada],
      ["openConsoleSocket", "/api/v1/admin/live", admin],
    ] as const) {
      const answer = await who.upgrade(path);
      expect([id, answer.status]).toEqual([id, 101]);
      expect(operationOf(id).answers[101]).toBeDefined();
      answer.webSocket?.accept();
      answer.webSocket?.close();
      held.add(id);
    }
  });

  it("[HT166] and no operation was left out", () => {
    expect(OPERATIONS.map(({ id }) => id).filter((id) => !held.has(id))).toEqual([]);
  });
});

describe("refusals", () => {
  const stranger = new Visitor({});
  const big = "x".repeat(9 * 1_048_576);
  /** A refusal of each kind that can be had without breaking anything, at an address of each wire. */
  const ASKED: readonly [id: string, status: RefusalStatus, ask: () => Promise<Response>][] = [
    ["createChatCompletion", 401, () => stranger.call("POST", "/v1/chat/completions", {})],
    ["createMessage", 401, () => stranger.call("POST", "/v1/messages", {})],
    ["listSessions", 401, () => stranger.call("GET", "/api/v1/sessions")],
    ["createChatCompletion", 400, () => ada.call("POST", "/v1/chat/completions", { a: 1 })],
    ["createResponse", 400, () => ada.call("POST", "/v1/responses", { a: 1 })],
    ["createMessage", 400, () => ada.call("POST", "/v1/messages", { a: 1 })],
    ["createEmbeddings", 400, () => ada.call("POST", "/v1/embeddings", { a: 1 })],
    ["createSession", 400, () => ada.call("POST", "/api/v1/sessions", { a: 1 })],
    ["listSessions", 400, () => ada.call("GET", "/api/v1/sessions?limit=0")],
    ["createKey", 403, () => ada.call("POST", "/api/v1/keys", { name: "a" })],
    ["listCircuits", 403, () => ada.call("GET", "/api/v1/admin/circuits")],
    [
      "createChatCompletion",
      404,
      () => ada.call("POST", "/v1/chat/completions", { model: "no-such", messages: MESSAGES }),
    ],
    [
      "createMessage",
      404,
      () => ada.call("POST", "/v1/messages", { model: "no-such", max_tokens: 1, messages: MESSAGES }),
    ],
    ["readModel", 404, () => ada.call("GET", "/v1/models/no-such")],
    ["readSession", 404, () => ada.call("GET", "/api/v1/sessions/chat_none")],
    ["createChatCompletion", 413, () => ada.call("POST", "/v1/chat/completions", { user: big })],
    ["createMessage", 413, () => ada.call("POST", "/v1/messages", { system: big })],
    ["createSession", 413, () => ada.call("POST", "/api/v1/sessions", { title: big })],
    [
      "createChatCompletion",
      415,
      () => ada.call("POST", "/v1/chat/completions", {}, { "content-type": "text/plain" }),
    ],
    ["createMessage", 415, () => ada.call("POST", "/v1/messages", {}, { "content-type": "text/plain" })],
    ["createSession", 415, () => ada.call("POST", "/api/v1/sessions", {}, { "content-type": "text/plain" })],
    ["openSocket", 426, () => ada.call("GET", `${chat.path}/socket`)],
  ];

  it.each(ASKED)("[HT166] %s is refused with %i as the document says", async (id, status, ask) => {
    const operation = operationOf(id);
    const rule = ACCESS_RULES.find(
      ({ method, path }) => method === operation.method && path === operation.path,
    );
    expect(toRefusalStatuses(operation, rule?.access ?? "public")).toContain(status);
    const answer = await ask();
    expect(answer.status).toBe(status);
    const kind = REFUSAL_KINDS[status];
    switch (toApiWire(operation.path)) {
      case "own":
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(await answer.json()).toMatchObject({ code: kind.code, title: kind.title, status });
        return;
      case "openai":
        expect(await answer.json()).toMatchObject({ error: kind.openai });
        return;
      case "anthropic":
        expect(await answer.json()).toMatchObject({ type: "error", error: { type: kind.anthropic } });
    }
  });
});
