/** What a value takes as JSON, where rows and answers have their bounds. Pure. */

const encoder = new TextEncoder();

/** Bytes of UTF-8; what is undefined is written as null. */
export function countJsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value ?? null)).length;
}
