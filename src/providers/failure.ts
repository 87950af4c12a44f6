/**
 * What can go wrong between Breakwater and a model provider, as one closed union. Adapters turn whatever their
 * wire or library throws into this; routing, circuits and the log only ever see this. Rules PR1 to PR9.
 */

/** Where in the call it happened. Before `stream` nothing has been shown to a reader, so another target may start over. */
export type FailurePhase = "connect" | "first-token" | "stream";

export type ProviderFailureKind =
  /** 429: wait until the time the provider names. Not a sign of ill health. */
  | "rate-limited"
  /** 401 and 403: the key is wrong or not allowed. No probe will mend it. */
  | "unauthorized"
  /** 402, or a 429 whose code says that the account is out of credit. */
  | "payment-required"
  /** 404: the provider does not know this model. */
  | "model-not-found"
  /** 400, 413, 422: our request, not their health. */
  | "bad-request"
  /** The prompt and the asked output do not fit the model's context. */
  | "context-too-long"
  /** The provider's content filter said no. */
  | "content-refused"
  /** 500 and everything 5xx that is not `overloaded`. */
  | "server-error"
  /** 503 and 529: the provider says that it is too busy. */
  | "overloaded"
  /** Refused connection, DNS, TLS, reset before headers. */
  | "unreachable"
  /** One of our deadlines passed: headers, first token, gap or total (`message` says which). */
  | "timeout"
  /** The connection died in the middle of a 200 stream. */
  | "stream-reset"
  /** The stream ended cleanly without saying that it was finished, or a 200 had nothing in it. */
  | "stream-cut"
  /** The provider sent an error event inside a 200 stream. */
  | "stream-error"
  /** Bytes that are not the wire: broken JSON, another content type. */
  | "malformed"
  /** Asked to go on with another's answer, it began one of its own: nobody's fault, and nothing to show. */
  | "unjoinable"
  /** The answer has become as long as it may be where it is kept: nobody's fault, and the call is stopped. */
  | "too-long"
  /** Files that are to be told cannot be read where they are kept: ours, and nobody was asked. */
  | "files-away"
  /** Our own caller cancelled. Never counts against anybody. */
  | "cancelled";

export interface ProviderFailure {
  readonly kind: ProviderFailureKind;
  readonly phase: FailurePhase;
  /** The HTTP status, or null when no response came. A broken stream has 200. */
  readonly status: number | null;
  /** How long the provider asks us to wait from now, milliseconds; null when it did not say. */
  readonly retryAfterMs: number | null;
  /** For operators and the log, at most 500 characters, never holding a key or a prompt. */
  readonly message: string;
}
