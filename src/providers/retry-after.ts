/** How long a provider asks us to stay away, read from its headers. Pure: the time is given. Rule PR45. */

/** What a header holds; the platform's `Headers` fits. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** Nobody waits longer than a day: a provider that says more is asked again tomorrow. */
export const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** `retry-after-ms` is OpenAI's and more exact; `Retry-After` is seconds, or an HTTP date. */
export function parseRetryAfter(headers: HeaderReader, nowMs: number): number | null {
  const exact = parseDecimal(headers.get("retry-after-ms"));
  if (exact !== null) return clampDelay(exact);
  const header = headers.get("retry-after");
  const seconds = parseDecimal(header);
  if (seconds !== null) return clampDelay(seconds * 1000);
  // Only a date with letters in it: `Date.parse` takes all kinds of numbers for years.
  const date = header !== null && /[a-z]/i.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : clampDelay(date - nowMs);
}

/** Google's body says `"retryDelay": "34.07s"`. */
export function parseGoogleRetryDelay(text: string): number | null {
  const seconds = text.endsWith("s") ? parseDecimal(text.slice(0, -1)) : null;
  return seconds === null ? null : clampDelay(seconds * 1000);
}

function parseDecimal(text: string | null): number | null {
  const trimmed = text?.trim() ?? "";
  return /^\d{1,12}(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

function clampDelay(delayMs: number): number {
  return Math.min(Math.max(Math.ceil(delayMs), 0), MAX_RETRY_AFTER_MS);
}
