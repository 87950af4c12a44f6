/** Writes the record of a decision, and the sentences a reader sees about it. Pure. Rules RT30 to RT33. */
import type { Leg } from "../protocol/answer.ts";
import type {
  Intent,
  RankingDecision,
  SelectionCandidate,
  SelectionMode,
  SelectionRecord,
} from "../protocol/selection.ts";
import type { ProviderFailureKind } from "../providers/failure.ts";
import type { AnswerEnd } from "./answer-end.ts";

export interface SelectionFacts {
  readonly id: string;
  readonly requestId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly sessionId: string | null;
  readonly turnId: string | null;
  readonly createdAt: string;
  readonly requested: readonly string[];
  readonly mode: SelectionMode;
  readonly intent: Intent;
  readonly candidates: readonly SelectionCandidate[];
  readonly decision: RankingDecision;
  readonly lastProvider: string | null;
  readonly isSandbox: (provider: string) => boolean;
}

export function toSelectionRecord(facts: SelectionFacts, end: AnswerEnd): SelectionRecord {
  const served: Leg | undefined = end.legs.at(-1);
  return {
    id: facts.id,
    requestId: facts.requestId,
    organizationId: facts.organizationId,
    userId: facts.userId,
    sessionId: facts.sessionId,
    turnId: facts.turnId,
    createdAt: facts.createdAt,
    requested: [...facts.requested],
    mode: facts.mode,
    intent: facts.intent,
    candidates: [...facts.candidates],
    decision: facts.decision,
    attempts: [...end.attempts],
    status: end.status,
    provider: served?.provider ?? null,
    model: served?.model ?? null,
    affinity: served !== undefined && served.provider === facts.lastProvider,
    firstTokenMs: end.firstTokenMs,
    durationMs: end.durationMs,
    usage: end.usage,
    costMicroUsd: end.costMicroUsd,
    sandbox: (served === undefined ? end.attempts : end.legs).some((part) => facts.isSandbox(part.provider)),
  };
}

/** The receipt's sentences: why this target, what was passed over, what failed on the way. */
export function toReasons(
  candidates: readonly SelectionCandidate[],
  attempts: AnswerEnd["attempts"],
): string[] {
  const tried = new Set(attempts.map((attempt) => `${attempt.provider}/${attempt.model}`));
  const chosen = candidates
    .filter((candidate) => tried.has(`${candidate.provider}/${candidate.model}`))
    .map((candidate) => `${candidate.provider}/${candidate.model}: ${candidate.reason}.`);
  const skipped = candidates
    .filter((candidate) => candidate.place === null)
    .map((candidate) => `${candidate.provider}/${candidate.model} was passed over: ${candidate.reason}`);
  const failed = attempts
    .filter((attempt) => attempt.outcome === "failure")
    .map((attempt) => `${attempt.provider}/${attempt.model} failed: ${toKind(attempt.error)}.`);
  const slower = attempts
    .filter((attempt) => attempt.outcome === "cancelled" && answered(attempts))
    .map((attempt) => `${attempt.provider}/${attempt.model} was asked too and was slower.`);
  return [...chosen, ...skipped, ...failed, ...slower];
}

const answered = (attempts: AnswerEnd["attempts"]): boolean =>
  attempts.some((attempt) => attempt.outcome === "success");

/** The kind alone: the rest of an attempt's error is what the provider said (rule RT33). */
function toKind(error: string | null): string {
  const kind = error?.split(":", 1)[0] ?? "";
  return Object.hasOwn(NOTICE_OF_FAILURE, kind) ? kind : "unknown";
}

/** One sentence for a reader about a failure: true, but without the provider's own words, which may hold anything. */
export const NOTICE_OF_FAILURE: Readonly<Record<ProviderFailureKind, string>> = {
  "rate-limited": "The providers for this model are busy and asked us to wait. Try again in a moment.",
  unauthorized: "The provider refused our key. An operator has been told; another model may work.",
  "payment-required": "The provider's account is out of credit. Another model may work.",
  "model-not-found": "The provider does not know this model. Choose another one.",
  "bad-request": "The provider did not accept this request. Change the question or choose another model.",
  "context-too-long":
    "This chat is too long for the model. Choose one with a larger context or start a new chat.",
  "content-refused": "The provider's content filter refused to answer this.",
  "server-error": "The provider failed. Try again, or choose another model.",
  overloaded: "The provider is overloaded. Try again in a moment, or choose another model.",
  unreachable: "The provider could not be reached. Try again, or choose another model.",
  timeout: "The provider took too long. Try again, or choose another model.",
  "stream-reset": "The connection to the provider broke in the middle of the answer.",
  "stream-cut": "The provider stopped in the middle of the answer without saying that it was done.",
  "stream-error": "The provider reported an error in the middle of the answer.",
  malformed: "The provider sent something that could not be read.",
  unjoinable: "Another model was asked to go on with it and began an answer of its own.",
  "too-long": "It has become as long as one answer may be. Ask for the rest.",
  "files-away": "Files of this chat could not be read just now. Try again in a moment.",
  cancelled: "The answer was stopped.",
};

/** The notice under an answer that a person has ended. */
export const STOPPED = "You stopped this answer.";

/** The notice under an answer that is not complete; null for a complete one. */
export function toNotice(end: AnswerEnd): string | null {
  switch (end.status) {
    case "complete":
      return null;
    case "cancelled":
      return STOPPED;
    case "incomplete":
      return `This answer is incomplete. ${NOTICE_OF_FAILURE[end.failure?.kind ?? "stream-cut"]}`;
    case "failed":
      if (end.failure === null) return "No provider could answer. Try again in a moment.";
      // Nobody was asked: the sentence is the plan's, so it is ours.
      if (end.attempts.length === 0) return end.failure.message;
      return `No answer came. ${NOTICE_OF_FAILURE[end.failure.kind]}`;
  }
}
