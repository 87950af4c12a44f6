/** The HTTP application: which layers a request passes, in which order, and which routes there are. */
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { describeError, describeStack } from "../auth/store/describe-error.ts";
import { isAway } from "../auth/store/is-away.ts";
import { assert } from "../base/assert.ts";
import type { AppContext, AppEnv } from "./app-env.ts";
import { addAiSdkRoutes } from "./ai-sdk/routes.ts";
import { authorize } from "./middleware/authorize.ts";
import { observe } from "./middleware/observe.ts";
import { refuse } from "./respond.ts";
import { addAccountRoutes } from "./routes/account.ts";
import { addAdminRoutes } from "./routes/admin.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addInsightRoutes } from "./routes/insight.ts";
import { addOpenApiRoute } from "./routes/openapi.ts";
import { servePages } from "./routes/pages.ts";
import { addSessionRoutes } from "./routes/sessions.ts";
import type { Services } from "./services.ts";

/** What a page of a listed origin may read of an answer. */
const EXPOSED_HEADERS = [
  "x-request-id",
  "request-id",
  "retry-after",
  "x-breakwater-provider",
  "x-breakwater-model",
  "x-breakwater-attempts",
  "x-breakwater-cost-micro-usd",
  "x-breakwater-sandbox",
  "x-breakwater-session",
  "x-breakwater-cache",
  "x-breakwater-saved-micro-usd",
  "x-breakwater-ignored",
  "idempotent-replayed",
  "x-vercel-ai-ui-message-stream",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
  "anthropic-ratelimit-requests-limit",
  "anthropic-ratelimit-requests-remaining",
  "anthropic-ratelimit-requests-reset",
  "content-disposition",
  "etag",
];

/** Makes the application. One for each isolate: it holds nothing of any request. */
export function createApp(services: Services): Hono<AppEnv> {
  assert(!services.allowedOrigins.includes("*"), "origins are listed one by one, never as a wildcard");
  const app = new Hono<AppEnv>();
  app.use("*", observe(services));
  app.use("*", allowListedOrigins(services.allowedOrigins));
  app.use("*", authorize(services));
  addHealthRoutes(app, services);
  addAccountRoutes(app, services);
  addSessionRoutes(app, services);
  addAiSdkRoutes(app, services);
  addInsightRoutes(app, services);
  addAdminRoutes(app, services);
  addOpenApiRoute(app, services);
  app.route("/", services.modelRoutes);
  app.notFound((context) => servePages(services, context));
  app.onError((error, context: AppContext) => answerError(services, context, error));
  return app;
}

/** Such a pause is over in seconds. */
const AWAY_RETRY_AFTER = "5";

function answerError({ log }: Services, context: AppContext, error: Error): Response {
  const line = { request_id: context.get("requestId"), error: describeError(error) };
  if (isAway(error)) {
    log.write("error", "dependency_away", line);
    return refuse(
      context,
      "unavailable",
      "A part of ours cannot be reached just now. Try again in a moment.",
      {
        headers: { "retry-after": AWAY_RETRY_AFTER },
      },
    );
  }
  log.write("error", "internal_error", { ...line, stack: describeStack(error) });
  return refuse(
    context,
    "internal",
    "Something went wrong on our side. It is on record under the request id.",
  );
}

/** A program sends no origin, and its answers are no page's: it is spared the headers. */
function allowListedOrigins(allowedOrigins: readonly string[]): MiddlewareHandler<AppEnv> {
  const allow = cors({
    origin: [...allowedOrigins],
    credentials: true,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: [...EXPOSED_HEADERS],
    // An hour: browsers ask again often enough to notice a changed list.
    maxAge: 3600,
  });
  return (context, next) => (context.req.raw.headers.has("origin") ? allow(context, next) : next());
}
