/** Candidates with facts of a test's choosing, and any facts at all for properties. */
import fc from "fast-check";
import { NOTHING_USUAL, type Usual } from "../../../../src/protocol/circuit.ts";
import type { CandidateFacts, RoutingPolicy } from "../../../../src/protocol/selection.ts";
import { DEFAULT_RANKING_PARAMETERS } from "../../../../src/routing/ranking/policies.ts";
import { rankCandidates, type Ranked } from "../../../../src/routing/ranking/ranking.ts";

export interface NamedCandidate {
  readonly provider: string;
  readonly model: string;
  readonly facts: CandidateFacts;
}

/** What is usual for a target of which enough is known. */
export const usually = (
  firstTokenMs: number,
  tokensPerSecond: number | null = null,
  samples = 30,
): Usual => ({
  samples,
  firstTokenP50Ms: firstTokenMs,
  firstTokenP95Ms: firstTokenMs * 3,
  tokensPerSecond,
});

const PLAIN: CandidateFacts = {
  entry: 1,
  requestedPlace: 1,
  configured: true,
  blocked: null,
  suspect: false,
  draining: false,
  usual: NOTHING_USUAL,
  priceMicroUsd: null,
  missingNeeds: [],
  isLast: false,
  weight: null,
  draw: 0.5,
};

/** Candidates `a`, `b`, … in the order in which they were asked for. */
export function candidatesOf(...changes: readonly Partial<CandidateFacts>[]): NamedCandidate[] {
  return changes.map((change, index) => ({
    provider: String.fromCharCode(97 + index),
    model: "m",
    facts: { ...PLAIN, requestedPlace: index + 1, ...change },
  }));
}

export function rank(
  policy: RoutingPolicy,
  ...changes: readonly Partial<CandidateFacts>[]
): Ranked<NamedCandidate>[] {
  return rankCandidates(candidatesOf(...changes), { policy, parameters: DEFAULT_RANKING_PARAMETERS });
}

/** Who is to be tried, in order, as one word. */
export const orderOf = (ranked: readonly Ranked<NamedCandidate>[]): string =>
  ranked.map(({ candidate, place }) => (place === null ? "" : candidate.provider)).join("");

const anyUsual: fc.Arbitrary<Usual> = fc.record({
  samples: fc.nat(64),
  firstTokenP50Ms: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
  firstTokenP95Ms: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
  tokensPerSecond: fc.option(fc.double({ min: 0, max: 1_000, noNaN: true })),
});

const anyFacts: fc.Arbitrary<Omit<CandidateFacts, "requestedPlace">> = fc.record({
  entry: fc.integer({ min: 1, max: 3 }),
  configured: fc.boolean().map((value) => value || PLAIN.configured),
  blocked: fc.option(fc.record({ reason: fc.constant("circuit OPEN"), retryAfterMs: fc.option(fc.nat(9)) }), {
    freq: 1,
  }),
  suspect: fc.boolean(),
  draining: fc.boolean(),
  usual: anyUsual,
  // Few values, so that there are ties.
  priceMicroUsd: fc.option(fc.nat(3)),
  missingNeeds: fc.subarray(["vision", "tools"] as const, { maxLength: 1 }),
  isLast: fc.boolean(),
  weight: fc.option(fc.constantFrom(0, 0.5, 1, 7)),
  draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

export const anyCandidates: fc.Arbitrary<NamedCandidate[]> = fc
  .array(anyFacts, { maxLength: 8 })
  .map((facts) => candidatesOf(...facts));

export const anyPolicy: fc.Arbitrary<RoutingPolicy> = fc.constantFrom(
  "priority",
  "cost",
  "latency",
  "balanced",
);
