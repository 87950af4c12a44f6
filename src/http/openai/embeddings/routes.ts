/**
 * `POST /v1/embeddings` as OpenAI's own clients speak it. Circuits, retries, fallback and the record are those of an
 * answer (src/routing/embedding-provider.ts). Rules HT120 to HT124.
 */
import type { Hono } from "hono";
import { fail, succeed, type Result } from "../../../base/result.ts";
import { EmbeddingsRequest } from "../../../protocol/openai-embeddings.ts";
import { parseRequestedModel, toRequestedNames, type Catalog } from "../../../providers/catalog.ts";
import type { Embedded } from "../../../providers/embedder.ts";
import type { EmbeddingTask } from "../../../routing/embedding-provider.ts";
import type { AnswerInput } from "../../../routing/run-answer.ts";
import type { AppContext, AppEnv } from "../../app-env.ts";
import { CACHE_HEADER } from "../../door/cache/cache-wish.ts";
import { openAnswer, type Answer, type DoorDeps } from "../../door/open-answer.ts";
import { serveAnswer } from "../../door/serve-answer.ts";
import type { CallMistake } from "../../door/wire-writer.ts";
import { refuseCall } from "../openai-error.ts";
import { readOpenAiBody } from "../read-openai-body.ts";
import { EmbeddingsWriter } from "./embeddings-writer.ts";

export interface EmbeddingDeps extends DoorDeps {
  readonly hasEmbeddings: (provider: string) => boolean;
  /** As `runAnswer`, with embeddings in the place of words. */
  readonly runEmbedding: (input: AnswerInput, task: EmbeddingTask) => Answer;
}

export function addEmbeddingRoutes(routes: Hono<AppEnv>, deps: EmbeddingDeps): void {
  routes.post("/embeddings", (context) => embed(deps, context));
}

async function embed(deps: EmbeddingDeps, context: AppContext): Promise<Response> {
  const body = await readOpenAiBody(context, EmbeddingsRequest);
  if (!body.ok) return body.error;
  const { input, dimensions, encoding_format: format } = body.value;
  const models = toRequestedNames(body.value);
  const mistake = findMistake(deps, context, models);
  if (mistake !== null) return refuseCall(context, mistake);
  const texts = typeof input === "string" ? [input] : input;
  let vectors: Embedded["vectors"] = [];
  const task: EmbeddingTask = {
    texts,
    format: format ?? "float",
    ...(dimensions == null ? {} : { dimensions }),
    keep: (given) => {
      vectors = given;
    },
  };
  const runAnswer = (input: AnswerInput): Answer => deps.runEmbedding(input, task);
  const open = openAnswer({ ...deps, runAnswer }, context, {
    models,
    // What is sent, for the estimate of its tokens; nobody is asked to answer it.
    call: { prompt: [{ role: "user", content: texts.map((text) => ({ type: "text", text })) }] },
    question: "",
    stream: false,
  });
  if (!open.ok) return refuseCall(context, open.error);
  return serveAnswer(deps, context, open.value, new EmbeddingsWriter(task.format, () => vectors));
}

function findMistake(
  deps: EmbeddingDeps,
  context: AppContext,
  models: readonly string[],
): CallMistake | null {
  if (context.req.header(CACHE_HEADER) !== undefined) {
    const message = `${CACHE_HEADER}: embeddings are not kept; leave it out.`;
    return { code: "invalid-request", param: CACHE_HEADER, message };
  }
  if (models.length === 0) {
    const message = "model: name one, as provider/model-id; no model is asked for embeddings by itself.";
    return { code: "invalid-request", param: "model", message };
  }
  for (const name of models) {
    const pinned = checkModel(deps.catalog, deps.hasEmbeddings, name);
    if (!pinned.ok) return { code: "model-not-found", param: "model", message: pinned.error };
  }
  return null;
}

function checkModel(
  catalog: Catalog,
  hasEmbeddings: EmbeddingDeps["hasEmbeddings"],
  name: string,
): Result<null, string> {
  const parsed = parseRequestedModel(catalog, name);
  if (!parsed.ok) return parsed;
  if (parsed.value.kind === "class") {
    return fail(
      `"${name}" is a class: vectors of different models cannot be compared. Pin one as provider/model-id.`,
    );
  }
  const { provider } = parsed.value.target;
  if (hasEmbeddings(provider)) return succeed(null);
  const able = catalog.providers.filter(hasEmbeddings);
  return fail(
    `"${provider}" has no embeddings. Ask one of ${able.length === 0 ? "none (none is set up here)" : able.join(", ")}.`,
  );
}
