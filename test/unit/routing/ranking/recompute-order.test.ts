import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SelectionCandidate, SelectionRecord } from "../../../../src/protocol/selection.ts";
import { decidePlan } from "../../../../src/routing/ranking/plan.ts";
import { DEFAULT_RANKING_PARAMETERS, RANKING_VERSION } from "../../../../src/routing/ranking/policies.ts";
import { rankCandidates } from "../../../../src/routing/ranking/ranking.ts";
import { recomputeOrder } from "../../../../src/routing/ranking/recompute-order.ts";
import { modelCircuitOf } from "../../../fakes/fake-authority.ts";
import { RECORD } from "../../session/answer-fixtures.ts";
import { classOf, factsOf, nameOf, NO_NEEDS, NOW_MS, requestedOf, THREE } from "./plan-facts.ts";
import { anyCandidates, anyPolicy, usually } from "./ranking-facts.ts";

const SEED = { seed: 20_261_120 };

type Decided = Pick<SelectionRecord, "decision" | "candidates">;

function decide(...given: Parameters<typeof factsOf>): Decided {
  const plan = decidePlan(factsOf(...given));
  if (!plan.ok) throw new Error(plan.error.message);
  return { decision: plan.value.decision, candidates: [...plan.value.candidates] };
}

/** As it comes back from the database. */
const store = (decided: Decided): SelectionRecord =>
  SelectionRecord.parse(JSON.parse(JSON.stringify({ ...RECORD, ...decided })));

const toPlaces = (
  candidates: readonly { provider: string; model: string; place: number | null; reason: string }[],
) => candidates.map(({ provider, model, place, reason }) => ({ provider, model, place, reason }));

describe("a stored decision", () => {
  it("[RT52] any decision computed again from its record gives the same order and sentences", () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, policy) => {
        const parameters = DEFAULT_RANKING_PARAMETERS;
        const ranked = rankCandidates(candidates, { policy, parameters }).map(
          ({ candidate, place, reason }) => ({
            ...candidate,
            circuit: "CLOSED" as const,
            place,
            reason,
          }),
        );
        const decision = { policy, version: RANKING_VERSION, parameters, needs: NO_NEEDS };
        const record = store({ decision, candidates: ranked });
        expect(recomputeOrder(record)).toEqual({ ok: true, value: toPlaces(ranked) });
      }),
      { ...SEED, numRuns: 2_000 },
    );
  });

  it("[RT13] [RT52] the order does not depend on the order in which candidates are looked at", () => {
    const shuffled = anyCandidates.chain((candidates) =>
      fc.tuple(
        fc.constant(candidates),
        fc.shuffledSubarray(candidates, { minLength: candidates.length }),
        anyPolicy,
      ),
    );
    fc.assert(
      fc.property(shuffled, ([candidates, mixed, policy]) => {
        const choice = { policy, parameters: DEFAULT_RANKING_PARAMETERS };
        expect(rankCandidates(mixed, choice)).toEqual(rankCandidates(candidates, choice));
      }),
      { ...SEED, numRuns: 1_000 },
    );
  });

  it("[RT11] everybody is on record once, places run from 1 without gaps, and each has a sentence", () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, policy) => {
        const ranked = rankCandidates(candidates, { policy, parameters: DEFAULT_RANKING_PARAMETERS });
        expect(ranked.map(({ candidate }) => candidate.provider).toSorted()).toEqual(
          candidates.map(({ provider }) => provider),
        );
        const places = ranked.flatMap(({ place }) => place ?? []);
        expect(places).toEqual(places.map((_, index) => index + 1));
        expect(ranked.every(({ reason }) => reason.length > 10)).toBe(true);
      }),
      SEED,
    );
  });

  it("[RT50] a plan's record holds the facts of everybody, and gives the plan's own order again", () => {
    const circuits: Parameters<typeof factsOf>[1] = {
      a: { suspect: true },
      b: { models: [modelCircuitOf("two", { usual: usually(700) })] },
      d: { status: "OPEN", openUntilMs: NOW_MS + 5_000, failureCount: 3 },
    };
    const decided = decide(
      {
        requested: [classOf("a/one", "b/two", "c/three", "d/four", "e/five")],
        policy: "latency",
        readPrice: (target) => (target.provider === "b" ? 42 : null),
      },
      circuits,
    );
    const record = store(decided);
    expect(record.candidates).toEqual(decided.candidates);
    expect(record.decision).toMatchObject({ policy: "latency", version: 1, needs: NO_NEEDS });
    const byName = new Map(record.candidates.map((candidate) => [nameOf(candidate), candidate.facts]));
    expect(byName.get("a/one")).toMatchObject({ requestedPlace: 1, suspect: true, configured: true });
    expect(byName.get("b/two")).toMatchObject({
      priceMicroUsd: 42,
      usual: { firstTokenP50Ms: 700, samples: 30 },
    });
    expect(byName.get("d/four")).toMatchObject({
      blocked: { reason: "circuit OPEN after 3 failures in a row", retryAfterMs: 5_000 },
    });
    expect(byName.get("e/five")).toMatchObject({ configured: false });
    expect(recomputeOrder(record)).toEqual({ ok: true, value: toPlaces(decided.candidates) });
  });

  it("[RT61] another policy can be asked of the same record", () => {
    const prices = new Map([
      ["a", 30],
      ["b", 20],
      ["c", 10],
    ]);
    const decided = decide({ readPrice: ({ provider }) => prices.get(provider) ?? null });
    const other = recomputeOrder(store(decided), "cost");
    if (!other.ok) throw new Error(other.error);
    expect(other.value.map(nameOf)).toEqual(["c/three", "b/two", "a/one"]);
  });

  it("[RT52] what cannot be computed again is refused with the reason", () => {
    const decided = decide();
    const { decision } = decided;
    if (decision === null) throw new Error("no decision");
    const refused = (changes: Partial<Decided>): unknown => recomputeOrder({ ...decided, ...changes });
    expect(refused({ decision: null })).toEqual({ ok: false, error: "no decision is on this record" });
    expect(refused({ decision: { ...decision, version: 99 } })).toEqual({
      ok: false,
      error: "the decision was made by version 99 of the policies, this is 1",
    });
    expect(refused({ decision: { ...decision, parameters: {} } })).toMatchObject({ ok: false });
    const bare = decided.candidates.map((candidate) => ({ ...candidate, facts: null }));
    expect(refused({ candidates: bare })).toEqual({ ok: false, error: "a candidate has no facts on record" });
  });

  it("[RT52] records from before policies are still read", () => {
    const { decision: _, ...older } = RECORD;
    const candidate = { provider: "a", model: "one", place: 1, reason: "first", circuit: "CLOSED" };
    const parsed = SelectionRecord.parse({ ...older, candidates: [candidate] });
    expect(parsed).toMatchObject({ decision: null, candidates: [{ facts: null }] });
    expect(SelectionCandidate.parse(candidate).facts).toBeNull();
    expect(recomputeOrder(parsed).ok).toBe(false);
  });
});

describe("how much is looked at", () => {
  it("[RT51] the first forty targets, each once", () => {
    const names = Array.from({ length: 60 }, (_, index) => requestedOf(`a/model-${index}`));
    const { candidates } = decide({ requested: [classOf(...names), THREE] });
    expect(candidates).toHaveLength(40);
    expect(candidates.at(-1)).toMatchObject({ model: "model-39" });
  });
});
