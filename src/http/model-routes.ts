/** Every wire on which models are asked over plain HTTP: a line for each. What they share is in door/ and middleware/. */
import { Hono } from "hono";
import { createAnthropicRoutes } from "./anthropic/routes.ts";
import type { AppEnv } from "./app-env.ts";
import { MAX_MODEL_CALL_BYTES } from "./body.ts";
import { answerOnce } from "./middleware/idempotency/answer-once.ts";
import type { IdempotentCallStore } from "./middleware/idempotency/store.ts";
import { limitCalls } from "./middleware/limit-calls.ts";
import { writeAnthropicLimit, writeOpenAiLimit, type WriteLimit } from "./middleware/rate-limit-headers.ts";
import type { CallBudget } from "../routing/budgets/call-budget.ts";
import { createOpenAiRoutes, type OpenAiDeps } from "./openai/routes.ts";

export interface ModelRoutesDeps extends OpenAiDeps {
  readonly idempotentCalls: IdempotentCallStore;
  /** Null: no limit. */
  readonly callBudget: CallBudget | null;
}

/** Where models are asked, and how a client there reads what is left of its calls. */
const CALL_PATHS: readonly (readonly [path: string, writeLimit: WriteLimit])[] = [
  ["/v1/chat/completions", writeOpenAiLimit],
  ["/v1/responses", writeOpenAiLimit],
  ["/v1/embeddings", writeOpenAiLimit],
  ["/v1/messages", writeAnthropicLimit],
];

export function createModelRoutes(deps: ModelRoutesDeps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const { callBudget } = deps;
  for (const [path, writeLimit] of CALL_PATHS) {
    if (callBudget !== null) routes.use(path, limitCalls(deps.clock, callBudget, writeLimit));
    routes.use(path, answerOnce(deps, MAX_MODEL_CALL_BYTES));
  }
  routes.route("/v1", createOpenAiRoutes(deps));
  routes.route("/v1", createAnthropicRoutes(deps));
  return routes;
}
