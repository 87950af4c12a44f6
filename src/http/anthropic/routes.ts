/**
 * `POST /v1/messages` and `POST /v1/messages/count_tokens` as Anthropic's own clients speak them. The answer comes from
 * the same code as a chat's (src/routing/run-answer.ts). Rules HT80 to HT95, HT184.
 */
import { Hono } from "hono";
import { newId } from "../../base/id.ts";
import { CountTokensRequest, MessagesRequest } from "../../protocol/anthropic.ts";
import { readNeeds } from "../../routing/ranking/request-needs.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { MAX_MODEL_CALL_BYTES } from "../body.ts";
import { openAnswer, type DoorDeps } from "../door/open-answer.ts";
import { readCallBody } from "../door/read-call-body.ts";
import { serveAnswer } from "../door/serve-answer.ts";
import { refuseCall } from "./anthropic-error.ts";
import { MessageWriter } from "./message-writer.ts";
import { toModelCall, toModels, toQuestion } from "./to-model-call.ts";

/** Trial features that the caller has Anthropic's client ask for. */
const BETA_HEADER = "anthropic-beta";
const IGNORED_HEADER = "x-breakwater-ignored";

export function createAnthropicRoutes(deps: DoorDeps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post("/messages", async (context) => tellIgnored(context, await answer(deps, context)));
  routes.post("/messages/count_tokens", (context) => countTokens(deps, context));
  return routes;
}

async function answer(deps: DoorDeps, context: AppContext): Promise<Response> {
  const body = await readCallBody(context, MessagesRequest, MAX_MODEL_CALL_BYTES, (mistake) =>
    refuseCall(context, mistake),
  );
  if (!body.ok) return body.error;
  const request = body.value;
  const call = toModelCall(request);
  if (!call.ok) return refuseCall(context, call.error);
  const models = toModels(request, deps.catalog);
  const open = openAnswer(deps, context, {
    models,
    call: call.value,
    question: toQuestion(request),
    stream: request.stream === true,
    policy: request.policy,
  });
  if (!open.ok) return refuseCall(context, open.error);
  const writer = new MessageWriter({
    id: newId("msg", deps.idSource),
    model: models.join(","),
    requestId: context.get("requestId"),
  });
  return serveAnswer(deps, context, open.value, writer);
}

/** A trial feature that needs a field is refused by its name; one that needs none is told to have had no effect. */
function tellIgnored(context: AppContext, response: Response): Response {
  if (context.req.header(BETA_HEADER) !== undefined) response.headers.set(IGNORED_HEADER, BETA_HEADER);
  return response;
}

/** An estimate: every provider cuts its own tokens, and nobody is asked. */
async function countTokens(deps: DoorDeps, context: AppContext): Promise<Response> {
  const body = await readCallBody(context, CountTokensRequest, MAX_MODEL_CALL_BYTES, (mistake) =>
    refuseCall(context, mistake),
  );
  if (!body.ok) return body.error;
  const call = toModelCall(body.value);
  if (!call.ok) return refuseCall(context, call.error);
  const models = deps.resolveModels(toModels(body.value, deps.catalog));
  if (!models.ok)
    return refuseCall(context, { code: "model-not-found", param: "model", message: models.error });
  return context.json({ input_tokens: readNeeds(call.value).inputTokens });
}
