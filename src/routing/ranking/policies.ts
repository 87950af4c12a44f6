/**
 * The four ways to put the candidates of one class in order. Each is a pure function of facts and numbers, so that a
 * stored decision can be computed again, and gives every candidate a sentence. Who may be a candidate at all, and
 * what stands above every policy, is ranking.ts. Rules RT53 to RT60.
 */
import { z } from "zod";
import type { CandidateFacts, RoutingPolicy } from "../../protocol/selection.ts";

/** Raised when the same facts and parameters would be ordered in another way: old decisions name their version. */
export const RANKING_VERSION = 1;

/** The numbers that the policies of this version go by. */
export const RankingParameters = z.strictObject({
  /** A chat leaves its provider when that is usually so many times as late with its first token as the quickest, */
  affinitySlowFactor: z.number().min(1),
  /** and later by more than this. */
  affinitySlowGraceMs: z.number().min(0),
  /** From so many good calls on it is known how quick a target is. */
  knownFromSamples: z.number().min(1),
  /** The share of selections in which a target of unknown speed goes first. */
  exploreShare: z.number().min(0).max(1),
  /** The same for a known one: what was slow once may have become quick. */
  refreshShare: z.number().min(0).max(1),
  /** The wait that counts lasts until a reader has so many tokens. */
  readTokens: z.number().min(0),
  /** For a target whose rate nobody knows. */
  assumedTokensPerSecond: z.number().positive(),
  /** In `balanced`: what a price, a wait e times as high, and a place further down weigh. */
  costWeight: z.number().min(0),
  latencyWeight: z.number().min(0),
  placeWeight: z.number().min(0),
});
export type RankingParameters = z.infer<typeof RankingParameters>;

export const DEFAULT_RANKING_PARAMETERS: RankingParameters = {
  // A cached prompt saves about half of the time to the first token.
  affinitySlowFactor: 2,
  // Below half a second nobody feels who was quicker.
  affinitySlowGraceMs: 500,
  knownFromSamples: 5,
  // Five calls to each of five targets are found within some fifty turns; nine of ten turns pay nothing for it.
  exploreShare: 0.1,
  refreshShare: 0.01,
  // A short paragraph: by then a reader reads, and the model is ahead.
  readTokens: 100,
  assumedTokensPerSecond: 50,
  costWeight: 1,
  latencyWeight: 1,
  // A place is worth a quarter more money or time.
  placeWeight: 0.25,
};

/** A candidate in its place, and why it has it. */
export interface Placement {
  readonly facts: CandidateFacts;
  readonly reason: string;
}

export type PolicyOrder = (
  group: readonly CandidateFacts[],
  parameters: RankingParameters,
) => readonly Placement[];

/** Each orders candidates that may all be tried and stand in the same entry of what was asked for. */
export const POLICIES: Readonly<Record<RoutingPolicy, PolicyOrder>> = {
  priority: (group) =>
    group
      .toSorted(byTurn)
      .map((facts) => ({ facts, reason: `${toPlaceWords(facts)}${toWeightWords(facts)}` })),
  cost: (group) =>
    group
      .toSorted(byPrice)
      .map((facts) => ({ facts, reason: `${toPriceWords(facts)}, ${toPlaceWords(facts)}` })),
  latency: orderByLatency,
  balanced: orderBalanced,
};

/** The order of the class: as it was written, or as the lot by weight falls. */
function byTurn(left: CandidateFacts, right: CandidateFacts): number {
  return compareNumbers(toLot(left), toLot(right)) || left.requestedPlace - right.requestedPlace;
}

/**
 * The lot of a weighted class: drawing without putting back, each in proportion to its weight, falls in this order
 * (Efraimidis and Spirakis). Weight 0 is never drawn before another.
 */
function toLot({ weight, draw }: CandidateFacts): number {
  if (weight === null) return 0;
  return weight === 0 ? Infinity : -Math.log(1 - draw) / weight;
}

/** Unknown comes last; among equals the provider that has the chat's prompt cached comes first. */
function byPrice(left: CandidateFacts, right: CandidateFacts): number {
  return (
    compareNumbers(left.priceMicroUsd ?? Infinity, right.priceMicroUsd ?? Infinity) ||
    Number(right.isLast) - Number(left.isLast) ||
    byTurn(left, right)
  );
}

