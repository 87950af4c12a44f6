/**
 * Puts candidates in order: who is left out, what stands above every policy (a fresh failure, the caller's own list,
 * the chat's own provider), and the policy for the rest. A pure function of the facts on record. Rules RT50 to RT61.
 */
import type { CandidateFacts, MissingNeed, RoutingPolicy } from "../../protocol/selection.ts";
import { POLICIES, type Placement, type RankingParameters } from "./policies.ts";

export interface RankingCandidate {
  readonly provider: string;
  readonly facts: CandidateFacts;
}

export interface RankingChoice {
  readonly policy: RoutingPolicy;
  readonly parameters: RankingParameters;
}

export interface Ranked<Candidate> {
  readonly candidate: Candidate;
  /** From 1; null for one that is left out. */
  readonly place: number | null;
  /** A sentence without its full stop. */
  readonly reason: string;
}

/** Those to try, best first, then those left out. The order in which they are given does not matter. */
export function rankCandidates<Candidate extends RankingCandidate>(
  candidates: readonly Candidate[],
  choice: RankingChoice,
): Ranked<Candidate>[] {
  const inRequestedOrder = candidates.toSorted(
    (left, right) => left.facts.requestedPlace - right.facts.requestedPlace,
  );
  const leftOut: Ranked<Candidate>[] = [];
  const groups = new Map<number, Candidate[]>();
  for (const candidate of inRequestedOrder) {
    const reason = findLeftOutReason(candidate);
    if (reason !== null) {
      leftOut.push({ candidate, place: null, reason });
      continue;
    }
    const key = toGroupKey(candidate.facts);
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  const placed = [...groups]
    .toSorted(([left], [right]) => left - right)
    .flatMap(([, group]) => rankGroup(group, choice))
    .map((ranked, index) => ({ ...ranked, place: index + 1 }));
  // Who is not set up here stands at the very end of the record.
  const isConfigured = ({ candidate }: Ranked<Candidate>): boolean => candidate.facts.configured;
  return [...placed, ...leftOut.filter(isConfigured), ...leftOut.filter((ranked) => !isConfigured(ranked))];
}

/** More entries than a list may have. */
const ENTRIES = 1_000;

/** A suspect stands behind all others; among equals the caller's list is tried in turn. */
function toGroupKey({ suspect, entry }: CandidateFacts): number {
  return (suspect ? ENTRIES : 0) + entry;
}

function rankGroup<Candidate extends RankingCandidate>(
  group: readonly Candidate[],
  { policy, parameters }: RankingChoice,
): Omit<Ranked<Candidate>, "place">[] {
  const byFacts = new Map(group.map((candidate) => [candidate.facts, candidate]));
  const ordered = POLICIES[policy]([...byFacts.keys()], parameters);
  // Who asks for the cheapest has said what matters more than a warm cache: there it only breaks ties.
  const settled = policy === "cost" ? ordered : keepChat(ordered, parameters);
  return settled.flatMap(({ facts, reason }) => {
    const candidate = byFacts.get(facts);
    const behind = facts.suspect ? ", behind the others after a failure" : "";
    return candidate === undefined ? [] : [{ candidate, reason: `${reason}${behind}` }];
  });
}

/** A chat stays with the provider that served it last while that is good. */
function keepChat(ordered: readonly Placement[], parameters: RankingParameters): Placement[] {
  const judged = ordered.map((placement) => ({
    placement,
    kept: judgeAffinity(placement, ordered, parameters),
  }));
  const stays = judged.filter(({ kept }) => kept === "stays");
  const others = judged.filter(({ kept }) => kept !== "stays");
  return [
    ...stays.map(({ placement: { facts, reason } }) => ({
      facts,
      reason: `${reason}, moved up: it served this chat last and has its prompt cached`,
    })),
    ...others.map(({ placement: { facts, reason }, kept }) => ({
      facts,
      reason:
        kept === "slow" ? `${reason}, not moved up although it served this chat last: too slow` : reason,
    })),
  ];
}

/** It is not good any more when another one is usually far quicker with its first token, or after a failure. */
function judgeAffinity(
  { facts }: Placement,
  group: readonly Placement[],
  parameters: RankingParameters,
): "stays" | "slow" | "no" {
  if (!facts.isLast || facts.suspect) return "no";
  const own = toFirstTokenMs(facts, parameters);
  const known = group.flatMap((other) => toFirstTokenMs(other.facts, parameters) ?? []);
  if (own === null || known.length === 0) return "stays";
  const quickest = Math.min(...known);
  const { affinitySlowFactor, affinitySlowGraceMs } = parameters;
  return own > quickest * affinitySlowFactor && own > quickest + affinitySlowGraceMs ? "slow" : "stays";
}

function toFirstTokenMs({ usual }: CandidateFacts, parameters: RankingParameters): number | null {
  return usual.samples < parameters.knownFromSamples ? null : usual.firstTokenP50Ms;
}

const NEED_WORDS: Readonly<Record<MissingNeed, string>> = {
  vision: "it takes no pictures",
  tools: "it takes no tools",
  context: "the chat is too long for it",
  output: "it gives no answer as long as was asked for",
  wire: "the request has fields that its wire has no place for",
};

/** Null for one that may be tried. */
function findLeftOutReason({ provider, facts }: RankingCandidate): string | null {
  if (!facts.configured) return `${provider} has no key and no address here.`;
  if (facts.missingNeeds.length > 0) return facts.missingNeeds.map((need) => NEED_WORDS[need]).join(" and ");
  if (facts.blocked !== null) return facts.blocked.reason;
  return facts.draining && !facts.isLast ? "being drained: it takes only chats that are with it" : null;
}
