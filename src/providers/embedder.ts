/**
 * The seam between Breakwater and every provider of embeddings, beside that of answers (provider.ts). An adapter speaks
 * the wire and classifies failures; it does not retry, time out or choose. Rules PR100 to PR106, PR140.
 */
import type { Result } from "../base/result.ts";
import type { TokenUsage } from "../protocol/answer.ts";
import type { ProviderFailure } from "./failure.ts";
import type { Vector, VectorFormat } from "./vector.ts";

export interface EmbedCall {
  /** The provider's own name for the model, passed on as it is. */
  readonly modelId: string;
  readonly texts: readonly string[];
  /** Left out: as many as the model has. */
  readonly dimensions?: number;
  /** How the vectors are wanted; an adapter gives another form where its wire has only that. */
  readonly format: VectorFormat;
  /**
   * What earlier calls of these texts at this model have given before they failed; who asks in several requests goes on
   * behind it, and adds what comes. Left out: nothing is kept.
   */
  readonly kept?: Vector[];
}

export interface Embedded {
  /** One for each text, in their order. */
  readonly vectors: readonly Vector[];
  readonly usage: TokenUsage;
}

export interface Embedder {
  /** Never rejects. Aborting `signal` closes the connection and ends with a failure of kind `cancelled`. */
  embed(call: EmbedCall, signal: AbortSignal): Promise<Result<Embedded, ProviderFailure>>;
}
