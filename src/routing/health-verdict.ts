/**
 * What a provider's failure means to its circuit, and whether another try makes sense. Two exhaustive maps, so
 * that a new kind of failure is a type error until somebody decides. Rules CB10 to CB14, RT18 to RT20, RT28.
 */
import type { HealthVerdict } from "../circuit/breaker.ts";
import type { ProviderFailureKind } from "../providers/failure.ts";

export const VERDICT_OF_FAILURE: Readonly<Record<ProviderFailureKind, HealthVerdict>> = {
  "rate-limited": "rate-limited",
  unauthorized: "fatal",
  "payment-required": "fatal",
  // No probe brings a model that is not there; it concerns that model alone (call-outcome.ts).
  "model-not-found": "fatal",
  "bad-request": "neutral",
  "context-too-long": "neutral",
  "content-refused": "neutral",
  "server-error": "failure",
  overloaded: "failure",
  unreachable: "failure",
  timeout: "failure",
  "stream-reset": "failure",
  "stream-cut": "failure",
  "stream-error": "failure",
  malformed: "failure",
  unjoinable: "neutral",
  "too-long": "neutral",
  "files-away": "neutral",
  cancelled: "neutral",
};

/**
 * `retry`: this target may answer in a moment. `move-on`: this target will not, another may.
 * `stop`: nobody else should be asked.
 */
export type RetryAdvice = "retry" | "move-on" | "stop";

export const ADVICE_OF_FAILURE: Readonly<Record<ProviderFailureKind, RetryAdvice>> = {
  "rate-limited": "retry",
  unauthorized: "move-on",
  "payment-required": "move-on",
  "model-not-found": "move-on",
  // A parameter that one provider does not take, another may.
  "bad-request": "move-on",
  "context-too-long": "move-on",
  // Shopping for a provider with a weaker filter is not what an operator wants.
  "content-refused": "stop",
  "server-error": "retry",
  overloaded: "retry",
  unreachable: "retry",
  timeout: "retry",
  "stream-reset": "retry",
  "stream-cut": "retry",
  "stream-error": "retry",
  malformed: "retry",
  unjoinable: "move-on",
  // Whoever went on with it would have no room either.
  "too-long": "stop",
  // Whoever was asked instead would be told no more of them.
  "files-away": "stop",
  cancelled: "stop",
};
