/** Facts for a plan, with a healthy world as the default. */
import type { ProviderId } from "../../../src/base/id.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { decidePlan, type PlanFacts, type RequestedModel, type Target } from "../../../src/routing/plan.ts";
import { snapshotOf } from "../../fakes/fake-authority.ts";
import { toProviderId } from "../../fakes/scripted-provider.ts";

export const NOW_MS = 1_000_000;

/** `provider/model` as a target. */
export function targetOf(name: string): Target {
  const slash = name.indexOf("/");
  return { provider: toProviderId(name.slice(0, slash)), model: name.slice(slash + 1) };
}

export const nameOf = (target: { readonly provider: string; readonly model: string }): string =>
  `${target.provider}/${target.model}`;

export const classOf = (...names: readonly string[]): RequestedModel => ({
  type: "class",
  name: "balanced",
  targets: names.map(targetOf),
});

export const pinned = (name: string): RequestedModel => ({ type: "pinned", target: targetOf(name) });

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
    nowMs: NOW_MS,
    intent: "chat",
    lastProvider: null,
    ...changes,
  };
}

/** The order of a plan that must exist, as names. */
export function orderOf(facts: PlanFacts): string[] {
  const plan = decidePlan(facts);
  if (!plan.ok) throw new Error(plan.error.message);
  return plan.value.order.map(nameOf);
}
