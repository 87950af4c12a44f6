/**
 * A vector as it travels: numbers, or their bytes (little-endian 32-bit floats) in base64, as OpenAI's wire has both. It
 * stays in the form it came in until somebody wants the other one. Pure. Rule PR102.
 */

/** The text of base64, or the numbers themselves. */
export type Vector = string | readonly number[];
export type VectorFormat = "float" | "base64";

const BYTES_PER_NUMBER = 4;
/** A call takes so many arguments everywhere. */
const PIECE_BYTES = 8_192;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/** True for a vector of at least one number. */
export function isVector(value: unknown): value is Vector {
  if (typeof value === "string") {
    return value.length % 4 === 0 && BASE64.test(value) && countBytes(value) % BYTES_PER_NUMBER === 0;
  }
  return Array.isArray(value) && value.length > 0 && value.every((number) => Number.isFinite(number));
}

export function countDimensions(vector: Vector): number {
  return typeof vector === "string" ? countBytes(vector) / BYTES_PER_NUMBER : vector.length;
}

export function toFormat(vector: Vector, format: VectorFormat): Vector {
  if (format === "float") return typeof vector === "string" ? toNumbers(vector) : vector;
  return typeof vector === "string" ? vector : toBase64(vector);
}

function countBytes(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

function toNumbers(base64: string): number[] {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.byteLength / BYTES_PER_NUMBER }, (_, index) =>
    view.getFloat32(index * BYTES_PER_NUMBER, true),
  );
}

function toBase64(numbers: readonly number[]): string {
  const bytes = new Uint8Array(numbers.length * BYTES_PER_NUMBER);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setFloat32(index * BYTES_PER_NUMBER, number, true);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  }
  return btoa(text);
}
