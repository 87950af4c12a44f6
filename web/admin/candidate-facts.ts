/** What a candidate's place was decided by, in words. Pure. Rule WB48. */
import type {
  CandidateFacts,
  MissingNeed,
  RankingDecision,
  SelectionAttempt,
} from "../../src/protocol/selection.ts";
import { formatCount, formatCountdown, formatMicroUsd } from "../ui/format.ts";
import { toUsualText } from "./model-row.ts";

const NEEDS: Readonly<Record<MissingNeed, string>> = {
  vision: "takes no pictures",
  tools: "takes no tools",
  context: "context too short for this chat",
  output: "answers too short for what was asked",
  wire: "speaks another wire than the request",
};

/** What stood against it; the first thing a reader looks for. */
export function toObstacles(facts: CandidateFacts): string[] {
  const { blocked } = facts;
  const left = blocked?.retryAfterMs ?? null;
  return [
    facts.configured ? "" : "no key here",
    ...facts.missingNeeds.map((need) => NEEDS[need]),
    blocked === null ? "" : `blocked${left === null ? "" : ` for ${formatCountdown(left)} more`}`,
    facts.draining && !facts.isLast ? "draining" : "",
    facts.suspect ? "suspect" : "",
  ].filter((text) => text !== "");
}

export interface Figure {
  readonly name: string;
  readonly text: string;
}

/** The figures that the policies go by. */
export function toFigures(facts: CandidateFacts): Figure[] {
  const price =
    facts.priceMicroUsd === null ? formatMicroUsd(null) : `about ${formatMicroUsd(facts.priceMicroUsd)}`;
  return [
    { name: "Price for this size", text: price },
    { name: "Usual", text: toUsualText(facts.usual) },
    ...(facts.entry > 1 ? [{ name: "Entry of the list", text: String(facts.entry) }] : []),
    ...(facts.weight === null ? [] : [{ name: "Weight", text: String(facts.weight) }]),
    { name: "Lot", text: facts.draw.toFixed(3) },
    ...(facts.isLast ? [{ name: "Cache", text: "served this chat last" }] : []),
  ];
}

/** `balanced, version 1, for about 1,200 tokens in and at most 400 out, with pictures and tools`. */
export function toDecisionText({ policy, version, needs }: RankingDecision): string {
  const out = needs.outputTokens === null ? "" : ` and at most ${formatCount(needs.outputTokens)} out`;
  const extras = [needs.vision ? "pictures" : "", needs.tools ? "tools" : ""].filter((text) => text !== "");
  const withExtras = extras.length === 0 ? "" : `, with ${extras.join(" and ")}`;
  return `${policy}, version ${version}, for about ${formatCount(needs.inputTokens)} tokens in${out}${withExtras}`;
}

/**
 * A cancelled attempt beside which another one ran on and spoke. Where a reader stopped the turn before anybody
 * spoke all are cancelled, and nobody has lost.
 */
export function hasLostRace(attempt: SelectionAttempt, attempts: readonly SelectionAttempt[]): boolean {
  if (attempt.outcome !== "cancelled") return false;
  const endedAtMs = attempt.startedAtMs + attempt.durationMs;
  return attempts.some(
    (other) =>
      other !== attempt &&
      (other.hedge || attempt.hedge) &&
      other.firstTokenMs !== null &&
      other.startedAtMs < endedAtMs &&
      other.startedAtMs + other.durationMs >= endedAtMs,
  );
}
