/** Writes embeddings as OpenAI's wire has them. There is no stream on this wire. Pure. Rules HT120, HT122. */
import type { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";
import type { Embedded } from "../../../providers/embedder.ts";
import { toFormat, type VectorFormat } from "../../../providers/vector.ts";
import type { AnswerEnd } from "../../../routing/run-plan.ts";
import type { WireRefusal, WireWriter } from "../../door/wire-writer.ts";
import { toOpenAiError } from "../openai-error.ts";

export class EmbeddingsWriter implements WireWriter {
  private readonly format: VectorFormat;
  private readonly readVectors: () => Embedded["vectors"];

  constructor(format: VectorFormat, readVectors: () => Embedded["vectors"]) {
    this.format = format;
    this.readVectors = readVectors;
  }

  toWhole(end: AnswerEnd, breakwater: BreakwaterEnd): object {
    const leg = end.legs.at(-1);
    const tokens = end.usage.inputTokens ?? 0;
    return {
      object: "list",
      data: this.readVectors().map((vector, index) => ({
        object: "embedding",
        index,
        embedding: toFormat(vector, this.format),
      })),
      model: leg === undefined ? "" : `${leg.provider}/${leg.model}`,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
      breakwater,
    };
  }

  toRefusal(end: AnswerEnd, breakwater: BreakwaterEnd): WireRefusal {
    const { status, error } = toOpenAiError(end);
    return { status, body: { error, breakwater } };
  }

  startOver(): void {
    // The vectors of the next call take the place of those before.
  }

  write(): string {
    return "";
  }

  end(): string {
    return this.refuseStream();
  }

  fail(): string {
    return this.refuseStream();
  }

  crash(): string {
    return this.refuseStream();
  }

  private refuseStream(): never {
    throw new Error("embeddings are never streamed");
  }
}
