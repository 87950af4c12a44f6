/** Embeddings on OpenAI's wire: OpenAI, Ollama and every compatible endpoint. Rules PR100 to PR104. */
import { z } from "zod";
import { fail, succeed } from "../../base/result.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../protocol/answer.ts";
import type { Embedder } from "../embedder.ts";
import { parseOpenAiUsage } from "../token-usage.ts";
import { isVector, type Vector } from "../vector.ts";
import { checkVectors, MAX_VECTORS_BYTES } from "./check-vectors.ts";
import type { ConnectionOptions } from "./fetch-function.ts";
import { postJson, toFailure } from "./post-json.ts";

const Embeddings = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.custom<Vector>(isVector) })),
  usage: z.unknown().optional(),
});

export function createOpenAiEmbedder(connection: ConnectionOptions): Embedder {
  const { apiKey } = connection;
  return {
    async embed(call, signal) {
      const { modelId, texts, dimensions, format } = call;
      const post = {
        path: "/embeddings",
        headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
        body: {
          model: modelId,
          input: texts,
          encoding_format: format,
          ...(dimensions === undefined ? {} : { dimensions }),
        },
        maxBytes: MAX_VECTORS_BYTES,
      };
      const answer = await postJson(connection, post, signal);
      if (!answer.ok) return answer;
      const parsed = Embeddings.safeParse(answer.value);
      if (!parsed.success) return fail(toFailure("malformed", "the answer has no vectors"));
      const { data, usage } = parsed.data;
      // A list has a place for each number up to its last.
      if (data.some(({ index }) => index >= texts.length))
        return fail(toFailure("malformed", "a vector came for a text that was not sent"));
      const vectors: Vector[] = [];
      for (const { index, embedding } of data) vectors[index] = embedding;
      const complaint = checkVectors(vectors, call);
      return complaint === null ? succeed({ vectors, usage: toUsage(usage) }) : fail(complaint);
    },
  };
}

/** Nothing is said in return, so that there are no tokens to pay for. */
function toUsage(value: unknown): TokenUsage {
  const { inputTokens } = parseOpenAiUsage(value) ?? UNKNOWN_USAGE;
  return { ...UNKNOWN_USAGE, inputTokens, outputTokens: 0 };
}
