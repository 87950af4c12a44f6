/**
 * `POST /v1/responses` and `GET /v1/responses/{id}` as OpenAI's own clients speak them. The answer comes from the same code
 * as a chat completion (src/http/door). Rules HT100 to HT115, HT190 to HT194, HT196 to HT198.
 */
import type { Hono } from "hono";
import { newId } from "../../../base/id.ts";
import { ResponseRequest } from "../../../protocol/openai-responses.ts";
import { toRequestedNames } from "../../../providers/catalog.ts";
import { readPrincipal, type AppContext, type AppEnv } from "../../app-env.ts";
import { openAnswer } from "../../door/open-answer.ts";
import { serveAnswer } from "../../door/serve-answer.ts";
import { refuseCall } from "../openai-error.ts";
import { readOpenAiBody } from "../read-openai-body.ts";
import { getKept } from "./get-kept.ts";
import { keepResponse, type KeepDeps } from "./keep-response.ts";
import { findItems } from "./items/find-items.ts";
import { keepSaid } from "./items/keep-items.ts";
import { isKept } from "./kept-question.ts";
import { createItemIds, toItemStem } from "./response-id.ts";
import { ResponseWriter } from "./response-writer.ts";
import { toResponseCall, toResponseQuestion } from "./to-response-call.ts";

export function addResponseRoutes(routes: Hono<AppEnv>, deps: KeepDeps): void {
  routes.post("/responses", (context) => respond(deps, context));
  routes.get("/responses/:responseId", (context) => getKept(deps, context, context.req.param("responseId")));
}

async function respond(deps: KeepDeps, context: AppContext): Promise<Response> {
  const body = await readOpenAiBody(context, ResponseRequest);
  if (!body.ok) return body.error;
  const request = body.value;
  if (isKept(request)) return keepResponse(deps, context, request);
  const { organizationId } = readPrincipal(context);
  const named = await findItems(deps, organizationId, request.input);
  if (!named.ok) return refuseCall(context, named.error);
  const call = toResponseCall(request, named.value);
  if (!call.ok) return refuseCall(context, call.error);
  const models = toRequestedNames(request);
  const open = openAnswer(deps, context, {
    models,
    call: call.value,
    question: toResponseQuestion(request),
    stream: request.stream === true,
    policy: request.policy,
  });
  if (!open.ok) return refuseCall(context, open.error);
  const nowSeconds = (): number => Math.floor(deps.clock.nowMs() / 1_000);
  const id = newId("resp", deps.idSource);
  const writer = new ResponseWriter({
    id,
    createdAt: nowSeconds(),
    nowSeconds,
    model: models.join(","),
    request,
    newItemId: createItemIds(id),
  });
  if (request.store === false) return serveAnswer(deps, context, open.value, writer);
  const answer = keepSaid(deps, { organizationId, stem: toItemStem(id) }, writer, open.value.answer);
  return serveAnswer(deps, context, { ...open.value, answer }, writer);
}
