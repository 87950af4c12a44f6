/**
 * Every refusal of the HTTP application: problem details (RFC 9457), or OpenAI's error object on `/v1/*`, where the
 * clients are OpenAI's. The public text says what to change; what went wrong inside is in the log.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem, ProblemCode } from "../protocol/problem.ts";
import type { AppContext } from "./app-env.ts";

interface Kind {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  /** `type` and `code` of OpenAI's error object, as its own clients know them. */
  readonly openaiType: string;
  readonly openaiCode: string;
}

const INVALID = "invalid_request_error";
const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  "invalid-request": {
    status: 400,
    title: "Invalid request",
    openaiType: INVALID,
    openaiCode: "invalid_request",
  },
  unauthenticated: {
    status: 401,
    title: "Not signed in",
    openaiType: INVALID,
    openaiCode: "invalid_api_key",
  },
  forbidden: { status: 403, title: "Not allowed", openaiType: INVALID, openaiCode: "forbidden" },
  "not-found": { status: 404, title: "Not found", openaiType: INVALID, openaiCode: "not_found" },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    openaiType: INVALID,
    openaiCode: "method_not_allowed",
  },
  conflict: { status: 409, title: "Conflict", openaiType: INVALID, openaiCode: "conflict" },
  "too-large": {
    status: 413,
    title: "Request too large",
    openaiType: INVALID,
    openaiCode: "request_too_large",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    openaiType: INVALID,
    openaiCode: "unsupported_media_type",
  },
  "upgrade-required": {
    status: 426,
    title: "Upgrade required",
    openaiType: INVALID,
    openaiCode: "upgrade_required",
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    openaiType: "rate_limit_error",
    openaiCode: "rate_limit_exceeded",
  },
  unavailable: { status: 503, title: "Unavailable", openaiType: "server_error", openaiCode: "unavailable" },
  internal: {
    status: 500,
    title: "Internal error",
    openaiType: "server_error",
    openaiCode: "internal_error",
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
  if (isOpenaiPath(context.req.path)) {
    const param = extras.issues?.[0]?.path ?? null;
    const error = { message: detail, type: kind.openaiType, param, code: kind.openaiCode };
    return context.json({ error }, kind.status, headers);
  }
  const problem: Problem = {
    type: `urn:breakwater:problem:${code}`,
    title: kind.title,
    status: kind.status,
    detail,
    code,
    requestId: context.get("requestId"),
    timestamp: context.get("nowIso")(),
    ...(extras.issues === undefined ? {} : { issues: extras.issues }),
  };
  return context.body(JSON.stringify(problem), kind.status, {
    ...headers,
    "content-type": "application/problem+json",
  });
}

/** Paths that speak OpenAI's wire. The router's health is ours although it lies among them. */
function isOpenaiPath(path: string): boolean {
  return (path === "/v1" || path.startsWith("/v1/")) && !path.startsWith("/v1/router/");
}
