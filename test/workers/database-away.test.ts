/** Every route of the access table while D1 is away, through the Worker's own door. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_RULES, type AccessRule } from "../../src/auth/access.ts";
import worker from "../../src/worker.ts";
import { bindings } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, ORIGIN, type Chat, type Visitor } from "./sandbox-people.ts";

let isAway = false;
const asked = ["first", "all", "raw", "run"];

/** Of the two ways in which statements are carried out. */
const toAwayStatement = (statement: D1PreparedStatement): D1PreparedStatement =>
  new Proxy(statement, {
    get: (own, name) => {
      if (name === "bind") return (...values: unknown[]) => toAwayStatement(own.bind(...values));
      if (asked.includes(String(name)))
        return () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
      return undefined;
    },
  });

const DB = new Proxy(bindings.DB, {
  get: (own, name) => {
    if (name === "prepare")
      return (sql: string) => (isAway ? toAwayStatement(own.prepare(sql)) : own.prepare(sql));
    return (statements: D1PreparedStatement[]) =>
      isAway ? Promise.reject(new Error("D1_ERROR: D1 DB is overloaded.")) : own.batch(statements);
  },
});
const env = { ...bindings, DB };

let chat: Chat;
let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
  chat = await ada.createChat("Away");
  // The isolate knows the key from now on, as it does of any program that calls often.
  const { status } = await call("GET", "/api/v1/models", ada.credentials);
  if (status !== 200) throw new Error(`the key is not known: ${status}`);
});

async function call(
  method: string,
  path: string,
  credentials: Visitor["credentials"],
  body?: unknown,
): Promise<{ status: number; text: string; headers: Headers }> {
  const isUpgrade = path.endsWith("/socket") || path.endsWith("/live");
  const headers = {
    origin: ORIGIN,
    "content-type": path.includes("/attachments") ? "text/plain" : "application/json",
    ...(isUpgrade ? { upgrade: "websocket" } : {}),
    ...credentials,
  };
  const request = new Request<unknown, IncomingRequestCfProperties>(ORIGIN + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  const context = createExecutionContext();
  const answer = await worker.fetch(request, env, context);
  const text = answer.status === 101 ? "" : await answer.text();
  await waitOnExecutionContext(context);
  return { status: answer.status, text, headers: answer.headers };
}

const QUESTION = { model: "fast", messages: [{ role: "user", content: "Hello?" }] };
const PERSON = { email: "away@example.com", password: "a long enough password", name: "Away" };
const BODIES: Readonly<Record<string, unknown>> = {
  "POST /api/auth/sign-up/email": PERSON,
  "POST /api/auth/sign-in/email": PERSON,
  "POST /api/auth/sign-out": {},
  "POST /api/v1/keys": { name: "Away" },
  "POST /api/v1/sessions": {},
  "PATCH /api/v1/sessions/:sessionId": { title: "Away" },
  "POST /api/v1/sessions/:sessionId/attachments": "text",
  "POST /api/chat": {
    id: "away",
    trigger: "submit-message",
    messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "Hello?" }] }],
  },
  "POST /api/v1/admin/circuits/:provider/:action": { reason: "a test" },
  "PUT /api/v1/admin/circuits/:provider/policy": { reason: "a test", policy: { failureThreshold: 5 } },
  "PUT /api/v1/admin/sandbox/:provider": { fault: "none" },
  "POST /v1/chat/completions": QUESTION,
  "POST /v1/responses": { model: "fast", input: "Hello?" },
  "POST /v1/embeddings": { model: "openai/text-embedding-3-small", input: "Hello?" },
  "POST /v1/messages": { ...QUESTION, max_tokens: 50 },
  "POST /v1/messages/count_tokens": QUESTION,
};

const nameOf = ({ method, path }: AccessRule): string => `${method} ${path}`;
const pathOf = ({ path }: AccessRule): string =>
  path
    .replace(":sessionId", chat.id)
    .replace(":token", `${chat.id}.${"5".repeat(64)}`)
    .replace(":attachmentId", `file_${"0".repeat(26)}`)
    .replace(":selectionId", `sel_${"0".repeat(26)}`)
    .replace(":responseId", `resp_${"0".repeat(26)}`)
    .replace(":chatId", "away")
    .replace(":action", "reset")
    .replace(":provider", "openai")
    .replace(":model{.+}", "fast")
    .replace(":keyId", "key_1");

const Refusal = z.union([
  z.object({ code: z.literal("unavailable"), status: z.literal(503) }),
  z.object({ error: z.object({ type: z.enum(["server_error", "overloaded_error"]) }) }),
  z.object({
    ok: z.literal(false),
    checks: z.object({ database: z.object({ status: z.literal("failed") }) }),
  }),
]);

/** What each route says to them while D1 is away, by its status. */
async function knockEverywhere(credentials: Visitor["credentials"]): Promise<Record<number, string[]>> {
  const found: Record<number, string[]> = {};
  isAway = true;
  try {
    for (const rule of ACCESS_RULES) {
      const name = nameOf(rule);
      const { status, text, headers } = await call(rule.method, pathOf(rule), credentials, BODIES[name]);
      (found[status] ??= []).push(name);
      if (status < 500) continue;
      expect([name, Refusal.safeParse(JSON.parse(text)).success]).toEqual([name, true]);
      if (!/health|sign-out/.test(name)) expect([name, headers.get("retry-after")]).toEqual([name, "5"]);
    }
  } finally {
    isAway = false;
  }
  return found;
}

describe("while D1 is away", () => {
  it("[OP68] every route is 503 to who comes by cookie, but for those that need to know nobody", async () => {
    let found: Record<number, string[]> = {};
    const lines = await collectLog("internal_error", async () => {
      found = await knockEverywhere(admin.credentials);
    });
    expect(lines).toEqual([]);
    const { 503: away = [], ...others } = found;
    expect(others).toEqual({ 200: ["GET /openapi.json"] });
    expect(away).toHaveLength(ACCESS_RULES.length - 1);
  });

  it("[OP68] models answer a program whose key is known, and what needs D1 is 503", async () => {
    let found: Record<number, string[]> = {};
    const lines = await collectLog("internal_error", async () => {
      found = await knockEverywhere(ada.credentials);
    });
    expect(lines).toEqual([]);
    const { 200: answered = [], 403: forPeople = [], 404: unknown = [], 503: away = [], ...others } = found;
    expect(others).toEqual({});
    expect(answered).toEqual([
      "GET /openapi.json",
      // Nobody comes with a cookie to be signed out.
      "POST /api/auth/sign-out",
      "GET /api/v1/models",
      "GET /v1/models",
      "GET /v1/models/:model{.+}",
      "POST /v1/chat/completions",
      "POST /v1/responses",
      "POST /v1/embeddings",
      "POST /v1/messages",
      "POST /v1/messages/count_tokens",
    ]);
    expect([forPeople.length, unknown]).toEqual([10, ["GET /v1/responses/:responseId"]]);
    expect(away).toContain("POST /api/chat");
  });
});
