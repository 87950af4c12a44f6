/** What a caller is told of an answer that did not become complete, apart from the wire it is told in. Pure. Rule HT51. */
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
  if (end.status === "incomplete") return { status: 502, kind: "incomplete", message };
  switch (end.failure?.kind) {
    case "rate-limited":
      return { status: 429, kind: "rate-limited", message };
    case "model-not-found":
      return { status: 404, kind: "model-not-found", message };
    case "bad-request":
    case "context-too-long":
    case "content-refused":
      return { status: 400, kind: end.failure.kind, message };
    case "timeout":
      return { status: 504, kind: "timeout", message };
    default:
      return { status: 503, kind: "unavailable", message };
  }
}
