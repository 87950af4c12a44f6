/**
 * Turns what a caller asked for into an ordered list of candidates, with a reason for every place. Pure: the same
 * facts give the same order. Rules RT5 to RT13, RT50 to RT65.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type {
  RankingDecision,
  RoutingPolicy,
  SelectionCandidate,
  SelectionMode,
} from "../../protocol/selection.ts";
import { DEFAULT_RANKING_PARAMETERS, RANKING_VERSION } from "./policies.ts";
import { rankCandidates, type Ranked } from "./ranking.ts";
import { gatherCandidates, type FactedCandidate, type RankingSources, type Target } from "./ranking-facts.ts";

export type { Target } from "./ranking-facts.ts";

export interface PlanFacts extends RankingSources {
  /** True when the caller named no model at all. */
  readonly unspecified: boolean;
  readonly policy: RoutingPolicy;
}

interface PlanPart {
  readonly mode: SelectionMode;
  /** Every candidate looked at, those left out included; what the selection record keeps. */
  readonly candidates: readonly SelectionCandidate[];
  readonly decision: RankingDecision;
  /** Targets that are set up and were passed over, for the log. */
  readonly skipped: readonly (Target & { readonly reason: string })[];
}

export interface Plan extends PlanPart {
  /** Targets to try, best first. */
  readonly order: readonly Target[];
}

export interface PlanFailure extends PlanPart {
  readonly type: "nothing-configured" | "nothing-available" | "nothing-able";
  readonly message: string;
  /** When the first candidate may be asked again, milliseconds from now; null when unknown. */
  readonly retryAfterMs: number | null;
}

interface RankedTarget extends Ranked<FactedCandidate & { readonly provider: string }> {}

/** Orders the candidates. A failure is a value: it says what was looked at and when to come back. */
export function decidePlan(facts: PlanFacts): Result<Plan, PlanFailure> {
  const parameters = DEFAULT_RANKING_PARAMETERS;
  const gathered = gatherCandidates(facts).map((each) => ({ ...each, provider: each.target.provider }));
  const ranked = rankCandidates(gathered, { policy: facts.policy, parameters });
  const part: PlanPart = {
    mode: toMode(facts),
    candidates: ranked.map(toCandidate),
    decision: { policy: facts.policy, version: RANKING_VERSION, parameters, needs: facts.needs },
    skipped: ranked
      .filter(({ candidate, place }) => place === null && candidate.facts.configured)
      .map(({ candidate, reason }) => ({ ...candidate.target, reason })),
  };
  const order = ranked.filter(({ place }) => place !== null).map(({ candidate }) => candidate.target);
  if (order.length > 0) return succeed({ ...part, order });
  return fail({ ...part, ...toFailure(ranked) });
}

function toMode({ requested, unspecified }: PlanFacts): SelectionMode {
  if (unspecified) return "auto";
  if (requested.length > 1) return "list";
  return requested[0]?.type === "pinned" ? "pinned" : "class";
}

function toCandidate({ candidate, place, reason }: RankedTarget): SelectionCandidate {
  const { target, circuit, facts } = candidate;
  return { ...target, place, reason, circuit, facts };
}

function toFailure(ranked: readonly RankedTarget[]): Pick<PlanFailure, "type" | "message" | "retryAfterMs"> {
  const configured = ranked.map(({ candidate }) => candidate).filter(({ facts }) => facts.configured);
  if (configured.length === 0) return toNothingConfigured(ranked.map(({ candidate }) => candidate));
  const able = configured.filter(({ facts }) => facts.missingNeeds.length === 0);
  if (able.length === 0) {
    const reasons = new Set(
      ranked.filter(({ candidate }) => candidate.facts.configured).map(({ reason }) => reason),
    );
    const message = `No model that was asked for can take this request: ${[...reasons].join("; ")}.`;
    return { type: "nothing-able", message, retryAfterMs: null };
  }
  return toUnavailable(able.flatMap(({ facts }) => facts.blocked?.retryAfterMs ?? []));
}

/** The sentence for a turn whose providers all have no key and no address here. */
export function toNothingConfigured(targets: readonly { readonly provider: string }[]): {
  readonly type: "nothing-configured";
  readonly message: string;
  readonly retryAfterMs: null;
} {
  const providers = [...new Set(targets.map(({ provider }) => provider))].join(", ");
  const message = `No provider for this model is set up here (${providers || "none known"}).`;
  return { type: "nothing-configured", message, retryAfterMs: null };
}

/** The sentence for a turn in which nobody can be asked at the moment, whether from the start or since then. */
export function toUnavailable(waitsMs: readonly number[]): {
  readonly type: "nothing-available";
  readonly message: string;
  readonly retryAfterMs: number | null;
} {
  const retryAfterMs = waitsMs.length === 0 ? null : Math.min(...waitsMs);
  const advice =
    retryAfterMs === null
      ? "Try again shortly, or choose another model."
      : `Try again in about ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s, or choose another model.`;
  return {
    type: "nothing-available",
    message: `Every provider for this model is unavailable at the moment. ${advice}`,
    retryAfterMs,
  };
}
