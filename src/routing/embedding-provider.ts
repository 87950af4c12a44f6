/**
 * A provider of embeddings in the place of one of answers, so that one and the same code decides about circuits,
 * retries, fallback, deadlines and the record of both (run-answer.ts). It says no word: the vectors are handed over.
 * Rules HT122, HT123.
 */
import { UNKNOWN_USAGE } from "../protocol/answer.ts";
import type { EmbedCall, Embedded, Embedder } from "../providers/embedder.ts";
import type { FindEmbedder } from "../providers/embedders.ts";
import type { ModelEvent, Provider } from "../providers/provider.ts";
import type { RunPlanDeps } from "./run-plan.ts";

export interface EmbeddingTask extends Omit<EmbedCall, "modelId"> {
  /** Called with what a call gave, before it ends well. */
  readonly keep: (vectors: Embedded["vectors"]) => void;
}

type EmbeddingDeps = Pick<RunPlanDeps, "findProvider" | "deadlines" | "hedgeBudget">;

/** What an answer is run with, for embeddings. */
export function toEmbeddingDeps<Deps extends EmbeddingDeps>(
  deps: Deps,
  findEmbedder: FindEmbedder,
  task: EmbeddingTask,
): Deps {
  const { deadlines } = deps;
  return {
    ...deps,
    findProvider: (id) => {
      const provider = deps.findProvider(id);
      const embedder = findEmbedder(id);
      return provider === null || embedder === null ? null : toEmbeddingProvider(provider, embedder, task);
    },
    // They come in one piece: nothing is heard of them until they are there.
    deadlines: { ...deadlines, headersMs: Math.max(deadlines.headersMs, deadlines.firstTokenMs) },
    // The order of the models is the caller's: nobody is asked beside the first.
    hedgeBudget: null,
  };
}

function toEmbeddingProvider(provider: Provider, embedder: Embedder, task: EmbeddingTask): Provider {
  const { keep, ...call } = task;
  return {
    id: provider.id,
    ping: (signal) => provider.ping(signal),
    stream: ({ modelId }, signal) => {
      // Started at once, as the seam has it; it never rejects.
      const embedding = embedder.embed({ ...call, modelId }, signal);
      return toEvents(embedding, keep);
    },
  };
}

async function* toEvents(
  embedding: ReturnType<Embedder["embed"]>,
  keep: EmbeddingTask["keep"],
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const embedded = await embedding;
  if (!embedded.ok) {
    yield [{ type: "fail", failure: embedded.error, usage: UNKNOWN_USAGE }];
    return;
  }
  const { vectors, usage } = embedded.value;
  keep(vectors);
  yield [{ type: "response-start" }, { type: "finish", finishReason: "stop", usage }];
}
