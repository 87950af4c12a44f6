/**
 * The outermost layer: gives each request its id, puts the headers on each answer that every answer has, and writes
 * one line about it to the log. Rules HT1 to HT4.
 */
import type { MiddlewareHandler } from "hono";
import { newRequestId } from "../../base/id.ts";
import type { IdSource } from "../../base/id.ts";
import { isApiPath } from "../api-path.ts";
import { toApiWire } from "../api-wire.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { toLoggedPath } from "../logged-path.ts";
import { SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from "../security-headers.ts";
import type { Services } from "../services.ts";

/** A client's own id is taken over when it cannot harm a log or a header. */
const REQUEST_ID_SHAPE = /^[A-Za-z0-9._-]{1,64}$/;
const SWITCHING_PROTOCOLS = 101;

export function observe(services: Services): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const startedAtMs = services.clock.nowMs();
    const requestId = toRequestId(context.req.header("x-request-id"), services.idSource);
    context.set("requestId", requestId);
    context.set("log", services.log);
    context.set("nowIso", () => new Date(services.clock.nowMs()).toISOString());
    context.set("principal", null);
    context.set("streamEnd", null);
    context.set("keyedCall", null);
    await next();
    finishHeaders(context);
    const streamEnd = context.get("streamEnd");
    if (streamEnd === null) logCompleted(services, context, startedAtMs);
    else void streamEnd.then(() => logCompleted(services, context, startedAtMs));
  };
}

function logCompleted(services: Services, context: AppContext, startedAtMs: number): void {
  const principal = context.get("principal");
  services.log.write("info", "request_completed", {
    request_id: context.get("requestId"),
    method: context.req.method,
    // Without the query, in which a ticket may stand.
    path: toLoggedPath(context.req.path),
    status: context.res.status,
    duration_ms: services.clock.nowMs() - startedAtMs,
    user_id: principal?.userId ?? null,
    org_id: principal?.organizationId ?? null,
  });
}

function toRequestId(given: string | undefined, source: IdSource): string {
  return given !== undefined && REQUEST_ID_SHAPE.test(given) ? given : newRequestId(source);
}

const SECURITY_HEADER_LIST = Object.entries(SECURITY_HEADERS);

function finishHeaders(context: AppContext): void {
  const answer = context.res;
  // The socket's answer cannot be copied without its socket, and no browser reads its headers.
  if (answer.status === SWITCHING_PROTOCOLS) return;
  const finished = isChangeable(answer) ? answer : new Response(answer.body, answer);
  const ownPolicy = isApiPath(context.req.path) ? answer.headers.get("content-security-policy") : null;
  const { headers } = finished;
  for (const [name, value] of SECURITY_HEADER_LIST) headers.set(name, value);
  // What strangers wrote is served under a policy that allows less than our pages need.
  if (ownPolicy !== null) headers.set("content-security-policy", ownPolicy);
  if (context.req.url.startsWith("https:")) {
    headers.set("strict-transport-security", STRICT_TRANSPORT_SECURITY);
  }
  headers.set("x-request-id", context.get("requestId"));
  // The name under which Anthropic's own clients look for it.
  if (toApiWire(context.req.path) === "anthropic") headers.set("request-id", context.get("requestId"));
  if (isApiPath(context.req.path) && !headers.has("cache-control")) headers.set("cache-control", "no-store");
  if (finished === answer) return;
  // Hono would otherwise lay the old answer's headers over the new one's.
  context.res = undefined;
  context.res = finished;
}

/** The headers of an answer that was fetched (a page, an object's) cannot be changed; a copy costs as much as it. */
function isChangeable(answer: Response): boolean {
  try {
    answer.headers.delete("x-request-id");
    return true;
  } catch {
    // The platform says so by throwing; there is nothing to ask.
    return false;
  }
}
