/**
 * Every refusal of the HTTP application: problem details (RFC 9457), or the error object of the wire that the address
 * speaks (api-wire.ts). The public text says what to change; what went wrong inside is in the log.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AnthropicErrorType } from "../protocol/anthropic.ts";
import type { Problem, ProblemCode } from "../protocol/problem.ts";
import { toAnthropicError } from "./anthropic/anthropic-error.ts";
import { toApiWire } from "./api-wire.ts";
import type { AppContext } from "./app-env.ts";

interface Kind {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  /** `type` and `code` of OpenAI's error object, as its own clients know them. */
  readonly openaiType: string;
  readonly openaiCode: string;
  readonly anthropicType: AnthropicErrorType;
}

const INVALID = "invalid_request_error";
const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  "invalid-request": {
    status: 400,
    title: "Invalid request",
    openaiType: INVALID,
    openaiCode: "invalid_request",
    anthropicType: INVALID,
  },
  unauthenticated: {
    status: 401,
    title: "Not signed in",
    openaiType: INVALID,
    openaiCode: "invalid_api_key",
    anthropicType: "authentication_error",
  },
  forbidden: {
    status: 403,
    title: "Not allowed",
    openaiType: INVALID,
    openaiCode: "forbidden",
    anthropicType: "permission_error",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    openaiType: INVALID,
    openaiCode: "not_found",
    anthropicType: "not_found_error",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    openaiType: INVALID,
    openaiCode: "method_not_allowed",
    anthropicType: INVALID,
  },
  conflict: {
    status: 409,
    title: "Conflict",
    openaiType: INVALID,
    openaiCode: "conflict",
    anthropicType: INVALID,
  },
  "key-reused": {
    status: 422,
    title: "Key reused",
    openaiType: INVALID,
    openaiCode: "idempotency_key_reused",
    anthropicType: INVALID,
  },
  "too-large": {
    status: 413,
    title: "Request too large",
    openaiType: INVALID,
    openaiCode: "request_too_large",
    anthropicType: "request_too_large",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    openaiType: INVALID,
    openaiCode: "unsupported_media_type",
    anthropicType: INVALID,
  },
  "upgrade-required": {
    status: 426,
    title: "Upgrade required",
    openaiType: INVALID,
    openaiCode: "upgrade_required",
    anthropicType: INVALID,
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    openaiType: "rate_limit_error",
    openaiCode: "rate_limit_exceeded",
    anthropicType: "rate_limit_error",
  },
  unavailable: {
    status: 503,
    title: "Unavailable",
    openaiType: "server_error",
    openaiCode: "unavailable",
    anthropicType: "overloaded_error",
  },
  internal: {
    status: 500,
    title: "Internal error",
    openaiType: "server_error",
    openaiCode: "internal_error",
    anthropicType: "api_error",
  },
};

export interface RefusalExtras {
  /** Where in the body or query, for `invalid-request`. */
  readonly issues?: Problem["issues"];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with the status of `code`; `detail` is a sentence for whoever sent the request. */
export function refuse(
  context: AppContext,
  code: ProblemCode,
  detail: string,
  extras: RefusalExtras = {},
): Response {
  const kind = KINDS[code];
  const headers = { ...extras.headers };
  switch (toApiWire(context.req.path)) {
    case "openai": {
      const param = extras.issues?.[0]?.path ?? null;
      const error = { message: detail, type: kind.openaiType, param, code: kind.openaiCode };
      return context.json({ error }, kind.status, headers);
    }
    case "anthropic": {
      const error = toAnthropicError(kind.anthropicType, detail, context.get("requestId"));
      return context.json(error, kind.status, headers);
    }
    case "own":
      return context.body(JSON.stringify(toProblem(context, code, detail, extras)), kind.status, {
        ...headers,
        "content-type": "application/problem+json",
      });
  }
}

function toProblem(context: AppContext, code: ProblemCode, detail: string, extras: RefusalExtras): Problem {
  const kind = KINDS[code];
  return {
    type: `urn:breakwater:problem:${code}`,
    title: kind.title,
    status: kind.status,
    detail,
    code,
    requestId: context.get("requestId"),
    timestamp: context.get("nowIso")(),
    ...(extras.issues === undefined ? {} : { issues: extras.issues }),
  };
}
