/** Numbers, money and times as a reader sees them. Pure; `nowMs` and the time zone of `Date` are all it knows. */

const MICRO = 1_000_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Micro-dollars as dollars: two digits from a cent up, three that matter below it; an unknown price says so. */
export function formatMicroUsd(costMicroUsd: number | null): string {
  if (costMicroUsd === null) return "price unknown";
  if (costMicroUsd === 0) return "$0";
  const dollars = costMicroUsd / MICRO;
  if (dollars >= 0.01)
    return `$${dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${dollars.toLocaleString("en-US", { maximumSignificantDigits: 3, maximumFractionDigits: 6 })}`;
}

/** Milliseconds with the unit that suits them: `840 ms`, `1.2 s`, `2 min 5 s`; a dash when there is none. */
export function formatDuration(durationMs: number | null): string {
  if (durationMs === null) return "–";
  // Each unit ends where rounding would give the next one's first figure: no "1000 ms", no "60.0 s".
  if (durationMs < SECOND_MS - 0.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < MINUTE_MS - 50) return `${(durationMs / SECOND_MS).toFixed(1)} s`;
  const wholeSeconds = Math.round(durationMs / SECOND_MS);
  const minutes = Math.floor(wholeSeconds / 60);
  const seconds = wholeSeconds % 60;
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

/** What is left of a time span in whole seconds, never below zero: `12 s`, `1:05`. */
export function formatCountdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A count in full up to 9,999, then short: `12.3k`, `4.5M`; a dash when nobody counted. */
export function formatCount(count: number | null): string {
  if (count === null) return "–";
  if (count < 10_000) return count.toLocaleString("en-US");
  // From here on a thousand would be rounded to "1000k".
  if (count < MICRO - 50) return `${(count / 1_000).toFixed(1).replace(/\.0$/, "")}k`;
  return `${(count / MICRO).toFixed(1).replace(/\.0$/, "")}M`;
}

/** Bytes as a reader knows them from their files: `812 bytes`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return formatPlural(bytes, "byte");
  // From here on a kilobyte count would be rounded to "1024 KB".
  if (bytes < 1_047_552) return `${Math.round(bytes / 1_024)} KB`;
  return `${(bytes / 1_048_576).toFixed(1).replace(/\.0$/, "")} MB`;
}

/** A share from 0 to 1 as whole percent; above 0 it is never shown as 0, below 1 never as 100. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.01) return "<1%";
  if (share < 1 && share > 0.99) return ">99%";
  return `${Math.round(share * 100)}%`;
}

/** How long ago: `just now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. */
export function formatAgo(atMs: number, nowMs: number): string {
  const agoMs = nowMs - atMs;
  if (agoMs < 45 * SECOND_MS) return "just now";
  if (agoMs < HOUR_MS) return `${Math.max(1, Math.round(agoMs / MINUTE_MS))} min ago`;
  if (agoMs < DAY_MS) return `${Math.round(agoMs / HOUR_MS)} h ago`;
  if (agoMs < 7 * DAY_MS) return agoMs < 2 * DAY_MS ? "1 day ago" : `${Math.floor(agoMs / DAY_MS)} days ago`;
  return new Date(atMs).toLocaleDateString("en-US", { day: "numeric", month: "short", year: "numeric" });
}

/** The time of day with seconds, in the reader's zone. */
export function formatClock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** Day and time, in the reader's zone. */
export function formatMoment(atMs: number): string {
  return new Date(atMs).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** `1 attempt`, `2 attempts`. */
export function formatPlural(count: number, word: string): string {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}
