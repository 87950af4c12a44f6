/**
 * Gathers, for every target that was asked for, the facts its place is decided by: plain records that a policy reads,
 * the selection keeps and a replay reads again. Rules RT50, RT51.
 */
import type { ProviderId } from "../../base/id.ts";
import { readTargetCircuit } from "../../circuit/target-circuit.ts";
import { NOTHING_USUAL, type CircuitSnapshot, type CircuitStatus } from "../../protocol/circuit.ts";
import type { CandidateFacts, RequestNeeds } from "../../protocol/selection.ts";
import { findCircuitBlock } from "../circuit-block.ts";
import { drawFor } from "./draw.ts";
import { findMissingNeeds, type TargetAbilities } from "./request-needs.ts";

export interface Target {
  readonly provider: ProviderId;
  readonly model: string;
}

/** A target as it was asked for, with what is known of it. */
export interface RequestedTarget extends Target {
  readonly abilities: TargetAbilities;
  /** Its weight within the class; null in a class without weights. */
  readonly weight: number | null;
}

/** One thing a caller asked for, looked up in the catalog. */
export type RequestedModel =
  | { readonly type: "class"; readonly name: string; readonly targets: readonly RequestedTarget[] }
  | { readonly type: "pinned"; readonly target: RequestedTarget };

/** What is known at the moment of the decision. */
export interface RankingSources {
  readonly requested: readonly RequestedModel[];
  /** Providers that have a key or an address here. */
  readonly configured: ReadonlySet<ProviderId>;
  /** What this isolate knows of a provider's circuits; null when it knows nothing (then it counts as closed). */
  readonly readCircuit: (provider: ProviderId) => CircuitSnapshot | null;
  /** Micro-dollars for a request of this size; null when the price is unknown. */
  readonly readPrice: (target: Target) => number | null;
  readonly needs: RequestNeeds;
  readonly nowMs: number;
  /** The provider that served this chat last; its prompt cache is warm. */
  readonly lastProvider: ProviderId | null;
  readonly selectionId: string;
}

export interface FactedCandidate {
  readonly target: Target;
  readonly circuit: CircuitStatus;
  readonly facts: CandidateFacts;
}

/** A turn makes eight calls: nobody gets to the forty-first, and every candidate takes room on record. */
const MAX_CANDIDATES = 40;

/** Every target once, in the caller's order, the first 40 of them. */
export function gatherCandidates(sources: RankingSources): FactedCandidate[] {
  const seen = new Set<string>();
  const candidates: FactedCandidate[] = [];
  for (const [index, entry] of sources.requested.entries()) {
    for (const target of entry.type === "class" ? entry.targets : [entry.target]) {
      const name = `${target.provider}/${target.model}`;
      if (seen.has(name) || seen.size >= MAX_CANDIDATES) continue;
      seen.add(name);
      candidates.push(gatherFacts(target, { entry: index + 1, requestedPlace: seen.size }, sources));
    }
  }
  return candidates;
}

function gatherFacts(
  requested: RequestedTarget,
  position: Pick<CandidateFacts, "entry" | "requestedPlace">,
  sources: RankingSources,
): FactedCandidate {
  const { provider, model, weight, abilities } = requested;
  const target: Target = { provider, model };
  const configured = sources.configured.has(provider);
  const circuit = configured ? readTargetCircuit(sources.readCircuit(provider), model) : null;
  return {
    target,
    circuit: circuit?.status ?? "CLOSED",
    facts: {
      ...position,
      configured,
      blocked: circuit === null ? null : findCircuitBlock(circuit, sources.nowMs),
      suspect: circuit?.suspect ?? false,
      draining: circuit?.mode === "draining",
      usual: circuit?.usual ?? NOTHING_USUAL,
      priceMicroUsd: configured ? sources.readPrice(target) : null,
      missingNeeds: findMissingNeeds(sources.needs, abilities),
      isLast: provider === sources.lastProvider,
      weight,
      draw: drawFor(sources.selectionId, `${provider}/${model}`),
    },
  };
}
