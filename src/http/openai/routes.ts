/**
 * OpenAI's wires, and `POST /v1/chat/completions` itself, as OpenAI's own clients speak them. The answer comes from the
 * same code as a chat's (src/routing/run-answer.ts). Rules HT40 to HT54, HT56, HT57.
 */
import { Hono } from "hono";
import { newId } from "../../base/id.ts";
import { ChatCompletionRequest } from "../../protocol/openai.ts";
import { toRequestedNames } from "../../providers/catalog.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { openAnswer } from "../door/open-answer.ts";
import { serveAnswer } from "../door/serve-answer.ts";
import { CompletionWriter } from "./completion-writer.ts";
import { addEmbeddingRoutes, type EmbeddingDeps } from "./embeddings/routes.ts";
import { addModelListRoutes } from "./model-list.ts";
import { refuseCall } from "./openai-error.ts";
import { readOpenAiBody } from "./read-openai-body.ts";
import type { KeepDeps } from "./responses/keep-response.ts";
import { addResponseRoutes } from "./responses/routes.ts";
import { toModelCall, toQuestion } from "./to-model-call.ts";

export type OpenAiDeps = EmbeddingDeps & KeepDeps;

export function createOpenAiRoutes(deps: OpenAiDeps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  addModelListRoutes(routes, deps);
  routes.post("/chat/completions", (context) => complete(deps, context));
  addResponseRoutes(routes, deps);
  addEmbeddingRoutes(routes, deps);
  return routes;
}

async function complete(deps: OpenAiDeps, context: AppContext): Promise<Response> {
  const body = await readOpenAiBody(context, ChatCompletionRequest);
  if (!body.ok) return body.error;
  const request = body.value;
  const call = toModelCall(request);
  if (!call.ok) return refuseCall(context, { code: "invalid-request", ...call.error });
  const models = toRequestedNames(request);
  const open = openAnswer(deps, context, {
    models,
    call: call.value,
    question: toQuestion(request),
    stream: request.stream === true,
    policy: request.policy,
  });
  if (!open.ok) return refuseCall(context, open.error);
  const writer = new CompletionWriter({
    id: newId("chatcmpl", deps.idSource),
    created: Math.floor(deps.clock.nowMs() / 1_000),
    model: models.join(","),
    includeUsage: request.stream_options?.include_usage === true,
  });
  return serveAnswer(deps, context, open.value, writer);
}
