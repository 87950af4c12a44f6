/** OpenAI's error objects. Pure. Rules HT51, HT52. */
import type { OpenAiError } from "../../protocol/openai.ts";
import type { AnswerEnd } from "../../routing/run-plan.ts";
import type { AppContext } from "../app-env.ts";
import { toAnswerFailure, type AnswerFailure } from "../door/answer-failure.ts";
import type { CallMistake } from "../door/wire-writer.ts";

/** A bug of ours in the middle of a stream, where no status can say so any more. */
export const INTERNAL_ERROR: OpenAiError = {
  message: "Something went wrong on our side. It is on record under the request id.",
  type: "server_error",
  param: null,
  code: "internal_error",
};

const KINDS: Readonly<Record<AnswerFailure["kind"], Omit<OpenAiError, "message">>> = {
  incomplete: { type: "server_error", param: null, code: "incomplete_answer" },
  "rate-limited": { type: "rate_limit_error", param: null, code: "rate_limit_exceeded" },
  "model-not-found": { type: "invalid_request_error", param: "model", code: "model_not_found" },
  "bad-request": { type: "invalid_request_error", param: null, code: "bad_request" },
  "context-too-long": { type: "invalid_request_error", param: null, code: "context_length_exceeded" },
  "content-refused": { type: "invalid_request_error", param: null, code: "content_refused" },
  timeout: { type: "server_error", param: null, code: "timeout" },
  unavailable: { type: "server_error", param: null, code: "all_providers_failed" },
};

export interface OpenAiRefusal {
  readonly status: AnswerFailure["status"];
  readonly error: OpenAiError;
}

/** Of an answer that did not become complete, and the status of a call that nothing was sent of. */
export function toOpenAiError(end: AnswerEnd): OpenAiRefusal {
  return toOpenAiRefusal(toAnswerFailure(end));
}

export function toOpenAiRefusal({ status, kind, message }: AnswerFailure): OpenAiRefusal {
  return { status, error: { message, ...KINDS[kind] } };
}

/** The answer to a call that nobody was asked for. */
export function refuseCall(context: AppContext, { code, param, message }: CallMistake): Response {
  const type = "invalid_request_error";
  return code === "model-not-found"
    ? context.json({ error: { message, type, param, code: "model_not_found" } }, 404)
    : context.json({ error: { message, type, param, code: "invalid_request" } }, 400);
}
