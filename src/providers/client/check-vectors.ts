/** What must be true of the vectors that any provider gave. Pure. Rules PR103, HT243. */
import type { EmbedCall } from "../embedder.ts";
import type { ProviderFailure } from "../failure.ts";
import { countDimensions, type Vector } from "../vector.ts";
import { toFailure } from "./post-json.ts";

/** An isolate has 128 MB for all of its calls, and an answer is in it twice: as it came and as it goes. */
export const MAX_VECTORS_BYTES = 20 * 1_048_576;

/** Null when there is one for each text, all of one length, and of the length that was asked for. */
export function checkVectors(
  vectors: readonly (Vector | undefined)[],
  { texts: { length: texts }, dimensions }: Pick<EmbedCall, "texts" | "dimensions">,
): ProviderFailure | null {
  const given = vectors.filter((vector) => vector !== undefined);
  if (vectors.length !== texts || given.length !== texts) {
    return toFailure("malformed", `${texts} texts were sent and ${given.length} vectors came`);
  }
  const lengths = new Set(given.map(countDimensions));
  if (lengths.size !== 1) return toFailure("malformed", "the vectors have different lengths");
  if (dimensions === undefined || lengths.has(dimensions)) return null;
  // The provider is well, and whoever asks again is given the same: its model has one length, and servers leave a wish for
  // another unheard.
  return toFailure("bad-request", `the model gives other vectors than of ${dimensions} dimensions`);
}
