/** `/api/auth/*` (better-auth's own wire), `/api/v1/me` and `/api/v1/keys`. Rules AU20, AU42, AU50. */
import type { Hono } from "hono";
import { z } from "zod";
import { MAX_KEYS_PER_USER } from "../../auth/store/api-key-store.ts";
import type { ApiKeyRecord } from "../../auth/store/api-key-store.ts";
import { describeError } from "../../auth/store/describe-error.ts";
import { assert } from "../../base/assert.ts";
import { parseJson } from "../../base/parse-json.ts";
import { CreateApiKeyBody } from "../../protocol/account.ts";
import type { ApiKeyList, CreatedApiKey, Me } from "../../protocol/account.ts";
import { readPrincipal } from "../app-env.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { readJson, readJsonText } from "../body.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";

/** Many times what an address, a name and a password take: whatever strangers send there is stored, for good and unread. */
const MAX_AUTH_BYTES = 16_384;

const AuthRefusal = z.object({ message: z.string().optional(), code: z.string().optional() });

export function addAccountRoutes(app: Hono<AppEnv>, services: Services): void {
  const auth = (context: AppContext): Promise<Response> => handleAuth(services, context);
  app.post("/api/auth/sign-up/email", auth);
  app.post("/api/auth/sign-in/email", auth);
  app.post("/api/auth/sign-out", (context) => signOut(services, context));
  app.get("/api/auth/verify-email", auth);

  app.get("/api/v1/me", async (context) => {
    const principal = readPrincipal(context);
    assert(principal.kind === "user", "the access table leaves this route to people");
    const organization = await services.accounts.readOrganization(principal.organizationId);
    assert(organization !== null, "a principal's organization exists");
    const me: Me = {
      user: { id: principal.userId, email: principal.email, name: principal.name, role: principal.role },
      organization,
      sandbox: services.sandbox,
      environment: services.environment,
    };
    return context.json(me);
  });

  app.get("/api/v1/keys", async (context) => {
    const keys = await services.apiKeys.list(readPrincipal(context));
    const list: ApiKeyList = { keys: keys.map(toSummary) };
    return context.json(list);
  });

  app.post("/api/v1/keys", async (context) => {
    const body = await readJson(context, CreateApiKeyBody);
    if (!body.ok) return body.error;
    const created = await services.apiKeys.create(toOwner(context), body.value.name);
    if (!created.ok) {
      return refuse(context, "conflict", `There are ${MAX_KEYS_PER_USER} keys already. Revoke one first.`);
    }
    const answer: CreatedApiKey = { ...toSummary(created.value.record), key: created.value.key };
    return context.json(answer, 201);
  });

  app.delete("/api/v1/keys/:keyId", async (context) => {
    const keyId = context.req.param("keyId");
    if (!(await services.apiKeys.revoke(toOwner(context), keyId))) {
      return refuse(context, "not-found", "There is no such key.");
    }
    services.forgetKey(keyId);
    return context.body(null, 204);
  });
}

function toOwner(context: AppContext): { userId: string; organizationId: string } {
  const { userId, organizationId } = readPrincipal(context);
  return { userId, organizationId };
}

function toSummary({ id, name, start, createdAtMs, lastUsedAtMs }: ApiKeyRecord): ApiKeyList["keys"][number] {
  return {
    id,
    name,
    start,
    createdAt: new Date(createdAtMs).toISOString(),
    lastUsedAt: lastUsedAtMs === null ? null : new Date(lastUsedAtMs).toISOString(),
  };
}

/** The library says 200 also where it could not end the sign-in. */
const SIGN_OUT_TRIES = 3;

/** What counts is whether the sign-in still stands. The browser forgets its cookie in any case: it may be a shared one. Rule AU42. */
async function signOut(services: Services, context: AppContext): Promise<Response> {
  const request = await toAuthRequest(context);
  if (request instanceof Response) return request;
  let answer = await answerAuth(services, context, request.clone());
  for (let tries = 1; answer.ok && !(await isSignedOut(services, context)); tries += 1) {
    if (tries === SIGN_OUT_TRIES) return refuseSignOut(context, answer);
    answer = await answerAuth(services, context, request.clone());
  }
  return answer;
}

/** By the cookie alone, as the next request would come with it. */
async function isSignedOut(services: Services, context: AppContext): Promise<boolean> {
  const cookie = context.req.header("cookie");
  if (cookie === undefined) return true;
  try {
    return !(await services.resolvePrincipal(new Request(context.req.url, { headers: { cookie } }))).ok;
  } catch (error) {
    services.log.write("warn", "background_failed", { task: "sign-out", error: describeError(error) });
    return false;
  }
}

function refuseSignOut(context: AppContext, answer: Response): Response {
  const refusal = refuse(
    context,
    "unavailable",
    "This browser is signed out, but the sign-in could not be ended on our side: a copy of its cookie works until it expires.",
  );
  for (const cookie of answer.headers.getSetCookie()) refusal.headers.append("set-cookie", cookie);
  return refusal;
}

/** better-auth answers in its own shape, which its clients know; our limits, our log and our refusals apply all the same. */
async function handleAuth(services: Services, context: AppContext): Promise<Response> {
  const request = await toAuthRequest(context);
  return request instanceof Response ? request : answerAuth(services, context, request);
}

async function answerAuth(services: Services, context: AppContext, request: Request): Promise<Response> {
  const answer = await services.handleAuth(request);
  noteRefusal(services, context, answer.status);
  return answer.status < 400 ? answer : toRefusal(context, answer);
}

/** Problem details that better-auth's clients understand too: its `message` and its `code` stand in them. Rule AU50. */
async function toRefusal(context: AppContext, answer: Response): Promise<Response> {
  const body = parseJson(await answer.text());
  const { message = "This was refused.", code } = AuthRefusal.safeParse(body.ok ? body.value : {}).data ?? {};
  const retryAfter = answer.headers.get("x-retry-after");
  const kind = code ?? (retryAfter === null ? "REFUSED" : "RATE_LIMITED");
  const problem = {
    type: `urn:breakwater:problem:${kind.toLowerCase().replaceAll("_", "-")}`,
    title: "Refused",
    status: answer.status,
    detail: message,
    code: kind,
    message,
    requestId: context.get("requestId"),
    timestamp: context.get("nowIso")(),
  };
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  headers.set("content-type", "application/problem+json");
  // The standard name beside better-auth's own.
  if (retryAfter !== null) headers.set("retry-after", retryAfter);
  return new Response(JSON.stringify(problem), { status: answer.status, headers });
}

function noteRefusal(services: Services, context: AppContext, status: number): void {
  const where = { request_id: context.get("requestId"), path: context.req.path };
  if (status === 429) services.log.write("warn", "rate_limit_exceeded", where);
  if (status === 401 || status === 403) {
    services.log.write("warn", "auth_failed", { ...where, reason: `status ${status}` });
  }
}

async function toAuthRequest(context: AppContext): Promise<Request | Response> {
  const { raw } = context.req;
  if (raw.body === null) return raw;
  const text = await readJsonText(context, MAX_AUTH_BYTES);
  if (!text.ok) return text.error;
  return new Request(raw.url, { method: raw.method, headers: raw.headers, body: text.value });
}
