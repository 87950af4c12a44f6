/**
 * `POST /v1/chat/completions` and `GET /v1/models` as OpenAI's own clients speak them. The answer comes from the
 * same code as a chat's (src/routing/run-answer.ts). Rules HT40 to HT57.
 */
import { Hono } from "hono";
import { describeError, describeStack } from "../../auth/store/describe-error.ts";
import type { Clock } from "../../base/clock.ts";
import { newId, newSelectionId, type IdSource } from "../../base/id.ts";
import type { Result } from "../../base/result.ts";
import type { ChatCompletionRequest, OpenAiError } from "../../protocol/openai.ts";
import { RoutingPolicy, type SelectionRecord } from "../../protocol/selection.ts";
import { toTargetName, type Catalog } from "../../providers/catalog.ts";
import type { AnswerInput, AnswerOutcome, ResolvedModels } from "../../routing/run-answer.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import { readPrincipal, type AppContext, type AppEnv } from "../app-env.ts";
import { CompletionWriter, toOpenAiError, type BreakwaterEnd } from "./completion-writer.ts";
import { readCompletionRequest } from "./read-completion-request.ts";
import { toModelCall, toQuestion } from "./to-model-call.ts";

export interface OpenAiDeps {
  readonly clock: Clock;
  readonly idSource: IdSource;
  readonly catalog: Catalog;
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: (
    input: AnswerInput,
  ) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  /** Hands the record over; returns at once. */
  readonly saveSelection: (record: SelectionRecord) => void;
  readonly isSandbox: (provider: string) => boolean;
  /** Keeps an answer running to its record when its reader has gone. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** A bug of ours in the middle of a stream, where no status can say so any more. */
const INTERNAL_ERROR: OpenAiError = {
  message: "Something went wrong on our side. It is on record under the request id.",
  type: "server_error",
  param: null,
  code: "internal_error",
};

/** A prompt as long as the longest context, in JSON, with room for images. */
const MAX_BODY_BYTES = 8 * 1_048_576;

type Answer = AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;

/** A call that was read and resolved, ready to run. */
interface Call {
  readonly answer: Answer;
  readonly writer: CompletionWriter;
  readonly selectionId: string;
  readonly controller: AbortController;
}

export function createOpenAiRoutes(deps: OpenAiDeps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/models", (context) => context.json(toModelList(deps)));
  routes.post("/chat/completions", async (context) => {
    const body = await readCompletionRequest(context, MAX_BODY_BYTES);
    if (!body.ok) return body.error;
    const call = openCall(deps, context, body.value);
    if (!call.ok) return refuseCall(context, call.error);
    return body.value.stream === true
      ? streamAnswer(deps, context, call.value)
      : wholeAnswer(deps, context, call.value);
  });
  return routes;
}

function openCall(
  deps: OpenAiDeps,
  context: AppContext,
  request: ChatCompletionRequest,
): Result<Call, OpenAiError> {
  const requested = request.models ?? (request.model === undefined ? [] : [request.model]);
  const models = deps.resolveModels(requested);
  if (!models.ok) return refusal(models.error, "model", "model_not_found");
  const policy = readPolicy(context, request);
  if (!policy.ok) return policy;
  const call = toModelCall(request);
  if (!call.ok) return refusal(call.error.message, call.error.param, "invalid_request");
  const principal = readPrincipal(context);
  const controller = new AbortController();
  context.req.raw.signal.addEventListener("abort", () => controller.abort(), { once: true });
  const selectionId = newSelectionId(deps.idSource);
  const answer = deps.runAnswer({
    models: models.value,
    policy: policy.value,
    call: call.value,
    question: toQuestion(request),
    selectionId,
    requestId: context.get("requestId"),
    organizationId: principal.organizationId,
    userId: principal.userId,
    sessionId: null,
    turnId: null,
    lastProvider: null,
    mayStartOver: request.stream !== true,
    signal: controller.signal,
  });
  const writer = new CompletionWriter({
    id: newId("chatcmpl", deps.idSource),
    created: Math.floor(deps.clock.nowMs() / 1_000),
    model: models.value.requested.join(","),
    includeUsage: request.stream_options?.include_usage === true,
  });
  return { ok: true, value: { answer, writer, selectionId, controller } };
}

const POLICY_HEADER = "x-breakwater-policy";

/** The body's word, else the header's; null when neither names a policy. */
function readPolicy(
  context: AppContext,
  request: ChatCompletionRequest,
): Result<RoutingPolicy | null, OpenAiError> {
  const asked = request.policy ?? context.req.header(POLICY_HEADER) ?? null;
  const policy = RoutingPolicy.nullable().safeParse(asked);
  if (policy.success) return { ok: true, value: policy.data };
  const names = RoutingPolicy.options.join(", ");
  return refusal(
    `${POLICY_HEADER}: there is no such policy; name one of ${names}.`,
    POLICY_HEADER,
    "invalid_request",
  );
}

function refusal(
  message: string,
  param: string,
  code: string,
): { readonly ok: false; readonly error: OpenAiError } {
  return { ok: false, error: { message, type: "invalid_request_error", param, code } };
}

function refuseCall(context: AppContext, error: OpenAiError): Response {
  return context.json({ error }, error.code === "model_not_found" ? 404 : 400);
}

async function wholeAnswer(deps: OpenAiDeps, context: AppContext, call: Call): Promise<Response> {
  for (;;) {
    const next = await call.answer.next();
    if (next.done === true) {
      const { end, record } = next.value;
      deps.saveSelection(record);
      const headers = toHeaders(deps, end);
      if (end.status === "complete") {
        return context.json(call.writer.toCompletion(end, toBreakwaterEnd(call, end)), 200, headers);
      }
      const { status, error } = toOpenAiError(end);
      return context.json({ error, breakwater: toBreakwaterEnd(call, end) }, status, headers);
    }
    if (next.value.some((event) => event.type === "leg-start")) call.writer.startOver();
    call.writer.writeChunks(next.value);
  }
}

/**
 * Headers wait for the first word: until then a failure can still become an honest status, and the headers can name
 * who answers.
 */
async function streamAnswer(deps: OpenAiDeps, context: AppContext, call: Call): Promise<Response> {
  const first = await readUntilContent(call);
  if (first.done) {
    const { end, record } = first.outcome;
    if (end.status !== "complete") {
      deps.saveSelection(record);
      const { status, error } = toOpenAiError(end);
      return context.json({ error, breakwater: toBreakwaterEnd(call, end) }, status, toHeaders(deps, end));
    }
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  deps.waitUntil(pump(deps, context, call, first, writable));
  const target = first.done ? null : first.target;
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      ...(target === null
        ? {}
        : {
            "x-breakwater-provider": target.provider,
            "x-breakwater-model": target.model,
            "x-breakwater-attempts": String(target.attempt),
            ...(deps.isSandbox(target.provider) ? { "x-breakwater-sandbox": "true" } : {}),
          }),
    },
  });
}

