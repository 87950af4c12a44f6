/**
 * WIRE: errors outside `/v1/*` are problem details (RFC 9457), `application/problem+json`. `detail` says what to
 * change. What went wrong inside stays in the log under the same request id.
 */
import { z } from "zod";

export const ProblemCode = z.enum([
  "invalid-request",
  "unauthenticated",
  "forbidden",
  "not-found",
  "method-not-allowed",
  "conflict",
  /** 422: an `Idempotency-Key` that was sent with another body before. */
  "key-reused",
  "too-large",
  "unsupported-media-type",
  /** 426: this address speaks only over a WebSocket. */
  "upgrade-required",
  "rate-limited",
  "unavailable",
  "internal",
]);
export type ProblemCode = z.infer<typeof ProblemCode>;

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ProblemCode,
  requestId: z.string(),
  /** Epoch time in ISO form, so that a reader can find it in the log. */
  timestamp: z.iso.datetime(),
  /** For `invalid-request`: where in the body or query. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
