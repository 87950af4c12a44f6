/** OpenAI's list of models, and its embeddings. */
import { EmbeddingsRequest } from "../../../protocol/openai-embeddings.ts";
import { BREAKWATER_END } from "../examples.ts";
import { MODEL_CALL_HEADERS, OPENAI_LIMIT_HEADERS } from "../headers.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";
import { MODEL_CALL_REFUSALS } from "../refusals.ts";
import { UncachedCallHeaders } from "../request-headers.ts";
import { EmbeddingList, Model, ModelList } from "../shapes/openai-answer.ts";

const CLASS = {
  id: "balanced",
  object: "model",
  created: 0,
  owned_by: "breakwater",
  description: "Good answers at a fair price.",
  targets: ["anthropic/claude-sonnet-5"],
};
const TARGET = {
  id: "anthropic/claude-sonnet-5",
  object: "model",
  created: 0,
  owned_by: "anthropic",
  description: "Claude Sonnet 5",
  sandbox: false,
};

export const EMBEDDING_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "POST",
    path: "/v1/embeddings",
    id: "createEmbeddings",
    tag: "Model calls",
    summary: "Embeddings, on OpenAI's wire",
    description:
      "Pin a target: vectors of different models cannot be compared, so a class is refused. One vector for each text, in their order.",
    requestHeaders: UncachedCallHeaders,
    body: toJsonBody(EmbeddingsRequest, {
      text: {
        summary: "One text",
        value: { model: "openai/text-embedding-3-small", input: "A wall in the sea." },
      },
      texts: {
        summary: "Several, with fewer dimensions",
        value: {
          model: "openai/text-embedding-3-small",
          input: ["A wall in the sea.", "A calm harbour."],
          dimensions: 256,
        },
      },
    }),
    answers: {
      200: toJsonAnswer(
        "The vectors.",
        EmbeddingList,
        {
          object: "list",
          data: [{ object: "embedding", index: 0, embedding: [0.0123, -0.0456, 0.0789] }],
          model: "openai/text-embedding-3-small",
          usage: { prompt_tokens: 5, total_tokens: 5 },
          breakwater: BREAKWATER_END,
        },
        [...MODEL_CALL_HEADERS, ...OPENAI_LIMIT_HEADERS],
      ),
    },
    refusals: MODEL_CALL_REFUSALS,
  },
];

export const OPENAI_MODEL_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: "/v1/models",
    id: "listModels",
    tag: "Models",
    summary: "Classes and targets, as OpenAI lists models",
    answers: {
      200: toJsonAnswer("What `model` can be.", ModelList, { object: "list", data: [CLASS, TARGET] }),
    },
  },
  {
    method: "GET",
    path: "/v1/models/:model{.+}",
    id: "readModel",
    tag: "Models",
    summary: "One class or target",
    answers: { 200: toJsonAnswer("The class or the target.", Model, CLASS) },
  },
];
