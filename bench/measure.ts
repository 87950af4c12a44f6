/** Figures of measured values. Pure. */

/** The value below which a share of the others lies (nearest rank). Throws for an empty list. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

export function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
