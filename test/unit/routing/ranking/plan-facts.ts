/** Facts for a plan, with a healthy world as the default. */
import type { ProviderId } from "../../../../src/base/id.ts";
import type { CircuitSnapshot } from "../../../../src/protocol/circuit.ts";
import type { RequestNeeds } from "../../../../src/protocol/selection.ts";
import { decidePlan, type PlanFacts } from "../../../../src/routing/ranking/plan.ts";
import type {
  RequestedModel,
  RequestedTarget,
  Target,
} from "../../../../src/routing/ranking/ranking-facts.ts";
import { UNKNOWN_ABILITIES } from "../../../../src/routing/ranking/request-needs.ts";
import { snapshotOf } from "../../../fakes/fake-authority.ts";
import { toProviderId } from "../../../fakes/scripted-provider.ts";

export const NOW_MS = 1_000_000;

/** `provider/model` as a target. */
export function targetOf(name: string): Target {
  const slash = name.indexOf("/");
  return { provider: toProviderId(name.slice(0, slash)), model: name.slice(slash + 1) };
}

export const nameOf = (target: { readonly provider: string; readonly model: string }): string =>
  `${target.provider}/${target.model}`;

/** A target nobody knows much of. */
export const requestedOf = (name: string, changes: Partial<RequestedTarget> = {}): RequestedTarget => ({
  ...targetOf(name),
  abilities: UNKNOWN_ABILITIES,
  weight: null,
  ...changes,
});

export const classOf = (...targets: readonly (string | RequestedTarget)[]): RequestedModel => ({
  type: "class",
  name: "balanced",
  targets: targets.map((target) => (typeof target === "string" ? requestedOf(target) : target)),
});

export const pinned = (name: string): RequestedModel => ({ type: "pinned", target: requestedOf(name) });

export const NO_NEEDS: RequestNeeds = { vision: false, tools: false, inputTokens: 100, outputTokens: null };

export const THREE = classOf("a/one", "b/two", "c/three");

type Circuits = Readonly<Record<string, Partial<CircuitSnapshot>>>;

export function factsOf(changes: Partial<PlanFacts> = {}, circuits: Circuits = {}): PlanFacts {
  return {
    requested: [THREE],
    unspecified: false,
    configured: new Set(["a", "b", "c", "d"].map(toProviderId)),
    readCircuit: (provider: ProviderId) => {
      const known = circuits[provider];
      return known === undefined ? null : snapshotOf(provider, known);
    },
    readPrice: () => null,
    needs: NO_NEEDS,
    nowMs: NOW_MS,
    lastProvider: null,
    selectionId: "sel_1",
    policy: "priority",
    ...changes,
  };
}

/** The order of a plan that must exist, as names. */
export function orderOf(facts: PlanFacts): string[] {
  const plan = decidePlan(facts);
  if (!plan.ok) throw new Error(plan.error.message);
  return plan.value.order.map(nameOf);
}