/** Infinity minus itself is no number. */
function compareNumbers(left: number, right: number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** How long a reader waits for something to read, milliseconds; null when too little is known of the target. */
export function toWaitMs({ usual }: CandidateFacts, parameters: RankingParameters): number | null {
  const { samples, firstTokenP50Ms, tokensPerSecond } = usual;
  if (samples < parameters.knownFromSamples || firstTokenP50Ms === null) return null;
  // A rate of next to nothing must not become a wait without end.
  const rate = Math.max(tokensPerSecond ?? parameters.assumedTokensPerSecond, 0.1);
  return firstTokenP50Ms + (parameters.readTokens * 1_000) / rate;
}

/** The quickest first, those nobody knows last; but in a share of selections one of them goes first to be known. */
function orderByLatency(group: readonly CandidateFacts[], parameters: RankingParameters): Placement[] {
  const waits = new Map(group.map((facts) => [facts, toWaitMs(facts, parameters)]));
  const anyKnown = [...waits.values()].some((waitMs) => waitMs !== null);
  const explored = (facts: CandidateFacts): boolean => {
    const share = waits.get(facts) === null ? parameters.exploreShare : parameters.refreshShare;
    return anyKnown && facts.draw < share;
  };
  return group
    .toSorted((left, right) => {
      // Where nobody is known the lot decides, so that all become known equally soon.
      if (!anyKnown) return compareNumbers(left.draw, right.draw) || byTurn(left, right);
      if (explored(left) || explored(right)) {
        const byExploring = Number(explored(right)) - Number(explored(left));
        return byExploring || compareNumbers(left.draw, right.draw) || byTurn(left, right);
      }
      const byWait = compareNumbers(waits.get(left) ?? Infinity, waits.get(right) ?? Infinity);
      return byWait || byTurn(left, right);
    })
    .map((facts) => {
      const found = explored(facts) ? ", asked first this time to see how quick it is" : "";
      return { facts, reason: `${toSpeedWords(facts, parameters)}${found}, ${toPlaceWords(facts)}` };
    });
}

interface Score {
  readonly facts: CandidateFacts;
  readonly costRatio: number;
  readonly waitRatio: number;
  readonly score: number;
}

/**
 * Price, wait and place in one number, each against the best of the group. Unknown speed counts as the quickest, so
 * that it becomes known; an unknown price counts as the dearest.
 */
function orderBalanced(group: readonly CandidateFacts[], parameters: RankingParameters): Placement[] {
  const inTurn = group.toSorted(byTurn);
  const prices = group.flatMap(({ priceMicroUsd }) => priceMicroUsd ?? []);
  const waits = group.flatMap((facts) => toWaitMs(facts, parameters) ?? []);
  // One micro-dollar and one millisecond more on both sides, since nothing can be compared with nothing.
  const toRatio = (value: number, best: number): number => (value + 1) / (best + 1);
  const scores = inTurn.map((facts, position): Score => {
    const cheapest = Math.min(...prices);
    const costRatio = prices.length === 0 ? 1 : toRatio(facts.priceMicroUsd ?? Math.max(...prices), cheapest);
    const waitMs = toWaitMs(facts, parameters);
    const waitRatio = waitMs === null ? 1 : toRatio(waitMs, Math.min(...waits));
    const score =
      parameters.costWeight * Math.log(costRatio) +
      parameters.latencyWeight * Math.log(waitRatio) +
      parameters.placeWeight * position;
    return { facts, costRatio, waitRatio, score };
  });
  return scores
    .toSorted((left, right) => compareNumbers(left.score, right.score) || byTurn(left.facts, right.facts))
    .map(({ facts, costRatio, waitRatio, score }) => ({
      facts,
      reason: `score ${score.toFixed(2)}: ${toCostRatioWords(facts, costRatio)}, ${toWaitRatioWords(
        toWaitMs(facts, parameters),
        waitRatio,
      )}, ${toPlaceWords(facts)}`,
    }));
}

function toPlaceWords({ requestedPlace }: CandidateFacts): string {
  return `number ${requestedPlace} of what was asked for`;
}

function toWeightWords({ weight }: CandidateFacts): string {
  return weight === null ? "" : `, in its place by lot with a weight of ${weight}`;
}

const MICRO_USD_PER_USD = 1_000_000;

function toPriceWords({ priceMicroUsd }: CandidateFacts): string {
  if (priceMicroUsd === null) return "its price is unknown";
  return `about $${(priceMicroUsd / MICRO_USD_PER_USD).toFixed(6)} for this request`;
}

function toSpeedWords(facts: CandidateFacts, parameters: RankingParameters): string {
  const { firstTokenP50Ms, tokensPerSecond } = facts.usual;
  if (toWaitMs(facts, parameters) === null || firstTokenP50Ms === null)
    return "nobody knows yet how quick it is";
  const rate = tokensPerSecond === null ? "" : ` and ${Math.round(tokensPerSecond)} tokens a second`;
  return `usually ${Math.round(firstTokenP50Ms)} ms to the first token${rate}`;
}

function toCostRatioWords({ priceMicroUsd }: CandidateFacts, ratio: number): string {
  return priceMicroUsd === null ? "its price is unknown" : `${ratio.toFixed(1)} times the lowest price`;
}

function toWaitRatioWords(waitMs: number | null, ratio: number): string {
  return waitMs === null ? "nobody knows yet how quick it is" : `${ratio.toFixed(1)} times the shortest wait`;
}
