/**
 * A stand-in's embedding of a text: its words, each thrown into a few places of the vector, so that texts with words in
 * common are near each other. The same text has the same vector on every run. (aimock gives vectors of bytes of a hash,
 * in one form, and knows no batches of Google's.) Pure.
 */
import { hashText, wordsOf } from "./measure-text.ts";

/** As many as the smallest of OpenAI's models has. */
const DIMENSIONS = 1_536;
const PLACES_OF_A_WORD = 4;

/** Of length 1, as models give them. */
export function toVector(text: string, dimensions: number | null): number[] {
  const vector = Array.from({ length: dimensions ?? DIMENSIONS }, () => 0);
  // The text itself as well, so that there is no vector of nothing.
  for (const word of [text, ...wordsOf(text.toLowerCase())]) {
    for (let place = 0; place < PLACES_OF_A_WORD; place += 1) {
      const hash = hashText(`${place} ${word}`);
      const at = hash % vector.length;
      vector[at] = (vector[at] ?? 0) + (hash > 0x7fffffff ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector);
  // Everything may have cancelled itself out.
  if (length === 0) return vector.map((_, index) => (index === 0 ? 1 : 0));
  return vector.map((number) => Math.fround(number / length));
}

/** Little-endian 32-bit floats. */
export function toBase64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}
