/** Headers of answers, in words. Rules HT1, HT50, HT72, HT144, HT158, HT159, HT163. */

interface HeaderDoc {
  readonly description: string;
  readonly schema: { readonly type: "string" | "integer"; readonly minimum?: number };
  readonly example: string | number;
}

export const RESPONSE_HEADERS = {
  "x-request-id": {
    description: "Names this request in the log. The client's own when it sent a usable one.",
    schema: { type: "string" },
    example: "req_01k9z7w0h8a4xv3n5c2b6d8e0f",
  },
  "x-breakwater-provider": {
    description: "Who answered; of a stream: whose words come first.",
    schema: { type: "string" },
    example: "anthropic",
  },
  "x-breakwater-model": {
    description: "The provider's own name of the model that answered.",
    schema: { type: "string" },
    example: "claude-sonnet-5",
  },
  "x-breakwater-attempts": {
    description: "Calls of providers so far, failed ones included.",
    schema: { type: "integer", minimum: 0 },
    example: 1,
  },
  "x-breakwater-cost-micro-usd": {
    description:
      "What the answer cost in millionths of a dollar; left out when a price is unknown, and in streams, which tell it at their end.",
    schema: { type: "integer", minimum: 0 },
    example: 412,
  },
  "x-breakwater-sandbox": {
    description: "`true` when the words come from a stand-in and not from a model.",
    schema: { type: "string" },
    example: "true",
  },
  "x-breakwater-session": {
    description: "Our id of the chat, for everything under `/api/v1/sessions`.",
    schema: { type: "string" },
    example: "chat_01k9z7w0h8a4xv3n5c2b6d8e0f",
  },
  "retry-after": {
    description: "Seconds after which the same request has a chance.",
    schema: { type: "integer", minimum: 0 },
    example: 12,
  },
  "x-breakwater-cache": {
    description:
      "Of a call that asked for the cache: `hit`, `miss`, `bypass` (not looked for, on wish) or `uncacheable`.",
    schema: { type: "string" },
    example: "miss",
  },
  "x-breakwater-saved-micro-usd": {
    description: "Of an answer out of the cache: what it cost when it was given first.",
    schema: { type: "integer", minimum: 0 },
    example: 412,
  },
  "x-breakwater-ignored": {
    description: "The header of the call that had no effect: `anthropic-beta`, where it was sent.",
    schema: { type: "string" },
    example: "anthropic-beta",
  },
  "idempotent-replayed": {
    description: "`true` when this is the kept answer to an earlier call under the same `idempotency-key`.",
    schema: { type: "string" },
    example: "true",
  },
  "x-vercel-ai-ui-message-stream": {
    description: "`v1`: AI SDK's UI message stream.",
    schema: { type: "string" },
    example: "v1",
  },
  "request-id": {
    description: "As `x-request-id`, under the name that Anthropic's clients look for.",
    schema: { type: "string" },
    example: "req_01k9z7w0h8a4xv3n5c2b6d8e0f",
  },
  "x-ratelimit-limit-requests": {
    description: "Calls that the organization may make a minute.",
    schema: { type: "integer", minimum: 0 },
    example: 60_000,
  },
  "x-ratelimit-remaining-requests": {
    description: "Calls that are left.",
    schema: { type: "integer", minimum: 0 },
    example: 59_999,
  },
  "x-ratelimit-reset-requests": {
    description: "Until all of them are back.",
    schema: { type: "string" },
    example: "60ms",
  },
  "anthropic-ratelimit-requests-limit": {
    description: "Calls that the organization may make a minute.",
    schema: { type: "integer", minimum: 0 },
    example: 60_000,
  },
  "anthropic-ratelimit-requests-remaining": {
    description: "Calls that are left.",
    schema: { type: "integer", minimum: 0 },
    example: 59_999,
  },
  "anthropic-ratelimit-requests-reset": {
    description: "When all of them are back.",
    schema: { type: "string" },
    example: "2026-11-25T09:30:00.060Z",
  },
  "www-authenticate": {
    description: "`Bearer`: how to present a key.",
    schema: { type: "string" },
    example: "Bearer",
  },
  "content-disposition": {
    description: "The file's name.",
    schema: { type: "string" },
    example: 'attachment; filename="chat_01k9z7w0h8a4xv3n5c2b6d8e0f.json"',
  },
  "cache-control": {
    description: "How long the answer may be kept.",
    schema: { type: "string" },
    example: "public, max-age=300",
  },
  etag: {
    description: "Give it back as `if-none-match`: 304 when nothing changed.",
    schema: { type: "string" },
    example: '"4f1c"',
  },
} as const satisfies Readonly<Record<string, HeaderDoc>>;
export type ResponseHeaderName = keyof typeof RESPONSE_HEADERS;

/** Of every answer to a model call that somebody was asked for. */
export const MODEL_CALL_HEADERS: readonly ResponseHeaderName[] = [
  "x-breakwater-provider",
  "x-breakwater-model",
  "x-breakwater-attempts",
  "x-breakwater-cost-micro-usd",
  "x-breakwater-sandbox",
  "x-breakwater-cache",
  "x-breakwater-saved-micro-usd",
  "idempotent-replayed",
];

/** What is left of a minute's calls, as the clients of each wire read it. */
export const OPENAI_LIMIT_HEADERS: readonly ResponseHeaderName[] = [
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
];
export const ANTHROPIC_LIMIT_HEADERS: readonly ResponseHeaderName[] = [
  "anthropic-ratelimit-requests-limit",
  "anthropic-ratelimit-requests-remaining",
  "anthropic-ratelimit-requests-reset",
];
