/** Anthropic's error objects. Pure. Rules HT88, HT89. */
import type { AnthropicError, AnthropicErrorType } from "../../protocol/anthropic.ts";
import type { AnswerEnd } from "../../routing/run-plan.ts";
import type { AppContext } from "../app-env.ts";
import { toAnswerFailure, type AnswerFailure } from "../door/answer-failure.ts";
import type { CallMistake } from "../door/wire-writer.ts";

const TYPES: Readonly<Record<AnswerFailure["kind"], AnthropicErrorType>> = {
  incomplete: "api_error",
  "rate-limited": "rate_limit_error",
  "model-not-found": "not_found_error",
  "bad-request": "invalid_request_error",
  "context-too-long": "invalid_request_error",
  "content-refused": "invalid_request_error",
  timeout: "timeout_error",
  unavailable: "overloaded_error",
};

export function toAnthropicError(
  type: AnthropicErrorType,
  message: string,
  requestId: string,
): AnthropicError {
  return { type: "error", error: { type, message }, request_id: requestId };
}

/** A bug of ours in the middle of a stream, where no status can say so any more. */
export function toInternalError(requestId: string): AnthropicError {
  const message = "Something went wrong on our side. It is on record under the request id.";
  return toAnthropicError("api_error", message, requestId);
}

/** Of an answer that did not become complete, and the status of a call that nothing was sent of. */
export function toFailureError(
  end: AnswerEnd,
  requestId: string,
): { readonly status: AnswerFailure["status"]; readonly error: AnthropicError } {
  const { status, kind, message } = toAnswerFailure(end);
  return { status, error: toAnthropicError(TYPES[kind], message, requestId) };
}

/** The answer to a call that nobody was asked for. */
export function refuseCall(context: AppContext, { code, message }: CallMistake): Response {
  const requestId = context.get("requestId");
  return code === "model-not-found"
    ? context.json(toAnthropicError("not_found_error", message, requestId), 404)
    : context.json(toAnthropicError("invalid_request_error", message, requestId), 400);
}
