/**
 * What a caller is told of an answer that did not become complete, apart from the wire it is told in. Pure. Rules HT51,
 * HT375.
 */
import type { TerminalState } from "../../protocol/answer.ts";
import type { AnswerEnd } from "../../routing/run-plan.ts";
import { toNotice } from "../../routing/selection-record.ts";

export interface AnswerFailure {
  readonly status: 400 | 404 | 429 | 502 | 503 | 504;
  readonly kind:
    | "incomplete"
    | "rate-limited"
    | "model-not-found"
    | "bad-request"
    | "context-too-long"
    | "content-refused"
    | "timeout"
    | "unavailable";
  /** A sentence in words of ours. */
  readonly message: string;
}

export function toAnswerFailure(end: AnswerEnd): AnswerFailure {
  const message = toNotice(end) ?? "The answer did not come to its end.";
  return toFailureOf(end.status, end.failure?.kind ?? null, message);
}

/** The same for an answer of which no more is known than its receipt. `cause`: the kind of the provider's failure. */
export function toFailureOf(status: TerminalState, cause: string | null, message: string): AnswerFailure {
  if (status === "incomplete") return { status: 502, kind: "incomplete", message };
  switch (cause) {
    case "rate-limited":
      return { status: 429, kind: "rate-limited", message };
    case "model-not-found":
      return { status: 404, kind: "model-not-found", message };
    case "bad-request":
    case "context-too-long":
    case "content-refused":
      return { status: 400, kind: cause, message };
    case "timeout":
      return { status: 504, kind: "timeout", message };
    default:
      return { status: 503, kind: "unavailable", message };
  }
}

/** What says to a client when to ask again, where that is known. */
export function toRetryAfter(
  failure: { readonly retryAfterMs: number | null } | null,
): Readonly<Record<string, string>> {
  const retryAfterMs = failure?.retryAfterMs ?? null;
  return retryAfterMs === null ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
}
