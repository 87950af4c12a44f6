/** Headers that a caller may send, in words. Rules HT1, HT70, HT71, HT140, HT150, HT165. */
import { z } from "zod";
import { RoutingPolicy } from "../../protocol/selection.ts";

const IDEMPOTENCY_KEY = z.string().regex(/^[\x20-\x7e]+$/);

export const RequestIdHeader = z.object({
  "x-request-id": z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional()
    .meta({ description: "Your own name for this request; it comes back and stands in the log." }),
});

/** Of a model call that is never answered out of the cache. */
export const UncachedCallHeaders = z.object({
  "x-breakwater-policy": RoutingPolicy.optional().meta({
    description: "How the candidates of a class are put in order. The body's `policy` wins.",
  }),
  "x-breakwater-timeout-ms": z.int().min(1).max(3_600_000).optional().meta({
    description: "How long the whole answer may take, in milliseconds.",
  }),
  "x-breakwater-trace": z.literal("1").optional().meta({
    description: "`1`: the last object's `breakwater` says who could have answered, and why in this order.",
  }),
  "idempotency-key": IDEMPOTENCY_KEY.max(255).optional().meta({
    description:
      "A repeat under the same key is given the first answer for 24 hours, and nobody is paid twice. Not for streams.",
  }),
  ...RequestIdHeader.shape,
});

export const ModelCallRequestHeaders = z.object({
  "x-breakwater-cache": z
    .string()
    .regex(/^(?:off|(?:refresh=)?[1-9]\d{0,5})$/)
    .optional()
    .meta({
      description:
        "How old a kept answer may be, in seconds (1 to 604800), and how long this one is kept; `refresh=SECONDS` asks anew.",
      examples: ["3600"],
    }),
  ...UncachedCallHeaders.shape,
});

/** A question to a chat: sent again under the same key it is one question. */
export const ChatQuestionHeaders = z.object({
  "idempotency-key": IDEMPOTENCY_KEY.max(200).optional().meta({
    description:
      "Names this question: an edit, or a wish for another answer, that is sent again is the same one.",
  }),
  ...RequestIdHeader.shape,
});
