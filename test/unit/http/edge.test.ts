/** What every request meets: ids, headers, the log, origins, limits, shapes, refusals. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { createApp } from "../../../src/http/app.ts";
import { MAX_MODEL_CALL_BYTES } from "../../../src/http/body.ts";
import { MAX_JSON_BYTES } from "../../../src/http/body.ts";
import {
  HASHED_FILES_CACHE,
  HASHED_FILES_PREFIX,
  SECURITY_HEADERS,
  STRICT_TRANSPORT_SECURITY,
} from "../../../src/http/security-headers.ts";
import { Problem } from "../../../src/protocol/problem.ts";
import { createFakeWorld, LISTED_ORIGIN, NOW_MS, OWN_ORIGIN } from "./fake-services.ts";
import type { FakeOptions } from "./fake-services.ts";

function start(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const app = createApp(world.services);
  const call = async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.request(new Request(`${OWN_ORIGIN}${path}`, init));
  return { ...world, app, call };
}

const asAlice = { cookie: "who=alice", origin: OWN_ORIGIN };
const asJson = { ...asAlice, "content-type": "application/json" };

describe("ids, headers and the log", () => {
  it("[HT1] takes over a harmless request id and replaces every other", async () => {
    const { call } = start();
    const given = await call("/health", { headers: { "x-request-id": "abc.DEF_1-2" } });
    expect(given.headers.get("x-request-id")).toBe("abc.DEF_1-2");
    for (const bad of ["a b", "x".repeat(65), "a=b", "<script>"]) {
      const answer = await call("/health", { headers: { "x-request-id": bad } });
      expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-z]{26}$/);
    }
  });

  it("[HT2] puts the security headers on pages, answers and refusals alike", async () => {
    const { call, app } = start();
    for (const path of ["/", "/health", "/api/v1/me", "/v1/nothing", "/nowhere"]) {
      const answer = await call(path);
      for (const [name, value] of Object.entries(SECURITY_HEADERS))
        expect(answer.headers.get(name)).toBe(value);
      expect(answer.headers.has("strict-transport-security")).toBe(false);
    }
    const secure = await app.request("https://breakwater.example/health");
    expect(secure.headers.get("strict-transport-security")).toBe(STRICT_TRANSPORT_SECURITY);
  });

  it("[HT3] writes one line for each request, without the query", async () => {
    const { call, linesOf } = start();
    await call("/api/v1/sessions?cursor=secret-ticket", { headers: { ...asAlice, "x-request-id": "r1" } });
    expect(linesOf("request_completed")).toEqual([
      {
        request_id: "r1",
        method: "GET",
        path: "/api/v1/sessions",
        status: 200,
        duration_ms: 0,
        user_id: "user_alice",
        org_id: "org_a",
      },
    ]);
  });

  it("[HT4] lets nobody store what the API answers", async () => {
    const { call } = start();
    for (const path of ["/health", "/api/v1/me", "/v1/models"]) {
      expect((await call(path, { headers: asAlice })).headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("origins", () => {
  it("[HT5] opens the API to pages of listed origins only", async () => {
    const { call } = start();
    const listed = await call("/health", { headers: { origin: LISTED_ORIGIN } });
    expect(listed.headers.get("access-control-allow-origin")).toBe(LISTED_ORIGIN);
    expect(listed.headers.get("vary")).toContain("Origin");
    for (const origin of ["https://evil.example", `${LISTED_ORIGIN}.evil.example`, "null"]) {
      const answer = await call("/health", { headers: { origin } });
      expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    }
    const preflight = await call("/api/v1/sessions", {
      method: "OPTIONS",
      headers: { origin: LISTED_ORIGIN, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
  });

  it("[HT5] refuses to start with a wildcard", () => {
    const { services } = createFakeWorld({ overrides: { allowedOrigins: ["*"] } });
    expect(() => createApp(services)).toThrow(/wildcard/);
  });
});

describe("bodies", () => {
  const post = (body: RequestInit["body"], headers: Record<string, string> = asJson): RequestInit => ({
    method: "POST",
    body: body ?? null,
    headers,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  const tooMuch = "x".repeat(MAX_JSON_BYTES + 1);

  it("[HT6] stops reading a body that is too large, whatever its length header says", async () => {
    const { call, linesOf, asked } = start();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
    });
    for (const init of [post(tooMuch), post(tooMuch, { ...asJson, "content-length": "5" }), post(endless)]) {
      const answer = await call("/api/v1/sessions", init);
      expect(answer.status).toBe(413);
      expect(Problem.parse(await answer.json()).code).toBe("too-large");
    }
    expect(linesOf("request_too_large")).toHaveLength(3);
    expect(asked).toEqual([]);
  });

  it("[HT6] bounds sign-in bodies and model calls as well", async () => {
    const { call, asked } = start();
    expect((await call("/api/auth/sign-in/email", post(tooMuch))).status).toBe(413);
    expect(asked).toEqual([]);
    const large = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(MAX_MODEL_CALL_BYTES / 4)),
    });
    const answer = await call("/v1/chat/completions", post(large));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: "request_too_large" } });
  });

  it("[AU50] puts refusals of a sign-in into problem details that better-auth's clients read", async () => {
    const refuse = (status: number, body: object, headers = {}) =>
      start({
        overrides: { handleAuth: () => Promise.resolve(Response.json(body, { status, headers })) },
      }).call("/api/auth/sign-in/email", post("{}", { ...asJson, "x-request-id": "r50" }));
    const wrong = await refuse(401, { message: "Invalid email", code: "INVALID_EMAIL" });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("content-type")).toBe("application/problem+json");
    expect(await wrong.json()).toEqual({
      type: "urn:breakwater:problem:invalid-email",
      title: "Refused",
      status: 401,
      detail: "Invalid email",
      message: "Invalid email",
      code: "INVALID_EMAIL",
      requestId: "r50",
      timestamp: new Date(NOW_MS).toISOString(),
    });
    const often = await refuse(429, { message: "Too many requests." }, { "x-retry-after": "7" });
    expect(often.headers.get("retry-after")).toBe("7");
    expect(await often.json()).toMatchObject({ code: "RATE_LIMITED", detail: "Too many requests." });
    expect(await (await refuse(200, { ok: true })).json()).toEqual({ ok: true });
  });

  it("[HT349] say how much they may have, and model calls what to send less of", async () => {
    const { call } = start();
    const messageOf = async (path: string, bytes: number): Promise<string> =>
      await (await call(path, post("x".repeat(bytes + 1)))).text();
    expect(await messageOf("/api/v1/sessions", MAX_JSON_BYTES)).toContain("at most 1 MiB.");
    expect(await messageOf("/api/auth/sign-in/email", 16_384)).toContain("at most 16 KiB.");
    for (const path of ["/v1/chat/completions", "/v1/messages"]) {
      expect(await messageOf(path, MAX_MODEL_CALL_BYTES)).toMatch(/at most 8 MiB\..*fewer or smaller images/);
    }
  });

  it("[HT7] takes JSON only", async () => {
    const { call, asked } = start();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      const answer = await call("/api/v1/keys", post('{"name":"a"}', { ...asAlice, "content-type": type }));
      expect(answer.status).toBe(415);
    }
    const form = await call("/api/auth/sign-in/email", post("email=a", { "content-type": "text/plain" }));
    expect(form.status).toBe(415);
    expect(asked).toEqual([]);
    const charset = { ...asAlice, "content-type": "application/json; charset=utf-8" };
    expect((await call("/api/v1/keys", post('{"name":"a"}', charset))).status).toBe(201);
  });

  it("[HT7] unpacks nothing, and says so", async () => {
    const { call, asked } = start();
    const json = { ...asAlice, "content-type": "application/json" };
    const gzip = { ...json, "content-encoding": "gzip" };
    const answer = await call("/api/v1/keys", post('{"name":"a"}', gzip));
    expect(answer.status).toBe(415);
    expect(await answer.text()).toContain("content-encoding: gzip");
    expect(asked).toEqual([]);
    const asItIs = { ...json, "content-encoding": "identity" };
    expect((await call("/api/v1/keys", post('{"name":"a"}', asItIs))).status).toBe(201);
  });

  it("[HT8] names the place of each mistake and changes nothing", async () => {
    const { call, asked } = start();
    for (const body of [
      "{",
      "",
      "[]",
      '{"title":5}',
      '{"title":"a","admin":true}',
      `{"title":"${"x".repeat(201)}"}`,
    ]) {
      const answer = await call(`/api/v1/sessions/chat_${"0".repeat(26)}`, {
        ...post(body),
        method: "PATCH",
      });
      expect(answer.status).toBe(400);
      expect(Problem.parse(await answer.json()).code).toBe("invalid-request");
    }
    const wrong = await call("/api/v1/keys", post('{"name":""}'));
    expect(Problem.parse(await wrong.json()).issues?.map((issue) => issue.path)).toEqual(["name"]);
    expect(asked).toEqual([]);
  });

  it("[HT8] checks queries too", async () => {
    const { call } = start();
    for (const query of ["limit=0", "limit=101", "limit=x", `query=${"q".repeat(201)}`]) {
      expect((await call(`/api/v1/sessions?${query}`, { headers: asAlice })).status).toBe(400);
    }
  });
});

describe("refusals", () => {
  it("[HT9] are problem details, and OpenAI's error object under /v1", async () => {
    const { call } = start();
    const ours = await call("/api/v1/me", { headers: { "x-request-id": "r9" } });
    expect(ours.headers.get("content-type")).toBe("application/problem+json");
    expect(Problem.parse(await ours.json())).toEqual({
      type: "urn:breakwater:problem:unauthenticated",
      title: "Not signed in",
      status: 401,
      detail: "Sign in, or send a valid API key.",
      code: "unauthenticated",
      requestId: "r9",
      timestamp: new Date(NOW_MS).toISOString(),
    });
    const theirs = await call("/v1/models");
    expect(theirs.status).toBe(401);
    expect(await theirs.json()).toEqual({
      error: {
        message: "Sign in, or send a valid API key.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      },
    });
  });

  it("[HT94] are Anthropic's error object under its addresses, with the id in its own header too", async () => {
    const { call } = start();
    const asProgram = { authorization: "Bearer program", "x-request-id": "r9" };
    const json = { ...asProgram, "content-type": "application/json" };
    const large = "x".repeat(MAX_MODEL_CALL_BYTES + 1);
    const cases: readonly (readonly [string, RequestInit, number, string])[] = [
      ["/v1/messages", { method: "POST", headers: { "x-request-id": "r9" } }, 401, "authentication_error"],
      ["/v1/messages", { method: "GET", headers: asProgram }, 405, "invalid_request_error"],
      ["/v1/messages/batches", { method: "POST", headers: asProgram }, 404, "not_found_error"],
      ["/v1/messages", { method: "POST", headers: json, body: large }, 413, "request_too_large"],
      [
        "/v1/messages/count_tokens",
        { method: "POST", headers: { cookie: "who=alice", "x-request-id": "r9" } },
        403,
        "permission_error",
      ],
    ];
    for (const [path, init, status, type] of cases) {
      const answer = await call(path, init);
      expect([path, answer.status, answer.headers.get("request-id")]).toEqual([path, status, "r9"]);
      expect(await answer.json()).toEqual({
        type: "error",
        error: { type, message: expect.any(String) as unknown },
        request_id: "r9",
      });
    }
    const elsewhere = await call("/v1/messagesque", { method: "POST", headers: asProgram });
    expect(await elsewhere.json()).toMatchObject({ error: { code: "not_found" } });
    expect(elsewhere.headers.has("request-id")).toBe(false);
  });

  it("[HT10] say nothing of an error inside, which the log has under the same id", async () => {
    const secret = "a-password-hash";
    const failing = () =>
      Promise.reject(new DrizzleQueryError("insert into x values (?)", [secret], new Error("D1 is down")));
    const { call, linesOf } = start({ overrides: { modelCatalog: failing } });
    const answer = await call("/api/v1/models", { headers: { ...asAlice, "x-request-id": "r10" } });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain("D1");
    expect(Problem.parse(JSON.parse(text))).toMatchObject({ code: "internal", requestId: "r10" });
    const [line] = linesOf("internal_error");
    expect(line).toMatchObject({
      request_id: "r10",
      error: "Error: D1 is down in: insert into x values (?)",
    });
    expect(JSON.stringify(line)).not.toContain(secret);
  });

  it.each([
    ["D1 is away", new DrizzleQueryError("select ?", ["a"], new Error("D1_ERROR: Network connection lost."))],
    ["D1 is asked too much", new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.")],
    ["an object was reset", Object.assign(new Error("Network connection lost."), { retryable: true })],
    ["an object is asked too much", Object.assign(new Error("Too many requests."), { overloaded: true })],
  ])("[OP68] say when to try again where %s", async (_, error) => {
    const { call, linesOf } = start({ overrides: { modelCatalog: () => Promise.reject(error) } });
    const answer = await call("/api/v1/models", { headers: { ...asAlice, "x-request-id": "r68" } });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(Problem.parse(await answer.json())).toMatchObject({ code: "unavailable", requestId: "r68" });
    expect(linesOf("dependency_away")).toMatchObject([{ request_id: "r68" }]);
    expect(linesOf("internal_error")).toEqual([]);
  });

  it.each([
    new DrizzleQueryError(
      "select ?",
      ["a"],
      new Error("D1_ERROR: no such column: a at offset 7: SQLITE_ERROR"),
    ),
    new Error("D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'"),
    Object.assign(new Error("ours"), { retryable: false }),
  ])("[OP68] do not take a mistake of ours for it: %s", async (error) => {
    const { call } = start({ overrides: { modelCatalog: () => Promise.reject(error) } });
    expect((await call("/api/v1/models", { headers: asAlice })).status).toBe(500);
  });

  it("[HT11] tell an unknown address from a wrong method", async () => {
    const { call } = start();
    for (const path of [
      "/api",
      "/api/v1/nothing",
      "/api/v1/sessions/a/b/c",
      "/v1/images",
      "/api/auth/delete-user",
    ]) {
      const answer = await call(path, { method: "POST", headers: asAlice });
      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toMatch(/json/);
    }
    const wrong = await call("/api/v1/sessions/x", { method: "PUT", headers: asAlice });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, PATCH, DELETE");
    expect((await call("/health", { method: "HEAD" })).status).toBe(200);
  });
});

describe("pages", () => {
  it("[HT30] serves the page application at its own addresses", async () => {
    const { call } = start();
    for (const path of [
      "/",
      "/c/chat_1",
      "/sign-in",
      "/sign-up",
      "/console",
      "/console/selections",
      "/keys",
    ]) {
      const answer = await call(path);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain("<title>Breakwater</title>");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
    }
  });

  it("[HT167] serves the documentation of the API as a page", async () => {
    const { call } = start();
    for (const path of ["/docs", "/docs/createChatCompletion"]) {
      const answer = await call(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain("<title>Breakwater</title>");
    }
    expect((await call("/docs/a/b", { headers: { accept: "text/html" } })).status).toBe(404);
  });

  it("[HT31] answers an unknown address with a real 404: the page for a reader, a word for everything else", async () => {
    const { call } = start();
    const read = await call("/nowhere", { headers: { accept: "text/html,*/*" } });
    expect(read.status).toBe(404);
    expect(await read.text()).toContain("<title>");
    const script = await call("/assets/gone-1234.js", { headers: { accept: "*/*" } });
    expect(script.status).toBe(404);
    expect(await script.text()).toBe("Not found");
    expect((await call("/nowhere", { method: "POST" })).status).toBe(405);
  });

  it("[HT31] says so when the pages are not built", async () => {
    const { call } = start({
      overrides: { assets: () => Promise.resolve(new Response(null, { status: 404 })) },
    });
    expect((await call("/")).status).toBe(503);
  });

  it("[HT32] lets browsers keep files whose name holds a hash", async () => {
    const { call } = start();
    expect((await call("/assets/app-1f3c.js")).headers.get("cache-control")).toBe(HASHED_FILES_CACHE);
  });

  it("[HT33] serves files with the same headers when the Worker is not asked", async () => {
    const text = await readFile(new URL("../../../web/public/_headers", import.meta.url), "utf8");
    const [everything, hashed] = text.split("\n\n").map((block) => {
      const [path = "", ...lines] = block.trim().split("\n");
      const pairs = lines.map((line) =>
        line
          .trim()
          .split(/: (.*)/s)
          .slice(0, 2),
      );
      return {
        path,
        headers: Object.fromEntries(pairs.map(([name = "", value]) => [name.toLowerCase(), value])),
      };
    });
    expect(everything).toEqual({
      path: "/*",
      headers: { ...SECURITY_HEADERS, "strict-transport-security": STRICT_TRANSPORT_SECURITY },
    });
    expect(hashed).toEqual({
      path: `${HASHED_FILES_PREFIX}*`,
      headers: { "cache-control": HASHED_FILES_CACHE },
    });
  });
});
