/**
 * Computes a stored decision again, or asks what another policy would have made of the same facts. Pure. Rules RT52, RT61.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type { RoutingPolicy, SelectionRecord } from "../../protocol/selection.ts";
import { RANKING_VERSION, RankingParameters } from "./policies.ts";
import { rankCandidates } from "./ranking.ts";

export interface RecomputedCandidate {
  readonly provider: string;
  readonly model: string;
  readonly place: number | null;
  readonly reason: string;
}

/**
 * All candidates of a record, those to try first and best first. With `policy` another one than the record's own is
 * applied. The error says why a record cannot be computed again.
 */
export function recomputeOrder(
  record: Pick<SelectionRecord, "decision" | "candidates">,
  policy?: RoutingPolicy,
): Result<readonly RecomputedCandidate[], string> {
  const { decision } = record;
  if (decision === null) return fail("no decision is on this record");
  if (decision.version !== RANKING_VERSION) {
    return fail(
      `the decision was made by version ${decision.version} of the policies, this is ${RANKING_VERSION}`,
    );
  }
  const parameters = RankingParameters.safeParse(decision.parameters);
  if (!parameters.success) return fail("the decision's parameters are not those of its version");
  const candidates = record.candidates.flatMap(({ provider, model, facts }) =>
    facts === null ? [] : [{ provider, model, facts }],
  );
  if (candidates.length < record.candidates.length) return fail("a candidate has no facts on record");
  const ranked = rankCandidates(candidates, {
    policy: policy ?? decision.policy,
    parameters: parameters.data,
  });
  return succeed(
    ranked.map(({ candidate: { provider, model }, place, reason }) => ({ provider, model, place, reason })),
  );
}
