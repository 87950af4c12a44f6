/** The ranges the analytics page offers, as they stand in its address. Pure. */

const DAY_MS = 86_400_000;

export const RANGES = [
  { name: "1d", text: "Last 24 hours", durationMs: DAY_MS },
  { name: "7d", text: "Last 7 days", durationMs: 7 * DAY_MS },
  { name: "30d", text: "Last 30 days", durationMs: 30 * DAY_MS },
  { name: "90d", text: "Last 90 days", durationMs: 90 * DAY_MS },
] as const;

export type Range = (typeof RANGES)[number];

/** The range by its name in the address; 30 days, the API's own default, when the name is not one of them. */
export function toRange(name: string | null): Range {
  return RANGES.find((range) => range.name === name) ?? RANGES[2];
}

/** Where the range begins, as the API wants it: to the minute, so that a page that is drawn again asks the same. */
export function toSince(range: Range, nowMs: number): string {
  const MINUTE_MS = 60_000;
  return new Date(Math.floor((nowMs - range.durationMs) / MINUTE_MS) * MINUTE_MS).toISOString();
}
