/** What a finished call tells its circuit. Pure. Rules RT28, RT74, RT84. */
import type { CallOutcome } from "../circuit/outcome.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import type { AttemptEnd } from "./attempt/drive-attempt.ts";
import { VERDICT_OF_FAILURE } from "./health-verdict.ts";

export function toCallOutcome(end: AttemptEnd, requestId: string, nowMs: number): CallOutcome {
  const { record, failure } = end;
  const { firstTokenMs } = record;
  return {
    verdict: toVerdict(end),
    requestId,
    model: record.model,
    atMs: nowMs,
    ...(failure === null && (firstTokenMs !== null || end.isWhole)
      ? // Of an answer in one piece nobody knows when its first token was there: it was under way from its start.
        { firstTokenAtMs: nowMs - record.durationMs + (firstTokenMs ?? 0) }
      : {}),
    latencyMs: failure === null ? (firstTokenMs ?? record.durationMs) : record.durationMs,
    ...(end.isWhole ? { isWhole: true } : {}),
    scope: failure === null ? "model" : toScope(failure),
    tokensPerSecond: end.tokensPerSecond,
    retryAfterMs: failure?.retryAfterMs ?? null,
    message: record.error ?? "",
  };
}

/**
 * A call that our own turn's end cut off says nothing of its provider. One that lost to a hedge was late, which is no
 * failure; it gave no word, so it does not count as good either.
 */
function toVerdict({ failure, turnOver, late }: AttemptEnd): CallOutcome["verdict"] {
  if (failure === null) return "success";
  if (late === true) return "late";
  return turnOver ? "neutral" : VERDICT_OF_FAILURE[failure.kind];
}

/** How far the fault reaches, as far as one call can tell. */
function toScope({ kind, phase, status }: ProviderFailure): CallOutcome["scope"] {
  const ofProvider =
    kind === "unreachable" ||
    // A 403 may be about one model that the key does not have: whoever pins it must not close the provider for all.
    (kind === "unauthorized" && status !== 403) ||
    kind === "payment-required" ||
    (kind === "timeout" && phase === "connect");
  return ofProvider ? "provider" : "model";
}