type FirstContent =
  | { readonly done: true; readonly outcome: AnswerOutcome }
  | {
      readonly done: false;
      readonly chunks: readonly object[];
      readonly target: { readonly provider: string; readonly model: string; readonly attempt: number };
    };

async function readUntilContent(call: Call): Promise<FirstContent> {
  for (;;) {
    const next = await call.answer.next();
    if (next.done === true) return { done: true, outcome: next.value };
    const start = next.value.find((event) => event.type === "leg-start");
    const chunks = call.writer.writeChunks(next.value);
    if (start?.type === "leg-start") {
      return { done: false, chunks, target: { ...start.target, attempt: start.attempt } };
    }
  }
}

async function pump(
  deps: OpenAiDeps,
  context: AppContext,
  call: Call,
  first: FirstContent,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const sink = writable.getWriter();
  // A reader that has gone stops the upstream call; the record is written all the same.
  sink.closed.catch(() => call.controller.abort());
  const encoder = new TextEncoder();
  const write = (text: string): Promise<void> =>
    sink.write(encoder.encode(text)).catch(() => call.controller.abort());
  const send = async (events: readonly object[]): Promise<void> => {
    if (events.length > 0) await write(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  };
  try {
    if (!first.done) await send(first.chunks);
    const { end, record } = first.done ? first.outcome : await drain(call, send);
    deps.saveSelection(record);
    const breakwater = toBreakwaterEnd(call, end);
    if (end.status === "complete") {
      await send(call.writer.writeEnd(end, breakwater));
      await write("data: [DONE]\n\n");
    } else {
      // Clients take a stream that just stops for a finished one: a broken answer says so, and never says [DONE].
      await send([{ error: toOpenAiError(end).error, breakwater }]);
    }
  } catch (error) {
    call.controller.abort();
    context.get("log").write("error", "internal_error", {
      request_id: context.get("requestId"),
      error: describeError(error),
      stack: describeStack(error),
    });
    await send([{ error: INTERNAL_ERROR }]);
  }
  await sink.close().catch(() => call.controller.abort());
}

async function drain(call: Call, send: (events: readonly object[]) => Promise<void>): Promise<AnswerOutcome> {
  for (;;) {
    const next = await call.answer.next();
    if (next.done === true) return next.value;
    await send(call.writer.writeChunks(next.value));
  }
}

function toBreakwaterEnd(call: Call, end: AnswerEnd): BreakwaterEnd {
  return {
    status: end.status,
    legs: end.legs,
    attempts: end.attempts.length,
    costMicroUsd: end.costMicroUsd,
    selectionId: call.selectionId,
  };
}

function toHeaders(deps: OpenAiDeps, end: AnswerEnd): Record<string, string> {
  const leg = end.legs.at(-1);
  const retryAfterMs = end.failure?.retryAfterMs ?? null;
  return {
    "x-breakwater-attempts": String(end.attempts.length),
    ...(leg === undefined ? {} : { "x-breakwater-provider": leg.provider, "x-breakwater-model": leg.model }),
    ...(leg !== undefined && deps.isSandbox(leg.provider) ? { "x-breakwater-sandbox": "true" } : {}),
    ...(retryAfterMs === null ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
  };
}

function toModelList(deps: OpenAiDeps): object {
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
