/**
 * A provider of embeddings in the place of one of answers, so that one and the same code decides about circuits,
 * retries, fallback, deadlines and the record of both (run-answer.ts). It says no word: the vectors are handed over.
 * Rules HT122, HT123, PR140.
 */
import { UNKNOWN_USAGE, type TokenUsage } from "../protocol/answer.ts";
import type { EmbedCall, Embedded, Embedder } from "../providers/embedder.ts";
import type { FindEmbedder } from "../providers/embedders.ts";
import type { ModelEvent, Provider } from "../providers/provider.ts";
import type { Vector } from "../providers/vector.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { RunPlanDeps } from "./run-plan.ts";

export interface EmbeddingTask extends Omit<EmbedCall, "modelId" | "kept"> {
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
  // By target: vectors of different models cannot be compared.
  const kept = new Map<string, Vector[]>();
  return {
    ...deps,
    findProvider: (id) => {
      const provider = deps.findProvider(id);
      const embedder = findEmbedder(id);
      return provider === null || embedder === null
        ? null
        : toEmbeddingProvider(provider, embedder, task, kept);
    },
    // They come in one piece: nothing is heard of them until they are there.
    deadlines: { ...deadlines, headersMs: Math.max(deadlines.headersMs, deadlines.firstTokenMs) },
    // The order of the models is the caller's: nobody is asked beside the first.
    hedgeBudget: null,
  };
}

function toEmbeddingProvider(
  provider: Provider,
  embedder: Embedder,
  { keep, ...call }: EmbeddingTask,
  keptByTarget: Map<string, Vector[]>,
): Provider {
  return {
    id: provider.id,
    ping: (signal) => provider.ping(signal),
    stream: ({ modelId }, signal) => {
      const target = `${provider.id}/${modelId}`;
      const kept = keptByTarget.get(target) ?? [];
      keptByTarget.set(target, kept);
      const before = kept.length;
      // Started at once, as the seam has it; it never rejects.
      const embedding = embedder.embed({ ...call, modelId, kept }, signal);
      return toEvents(embedding, keep, () => toPaidUsage(call.texts.slice(before, kept.length)));
    },
  };
}

async function* toEvents(
  embedding: ReturnType<Embedder["embed"]>,
  keep: EmbeddingTask["keep"],
  readPaid: () => TokenUsage,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const embedded = await embedding;
  if (!embedded.ok) {
    yield [{ type: "fail", failure: embedded.error, usage: readPaid() }];
    return;
  }
  const { vectors, usage } = embedded.value;
  keep(vectors);
  yield [{ type: "response-start" }, { type: "finish", finishReason: "stop", usage }];
}

/** What came before the failure was paid for; who asks in several requests does not say how much it was. */
function toPaidUsage(texts: readonly string[]): TokenUsage {
  if (texts.length === 0) return UNKNOWN_USAGE;
  const inputTokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0);
  return { ...UNKNOWN_USAGE, inputTokens, outputTokens: 0 };
}
