/** The plain check that the hot path makes in place of a parser: anything with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
