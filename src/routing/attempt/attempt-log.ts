/** What the log says of a turn's calls: operators query these events and fields by name. Rules RT23 and RT28. */
import type { Log } from "../../base/log.ts";
import type { TokenUsage } from "../../protocol/answer.ts";
import type { SelectionAttempt } from "../../protocol/selection.ts";
import type { AttemptEnd } from "./drive-attempt.ts";

interface NamedTarget {
  readonly provider: string;
  readonly model: string;
}

/** A candidate that was passed over without a call. */
export function logSkipped(log: Log, requestId: string, target: NamedTarget, reason: string): void {
  log.write("info", "provider_skipped", {
    request_id: requestId,
    provider: target.provider,
    model: target.model,
    reason,
  });
}

/** A finished call; `willRetry` says whether another call of the turn follows. A cancelled one leaves no line. */
export function logAttempt(log: Log, requestId: string, end: AttemptEnd, willRetry: boolean): void {
  const { record, failure } = end;
  if (failure === null) {
    log.write("info", "provider_success", {
      request_id: requestId,
      provider: record.provider,
      model: record.model,
      latency_ms: record.durationMs,
      tokens: countTokens(record.usage),
      cost_usd: record.costMicroUsd === null ? null : record.costMicroUsd / 1_000_000,
    });
  } else if (failure.kind !== "cancelled") {
    log.write("warn", "provider_failure", {
      request_id: requestId,
      provider: record.provider,
      model: record.model,
      latency_ms: record.durationMs,
      error: record.error ?? "",
      will_retry: willRetry,
    });
  }
}

export interface AllFailedFacts {
  readonly requestId: string;
  readonly requested: readonly string[];
  readonly attempts: readonly SelectionAttempt[];
  readonly notTried: readonly (NamedTarget & { readonly reason: string })[];
}

/** Names every call that failed, and every candidate that was not called, with the reason for it. */
export function logAllFailed(log: Log, facts: AllFailedFacts): void {
  const { attempts, notTried } = facts;
  const candidates = new Set([...attempts, ...notTried].map(({ provider, model }) => `${provider}/${model}`));
  log.write("error", "all_providers_failed", {
    request_id: facts.requestId,
    model_class: facts.requested.join(","),
    total_candidates: candidates.size,
    provider_errors: [
      ...attempts.map(({ provider, model, error }) => ({ provider, model, error: error ?? "" })),
      ...notTried.map(({ provider, model, reason }) => ({ provider, model, error: `not tried: ${reason}` })),
    ],
  });
}

/** All tokens of a call as they were reported; null when nothing was. */
export function countTokens(usage: TokenUsage): number | null {
  if (usage.inputTokens === null && usage.outputTokens === null) return null;
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
}
