/** The HTTP application: which layers a request passes, in which order, and which routes there are. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { describeError, describeStack } from "../auth/store/describe-error.ts";
import { assert } from "../base/assert.ts";
import type { AppContext, AppEnv } from "./app-env.ts";
import { refuseTooLarge } from "./body.ts";
import { authorize } from "./middleware/authorize.ts";
import { observe } from "./middleware/observe.ts";
import { refuse } from "./respond.ts";
import { addAccountRoutes } from "./routes/account.ts";
import { addAdminRoutes } from "./routes/admin.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addInsightRoutes } from "./routes/insight.ts";
import { servePages } from "./routes/pages.ts";
import { addSessionRoutes } from "./routes/sessions.ts";
import type { Services } from "./services.ts";

/** A prompt as long as the longest context, in JSON, with room for images; more is a mistake or an attack. */
export const MAX_MODEL_CALL_BYTES = 8 * 1_048_576;

/** Makes the application. One for each isolate: it holds nothing of any request. */
export function createApp(services: Services): Hono<AppEnv> {
  assert(!services.allowedOrigins.includes("*"), "origins are listed one by one, never as a wildcard");
  const app = new Hono<AppEnv>();
  app.use("*", observe(services));
  app.use("*", allowListedOrigins(services.allowedOrigins));
  app.use("*", authorize(services));
  app.use("/v1/*", limitModelCalls());
  addHealthRoutes(app, services);
  addAccountRoutes(app, services);
  addSessionRoutes(app, services);
  addInsightRoutes(app, services);
  addAdminRoutes(app, services);
  app.route("/v1", services.openaiRoutes);
  app.notFound((context) => servePages(services, context));
  app.onError((error, context: AppContext) => {
    services.log.write("error", "internal_error", {
      request_id: context.get("requestId"),
      error: describeError(error),
      stack: describeStack(error),
    });
    return refuse(
      context,
      "internal",
      "Something went wrong on our side. It is on record under the request id.",
    );
  });
  return app;
}

function allowListedOrigins(allowedOrigins: readonly string[]) {
  return cors({
    origin: [...allowedOrigins],
    credentials: true,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: [
      "x-request-id",
      "retry-after",
      "x-breakwater-provider",
      "x-breakwater-model",
      "x-breakwater-attempts",
    ],
    // An hour: browsers ask again often enough to notice a changed list.
    maxAge: 3600,
  });
}

/** The outer bound for bodies that the handlers under /v1 read themselves. */
function limitModelCalls() {
  return bodyLimit({
    maxSize: MAX_MODEL_CALL_BYTES,
    onError: (context: AppContext) => refuseTooLarge(context, MAX_MODEL_CALL_BYTES),
  });
}
