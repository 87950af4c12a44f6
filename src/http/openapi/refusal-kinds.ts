/**
 * What each refusal is called on each wire, with a sentence as an example. The same words that respond.ts and the wires'
 * own failures have: a test compares them (rule HT166).
 */
import type { Problem } from "../../protocol/problem.ts";
import type { RefusalStatus } from "./operation.ts";

export interface RefusalKind {
  readonly title: string;
  readonly code: Problem["code"];
  readonly openai: { readonly type: string; readonly code: string };
  readonly anthropic: string;
  /** Said to whoever reads the document. */
  readonly description: string;
  /** Said to whoever sent the request. */
  readonly detail: string;
}

const INVALID = "invalid_request_error";
const SERVER = "server_error";

/** Statuses that only model calls have stand with the words they have there. */
export const REFUSAL_KINDS: Readonly<Record<RefusalStatus, RefusalKind>> = {
  400: {
    title: "Invalid request",
    code: "invalid-request",
    openai: { type: INVALID, code: "invalid_request" },
    anthropic: INVALID,
    description: "The request has another shape, or asks for what cannot be. The place is named.",
    detail: "temprature: is not known here and would have no effect; leave it out.",
  },
  401: {
    title: "Not signed in",
    code: "unauthenticated",
    openai: { type: INVALID, code: "invalid_api_key" },
    anthropic: "authentication_error",
    description: "Nobody is known by these credentials.",
    detail: "Sign in, or send a valid API key.",
  },
  403: {
    title: "Not allowed",
    code: "forbidden",
    openai: { type: INVALID, code: "forbidden" },
    anthropic: "permission_error",
    description: "Not for this caller; or a page of another site used a visitor's cookie.",
    detail: "The request comes from a page of another site.",
  },
  404: {
    title: "Not found",
    code: "not-found",
    openai: { type: INVALID, code: "model_not_found" },
    anthropic: "not_found_error",
    description: "There is no such thing, or it is somebody else's.",
    detail: "There is nothing of this name.",
  },
  409: {
    title: "Conflict",
    code: "conflict",
    openai: { type: INVALID, code: "conflict" },
    anthropic: INVALID,
    description: "It does not go with what is there, or the same call is running already.",
    detail: "It does not go with what is there.",
  },
  413: {
    title: "Request too large",
    code: "too-large",
    openai: { type: INVALID, code: "request_too_large" },
    anthropic: "request_too_large",
    description: "The body is above its limit.",
    detail: "The body may have at most 1 MiB.",
  },
  415: {
    title: "Unsupported media type",
    code: "unsupported-media-type",
    openai: { type: INVALID, code: "unsupported_media_type" },
    anthropic: INVALID,
    description: "The body is of another type.",
    detail: "Send the body as application/json.",
  },
  422: {
    title: "Key reused",
    code: "key-reused",
    openai: { type: INVALID, code: "idempotency_key_reused" },
    anthropic: INVALID,
    description: "The `idempotency-key` was sent with another body before.",
    detail: "This key was sent with another body before.",
  },
  426: {
    title: "Upgrade required",
    code: "upgrade-required",
    openai: { type: INVALID, code: "upgrade_required" },
    anthropic: INVALID,
    description: "This address speaks only over a WebSocket.",
    detail: "Open this address as a WebSocket.",
  },
  429: {
    title: "Too many requests",
    code: "rate-limited",
    openai: { type: "rate_limit_error", code: "rate_limit_exceeded" },
    anthropic: "rate_limit_error",
    description: "A pause is asked for; `retry-after` says how long where that is known.",
    detail: "A pause is asked for.",
  },
  500: {
    title: "Internal error",
    code: "internal",
    openai: { type: SERVER, code: "internal_error" },
    anthropic: "api_error",
    description: "A bug of ours. It is on record under the request id.",
    detail: "Something went wrong on our side. It is on record under the request id.",
  },
  502: {
    title: "Incomplete answer",
    code: "unavailable",
    openai: { type: SERVER, code: "incomplete_answer" },
    anthropic: "api_error",
    description: "The answer broke off and nobody went on with it; half of one is never given.",
    detail: "The answer broke off.",
  },
  503: {
    title: "Unavailable",
    code: "unavailable",
    openai: { type: SERVER, code: "all_providers_failed" },
    anthropic: "overloaded_error",
    description: "No provider could answer, or a part of ours is down.",
    detail: "No provider could answer.",
  },
  504: {
    title: "Timeout",
    code: "unavailable",
    openai: { type: SERVER, code: "timeout" },
    anthropic: "timeout_error",
    description: "The answer was not done within the time it was given.",
    detail: "The answer took too long.",
  },
};
