/**
 * One classifier for every provider's refusals: HTTP status, headers and body → ProviderFailure. It knows the
 * shapes of OpenAI, Anthropic, Google, DeepSeek and Ollama. What breaks after a good status is not here. Rules
 * PR40 to PR47.
 */
import { z } from "zod";
import { parseJson } from "../base/parse-json.ts";
import type { ProviderFailure, ProviderFailureKind } from "./failure.ts";
import { toFailureMessage } from "./failure-message.ts";
import { parseGoogleRetryDelay, parseRetryAfter } from "./retry-after.ts";
import type { HeaderReader } from "./retry-after.ts";

export interface RefusedResponse {
  readonly status: number;
  readonly headers: HeaderReader;
  /** As much of the body as was read; need not be JSON. */
  readonly body: string;
  readonly nowMs: number;
  /** Replaced wherever they appear in the message. */
  readonly secrets?: readonly string[];
}

/** What providers say about an error, in one shape. */
export interface ErrorDescription {
  /** Lower case; code, type and status words joined, for matching. */
  readonly words: string;
  readonly message: string;
  readonly retryDelayMs: number | null;
}

const loose = z.union([z.string(), z.number()]).nullish().catch(null);
const ErrorObject = z.object({
  message: z.string().nullish().catch(null),
  code: loose,
  type: loose,
  /** Google's word: RESOURCE_EXHAUSTED. */
  status: loose,
  /** Google's: reasons and retry delays. */
  details: z
    .array(z.looseObject({ reason: z.string().optional(), retryDelay: z.string().optional() }).catch({}))
    .nullish()
    .catch(null),
});
const ErrorBody = z.object({ error: z.union([ErrorObject, z.string()]) });
/** Google wraps the errors of a stream in an array. */
const AnyErrorBody = z.union([
  ErrorBody,
  z.tuple([ErrorBody], z.unknown()).transform(([first]) => first),
  ErrorObject,
]);

/** Reads an error object of any provider; null when the value is none. */
export function describeError(value: unknown): ErrorDescription | null {
  const parsed = AnyErrorBody.safeParse(value);
  if (!parsed.success) return null;
  const error = "error" in parsed.data ? parsed.data.error : parsed.data;
  if (typeof error === "string") return { words: "", message: error, retryDelayMs: null };
  const reasons = (error.details ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  const delays = (error.details ?? []).flatMap(({ retryDelay }) =>
    retryDelay === undefined ? [] : [retryDelay],
  );
  // Numbers repeat the status; many providers say the same word as code and as type.
  const words = new Set(
    [error.code, error.type, error.status, ...reasons].filter((word) => typeof word === "string"),
  );
  if (words.size === 0 && typeof error.message !== "string") return null;
  return {
    words: [...words].join(" ").toLowerCase(),
    message: error.message ?? "",
    retryDelayMs: delays[0] === undefined ? null : parseGoogleRetryDelay(delays[0]),
  };
}

function describeBody(body: string): ErrorDescription {
  const json = parseJson(body);
  // A proxy's HTML page or a plain sentence: the status is all there is to go by.
  return (json.ok ? describeError(json.value) : null) ?? { words: "", message: body, retryDelayMs: null };
}

const CONTEXT_WORDS = /context_length_exceeded|context_window_exceeded|string_above_max_length/;
const CONTEXT_MESSAGE =
  /prompt is too long|maximum context length|context (?:length|window|size)|exceeds? the (?:maximum )?(?:number of )?(?:input )?tokens?|input token count|too many (?:input )?tokens/i;
const CREDIT_WORDS = /insufficient_quota|billing|insufficient_balance|payment_required/;
const CREDIT_MESSAGE =
  /credit balance is too low|insufficient balance|exceeded your current quota, please check your plan and billing/i;
const REFUSED_WORDS =
  /content_filter|content_policy|responsibleaipolicyviolation|prohibited_content|\bsafety\b|moderation/;
const KEY_WORDS =
  /invalid_api_key|api_key_invalid|authentication_error|permission_error|unauthenticated|permission_denied/;
const MODEL_WORDS = /model_not_found|not_found_error/;

/** 400, 413, 422 and their like: whose fault is in the words, not in the number. */
function classifyRequestError({ words, message }: ErrorDescription): ProviderFailureKind {
  if (CONTEXT_WORDS.test(words) || CONTEXT_MESSAGE.test(message)) return "context-too-long";
  if (REFUSED_WORDS.test(words)) return "content-refused";
  // Google answers a wrong key with 400, Anthropic an empty purse.
  if (KEY_WORDS.test(words)) return "unauthorized";
  if (CREDIT_WORDS.test(words) || CREDIT_MESSAGE.test(message)) return "payment-required";
  if (MODEL_WORDS.test(words)) return "model-not-found";
  return "bad-request";
}

function classifyStatus(status: number, description: ErrorDescription): ProviderFailureKind {
  if (status === 429) {
    const outOfCredit = CREDIT_WORDS.test(description.words) || CREDIT_MESSAGE.test(description.message);
    // Google says "check your plan and billing" of every quota, also of the one that refills in a second.
    return outOfCredit && !description.words.includes("resource_exhausted")
      ? "payment-required"
      : "rate-limited";
  }
  if (status === 401) return "unauthorized";
  if (status === 403) return REFUSED_WORDS.test(description.words) ? "content-refused" : "unauthorized";
  if (status === 402) return "payment-required";
  if (status === 404) return "model-not-found";
  if (status === 503 || status === 529) return "overloaded";
  // The provider's own clock ran out: theirs, not ours, so not `timeout`.
  if (status === 408 || status >= 500) return "server-error";
  if (status >= 400) return classifyRequestError(description);
  // A redirect would carry the key to another host, so none is followed; anything else is no answer of this wire.
  return "malformed";
}

/** Classifies a response whose status is not 2xx. The phase is always `connect`: nothing has been shown. */
export function classifyResponse(response: RefusedResponse): ProviderFailure {
  const description = describeBody(response.body);
  const words = description.words === "" ? "" : ` ${description.words}`;
  const message = description.message.trim() === "" ? "" : `: ${description.message}`;
  return {
    kind: classifyStatus(response.status, description),
    phase: "connect",
    status: response.status,
    retryAfterMs: parseRetryAfter(response.headers, response.nowMs) ?? description.retryDelayMs,
    message: toFailureMessage(`HTTP ${response.status}${words}${message}`, response.secrets),
  };
}
