/** What must be true of the vectors that any provider gave. Pure. Rule PR103. */
import type { ProviderFailure } from "../failure.ts";
import { countDimensions, type Vector } from "../vector.ts";
import { toFailure } from "./post-json.ts";

/** An isolate has 128 MB for all of its calls, and an answer is in it twice: as it came and as it goes. */
export const MAX_VECTORS_BYTES = 20 * 1_048_576;

/** Null when there is one for each text, all of one length. */
export function checkVectors(
  vectors: readonly (Vector | undefined)[],
  texts: number,
): ProviderFailure | null {
  const given = vectors.filter((vector) => vector !== undefined);
  if (vectors.length !== texts || given.length !== texts) {
    return toFailure("malformed", `${texts} texts were sent and ${given.length} vectors came`);
  }
  const lengths = new Set(given.map(countDimensions));
  return lengths.size === 1 ? null : toFailure("malformed", "the vectors have different lengths");
}
