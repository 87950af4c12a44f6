/**
 * `POST /v1/chat/completions` and `GET /v1/models` as OpenAI's own clients speak them. The answer comes from the
 * same code as a chat's (src/routing/run-answer.ts). Rules HT40 to HT57.
 */
import { Hono } from "hono";
import { newId } from "../../base/id.ts";
import { toTargetName } from "../../providers/catalog.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { openAnswer, type DoorDeps } from "../door/open-answer.ts";
import { serveAnswer } from "../door/serve-answer.ts";
import type { CallMistake } from "../door/wire-writer.ts";
import { CompletionWriter } from "./completion-writer.ts";
import { toMistakeError } from "./openai-error.ts";
import { readCompletionRequest } from "./read-completion-request.ts";
import { toModelCall, toQuestion } from "./to-model-call.ts";

/** A prompt as long as the longest context, in JSON, with room for images. */
const MAX_BODY_BYTES = 8 * 1_048_576;

export function createOpenAiRoutes(deps: DoorDeps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/models", (context) => context.json(toModelList(deps)));
  routes.post("/chat/completions", (context) => complete(deps, context));
  return routes;
}

async function complete(deps: DoorDeps, context: AppContext): Promise<Response> {
  const body = await readCompletionRequest(context, MAX_BODY_BYTES);
  if (!body.ok) return body.error;
  const request = body.value;
  const call = toModelCall(request);
  if (!call.ok) return refuseCall(context, { code: "invalid-request", ...call.error });
  const models = request.models ?? (request.model === undefined ? [] : [request.model]);
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

function refuseCall(context: AppContext, mistake: CallMistake): Response {
  const { status, error } = toMistakeError(mistake);
  return context.json({ error }, status);
}

function toModelList(deps: DoorDeps): object {
  const created = 0;
  const classes = deps.catalog.classes.map((modelClass) => ({
    id: modelClass.name,
    object: "model",
    created,
    owned_by: "breakwater",
    description: modelClass.description,
    targets: modelClass.targets.map((target) => toTargetName(target)),
  }));
  const targets = deps.catalog.targets.map((target) => ({
    id: toTargetName(target),
    object: "model",
    created,
    owned_by: target.provider,
    description: target.displayName,
    sandbox: deps.isSandbox(target.provider),
  }));
  return { object: "list", data: [...classes, ...targets] };
}
