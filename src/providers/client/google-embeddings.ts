/** Embeddings of Google's Gemini API, whose calls take a hundred texts each and count no tokens. Rules PR100, PR103, PR105, PR140. */
import { z } from "zod";
import { fail, succeed, type Result } from "../../base/result.ts";
import { UNKNOWN_USAGE } from "../../protocol/answer.ts";
import type { EmbedCall, Embedder } from "../embedder.ts";
import type { ProviderFailure } from "../failure.ts";
import { isVector, type Vector } from "../vector.ts";
import { checkVectors, MAX_VECTORS_BYTES } from "./check-vectors.ts";
import { toCancelledFailure, type ConnectionOptions } from "./fetch-function.ts";
import { postJson, toFailure } from "./post-json.ts";

const MAX_TEXTS_PER_CALL = 100;

const Batch = z.object({ embeddings: z.array(z.object({ values: z.custom<Vector>(isVector) })) });

export function createGoogleEmbedder(connection: ConnectionOptions): Embedder {
  return {
    async embed(call, signal) {
      const vectors = call.kept ?? [];
      // One after another: an account's calls in a minute are few, and texts are many.
      while (vectors.length < call.texts.length) {
        const end = vectors.length + MAX_TEXTS_PER_CALL;
        const texts = call.texts.slice(vectors.length, end);
        const batch = await embedBatch(connection, { ...call, texts }, signal);
        if (!batch.ok) return batch;
        // Whoever asks next has begun where this one stood.
        if (signal.aborted) return fail(toCancelledFailure("first-token", null));
        // Checked before it is kept: nobody asks for these texts again.
        const complaint = checkVectors([...vectors, ...batch.value], {
          ...call,
          texts: call.texts.slice(0, end),
        });
        if (complaint !== null) return fail(complaint);
        vectors.push(...batch.value);
      }
      return succeed({ vectors, usage: UNKNOWN_USAGE });
    },
  };
}

async function embedBatch(
  connection: ConnectionOptions,
  { modelId, texts, dimensions }: EmbedCall,
  signal: AbortSignal,
): Promise<Result<readonly Vector[], ProviderFailure>> {
  const { apiKey } = connection;
  const model = `models/${modelId}`;
  const requests = texts.map((text) => ({
    model,
    content: { parts: [{ text }] },
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
  }));
  const post = {
    path: `/models/${encodeURIComponent(modelId)}:batchEmbedContents`,
    headers: apiKey === null ? {} : { "x-goog-api-key": apiKey },
    body: { requests },
    maxBytes: MAX_VECTORS_BYTES,
  };
  const answer = await postJson(connection, post, signal);
  if (!answer.ok) return answer;
  const parsed = Batch.safeParse(answer.value);
  if (!parsed.success) return fail(toFailure("malformed", "the answer has no vectors"));
  return succeed(parsed.data.embeddings.map(({ values }) => values));
}
