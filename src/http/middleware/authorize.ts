/**
 * Holds every request to the API against the access table before a handler runs: unknown paths, wrong methods,
 * strangers, members where an admin is asked for, and pages of other sites that would use a visitor's cookie.
 */
import type { MiddlewareHandler } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { ACCESS_RULES } from "../../auth/access.ts";
import type { Access } from "../../auth/access.ts";
import { isAllowedOrigin } from "../../auth/origin.ts";
import type { AuthenticationFailure, Principal } from "../../auth/principal.ts";
import { isApiPath } from "../api-path.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { toLoggedPath } from "../logged-path.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";
import { isSocketUpgrade } from "../socket-request.ts";

const SAFE_METHODS: readonly string[] = ["GET", "HEAD"];

/** The rules that match a path, by method. */
type PathRules = ReadonlyMap<string, Access>;

export function authorize(services: Services): MiddlewareHandler<AppEnv> {
  const router = toRouter();
  const fixed = toFixedPaths(router);
  return async (context, next) => {
    if (!isApiPath(context.req.path)) return next();
    const rules = fixed.get(context.req.path) ?? matchPath(router, context.req.path);
    if (rules.size === 0) return refuse(context, "not-found", "There is nothing at this address.");
    const access = rules.get(context.req.method === "HEAD" ? "GET" : context.req.method);
    if (access === undefined) {
      const allow = [...rules.keys()]
        .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
        .join(", ");
      return refuse(context, "method-not-allowed", `This address takes ${allow}.`, { headers: { allow } });
    }
    const refusal = await admit(services, context, access);
    if (refusal !== null) return refusal;
    return next();
  };
}

/** Null when the request may go on; otherwise the answer to give. */
async function admit(services: Services, context: AppContext, access: Access): Promise<Response | null> {
  if (access === "public") {
    return context.req.raw.headers.has("cookie") ? checkOrigin(services, context) : null;
  }
  // A ticket is the object's to judge; who also shows another credential is not asked for it.
  if (access === "known-or-ticket" && context.req.query("ticket") !== undefined) return null;
  const resolved = await services.resolvePrincipal(context.req.raw);
  if (!resolved.ok) {
    logRefused(services, context, resolved.error);
    return refuse(context, "unauthenticated", "Sign in, or send a valid API key.", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  const principal = resolved.value;
  context.set("principal", principal);
  if (!isAllowed(principal, access)) {
    return refuse(
      context,
      "forbidden",
      access === "admin" ? "This is for admins." : "An API key cannot do this.",
    );
  }
  return principal.kind === "user" ? checkOrigin(services, context) : null;
}

function isAllowed(principal: Principal, access: Access): boolean {
  if (access === "admin") return principal.kind === "user" && principal.role === "admin";
  return access !== "person" || principal.kind === "user";
}

/** Sockets are checked although they are GETs: no browser asks the server before it opens one to another site. */
function checkOrigin(services: Services, context: AppContext): Response | null {
  if (SAFE_METHODS.includes(context.req.method) && !isSocketUpgrade(context.req.raw)) return null;
  if (isAllowedOrigin(context.req.header("origin") ?? null, context.req.url, services)) return null;
  logRefused(services, context, "foreign-origin");
  return refuse(context, "forbidden", "The request comes from a page of another site.");
}

function logRefused(
  services: Services,
  context: AppContext,
  reason: AuthenticationFailure | "foreign-origin",
): void {
  services.log.write("warn", "auth_failed", {
    request_id: context.get("requestId"),
    path: toLoggedPath(context.req.path),
    reason,
  });
}

function toRouter(): TrieRouter<{ method: string; access: Access }> {
  const router = new TrieRouter<{ method: string; access: Access }>();
  for (const { method, path, access } of ACCESS_RULES) router.add("ALL", path, { method, access });
  return router;
}

/** Most calls go to addresses without a name in them: those are matched once, not each time. */
function toFixedPaths(router: ReturnType<typeof toRouter>): ReadonlyMap<string, PathRules> {
  const fixed = ACCESS_RULES.map(({ path }) => path).filter((path) => !/[:*{]/.test(path));
  return new Map(fixed.map((path) => [path, matchPath(router, path)]));
}

function matchPath(router: TrieRouter<{ method: string; access: Access }>, path: string): PathRules {
  return new Map(router.match("ALL", path)[0].map(([{ method, access }]) => [method, access]));
}
