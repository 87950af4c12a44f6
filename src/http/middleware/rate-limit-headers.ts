/** What is left of a minute's calls, in the headers that the wires' own clients read. Pure. Rules HT158, HT159. */
import type { CallAllowance } from "../../routing/budgets/call-budget.ts";

export type WriteLimit = (headers: Headers, allowance: CallAllowance, limit: number, nowMs: number) => void;

export const writeOpenAiLimit: WriteLimit = (headers, { remaining, fullInMs }, limit) => {
  headers.set("x-ratelimit-limit-requests", String(limit));
  headers.set("x-ratelimit-remaining-requests", String(remaining));
  headers.set("x-ratelimit-reset-requests", toDuration(fullInMs));
};

export const writeAnthropicLimit: WriteLimit = (headers, { remaining, fullInMs }, limit, nowMs) => {
  headers.set("anthropic-ratelimit-requests-limit", String(limit));
  headers.set("anthropic-ratelimit-requests-remaining", String(remaining));
  headers.set("anthropic-ratelimit-requests-reset", new Date(nowMs + fullInMs).toISOString());
};

/** As OpenAI writes it: `60ms`, `1s`, `8.64s`, `6m0s`. A bucket is full within a minute, so no hours. */
export function toDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${durationMs}ms`;
  if (durationMs < 60_000) return `${durationMs / 1_000}s`;
  return `${Math.floor(durationMs / 60_000)}m${(durationMs % 60_000) / 1_000}s`;
}
