/** The faults a stand-in can be given, and the board that remembers which one is on. Pure but for the given clock. */
import { z } from "zod";
import type { ErrorSpec, SandboxProvider } from "./provider-wire.ts";

export const FAULT_NAMES = [
  "none",
  /** 429 with Retry-After. */
  "rate-limit",
  /** 429 without. */
  "rate-limit-silent",
  "unauthorized",
  "bad-request",
  /** 500. */
  "server-error",
  /** 529 at Anthropic, elsewhere 503 with Retry-After. */
  "overloaded",
  /** The connection is closed before a byte is answered. */
  "refuse",
  /** The request is taken and never answered. */
  "hang",
  /** After `afterChunks` nothing more comes, and the connection stays open. */
  "stall",
  /** After `afterChunks` the socket is destroyed. */
  "reset",
  /** After `afterChunks` the stream ends cleanly, without a finish. */
  "cut",
  /** After `afterChunks` the wire's own error event, in a 200. */
  "error-event",
  /** After `afterChunks` bytes that are not the wire. */
  "garbage",
  /** A 200 event stream with nothing in it. */
  "empty",
  /** Everything is right and takes twenty times as long. */
  "slow",
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

const MAX_CHUNKS = 100_000;
const MAX_TIMES = 1_000_000;
const DAY_SECONDS = 86_400;

/** `PUT /control/{provider}`. */
export const FaultBody = z.strictObject({
  fault: z.enum(FAULT_NAMES),
  /** Pieces of the answer that are sent before the fault; for the faults in mid-stream. */
  afterChunks: z.int().min(0).max(MAX_CHUNKS).default(5),
  retryAfterSeconds: z.int().min(0).max(DAY_SECONDS).default(5),
  /** After so many requests the fault goes by itself; left out: it stays until it is taken away. */
  times: z.int().min(1).max(MAX_TIMES).optional(),
});
export type FaultSettings = z.infer<typeof FaultBody>;

const NO_FAULT: FaultSettings = { fault: "none", afterChunks: 0, retryAfterSeconds: 0 };

/** These break the list of models as well: the whole provider is ill, not one answer. */
const WHOLE_PROVIDER_FAULTS: ReadonlySet<FaultName> = new Set([
  "rate-limit",
  "rate-limit-silent",
  "unauthorized",
  "server-error",
  "overloaded",
  "refuse",
  "hang",
]);

export interface FaultState {
  readonly fault: FaultName;
  /** ISO time at which it was set; null when none is on. */
  readonly since: string | null;
  /** How often it still strikes; null for always. */
  readonly timesLeft: number | null;
}

/** Which fault is on, for everybody or for one test: a setting made with an `X-Test-Id` strikes only requests that carry it. */
export class FaultBoard {
  readonly #settings = new Map<
    string,
    { settings: FaultSettings; since: string; timesLeft: number | null }
  >();
  readonly #now: () => string;

  constructor(now: () => string) {
    this.#now = now;
  }

  #key(provider: SandboxProvider, testId: string | null): string {
    return `${provider} ${testId ?? ""}`;
  }

  set(provider: SandboxProvider, testId: string | null, settings: FaultSettings): void {
    const key = this.#key(provider, testId);
    if (settings.fault === "none") this.#settings.delete(key);
    else this.#settings.set(key, { settings, since: this.#now(), timesLeft: settings.times ?? null });
  }

  reset(testId: string | null): void {
    if (testId === null) this.#settings.clear();
    else for (const key of this.#settings.keys()) if (key.endsWith(` ${testId}`)) this.#settings.delete(key);
  }

  read(provider: SandboxProvider, testId: string | null): FaultState {
    const entry = this.#settings.get(this.#key(provider, testId));
    if (entry === undefined) return { fault: "none", since: null, timesLeft: null };
    return { fault: entry.settings.fault, since: entry.since, timesLeft: entry.timesLeft };
  }

  /** The fault that strikes this request, counted. */
  take(provider: SandboxProvider, testId: string | null, kind: "generate" | "models"): FaultSettings {
    const own = testId === null ? undefined : this.#settings.get(this.#key(provider, testId));
    const entry = own ?? this.#settings.get(this.#key(provider, null));
    if (entry === undefined) return NO_FAULT;
    if (kind === "models" && !WHOLE_PROVIDER_FAULTS.has(entry.settings.fault)) return NO_FAULT;
    if (entry.timesLeft !== null) {
      entry.timesLeft -= 1;
      if (entry.timesLeft === 0) {
        for (const [key, value] of this.#settings) if (value === entry) this.#settings.delete(key);
      }
    }
    return entry.settings;
  }
}

interface Refusal {
  readonly error: ErrorSpec;
  readonly hasRetryAfter: boolean;
}

function word(
  provider: SandboxProvider,
  words: { anthropic: string; google: string; other: string },
): string {
  if (provider === "anthropic") return words.anthropic;
  return provider === "google" ? words.google : words.other;
}

/** The status and body of the faults that are plain refusals; null for the others. */
export function toRefusal(provider: SandboxProvider, fault: FaultName): Refusal | null {
  const of = (
    status: number,
    anthropic: string,
    google: string,
    other: string,
    message: string,
  ): ErrorSpec => ({
    status,
    type: word(provider, { anthropic, google, other }),
    message: `${message} (sandbox fault ${fault})`,
  });
  switch (fault) {
    case "rate-limit":
    case "rate-limit-silent":
      return {
        error: of(429, "rate_limit_error", "RESOURCE_EXHAUSTED", "rate_limit_exceeded", "Rate limit reached"),
        hasRetryAfter: fault === "rate-limit",
      };
    case "unauthorized":
      return {
        error: of(
          401,
          "authentication_error",
          "UNAUTHENTICATED",
          "invalid_api_key",
          "The API key is not valid",
        ),
        hasRetryAfter: false,
      };
    case "bad-request":
      return {
        error: of(
          400,
          "invalid_request_error",
          "INVALID_ARGUMENT",
          "invalid_request_error",
          "The request is not valid",
        ),
        hasRetryAfter: false,
      };
    case "server-error":
      return {
        error: of(500, "api_error", "INTERNAL", "server_error", "Internal server error"),
        hasRetryAfter: false,
      };
    case "overloaded":
      return {
        error: of(
          provider === "anthropic" ? 529 : 503,
          "overloaded_error",
          "UNAVAILABLE",
          "overloaded",
          "Overloaded",
        ),
        hasRetryAfter: provider !== "anthropic",
      };
    default:
      return null;
  }
}

/** What the in-stream error event says. */
export function toStreamError(provider: SandboxProvider): ErrorSpec {
  return {
    status: 503,
    type: word(provider, { anthropic: "overloaded_error", google: "UNAVAILABLE", other: "server_error" }),
    message: "The model is overloaded (sandbox fault error-event)",
  };
}
