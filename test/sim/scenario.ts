/** A scenario of the simulation: one world or several to compare, and what must be true of them. */
import { FUSE_FAILURES } from "../../src/circuit/local-fuse.ts";
import { answering, type Behaviour, type Span } from "./behaviour.ts";
import type { Figures, Sickness } from "./figures.ts";
import type { WorldResult } from "./sim-world.ts";
import { QUIET_NETWORK, type IsolatePlan, type ProviderPlan, type WorldPlan } from "./world-plan.ts";

export interface Variant {
  readonly name: string;
  readonly plan: (seed: number) => WorldPlan;
  readonly sickness: Sickness | null;
  /** Requests before this are left out of the figures about time: nothing is usual yet, and no hedge is earned. */
  readonly warmUpMs: number;
  /** Users' calls that what is sick may get before it is skipped everywhere; null where the fuse does not decide. */
  readonly mostSickCalls: number | null;
  /** While these last no candidate is healthy. */
  readonly failuresAllowed: (result: WorldResult) => readonly Span[];
  /** What else must be true of this world: a sentence for each breach. */
  readonly check: (result: WorldResult, figures: Figures) => string[];
}

export interface Scenario {
  readonly name: string;
  readonly variants: readonly Variant[];
  /** What must be true of the variants together, run with the same seed; in the order of `variants`. */
  readonly compare: (figures: readonly Figures[]) => string[];
}

export const ISOLATES = 6;

/** What a dead provider may be asked until every isolate skips it: the local fuse of each. */
export const FUSE_BOUND = FUSE_FAILURES * ISOLATES;

export function toIsolates(count: number, region: string | null = null, startsEveryMs = 0): IsolatePlan[] {
  const prefix = region === null ? "isolate" : `${region}-isolate`;
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}-${index + 1}`,
    region,
    startsAtMs: index * startsEveryMs,
  }));
}

/** Three providers with a model in each of two classes; `behave` is the first one's, which gets most of the calls. */
export function toProviders(behave: () => Behaviour): ProviderPlan[] {
  return [
    { id: "alpha", models: ["large", "small"], behave },
    { id: "beta", models: ["large", "small"], behave: () => answering() },
    { id: "gamma", models: ["large", "small"], behave: () => answering() },
  ];
}

export function toWorldPlan(
  seed: number,
  behave: () => Behaviour,
  changes: Partial<Omit<WorldPlan, "seed" | "providers">> = {},
): WorldPlan {
  return {
    seed,
    providers: toProviders(behave),
    classes: ["large", "small"].map((model) => ({
      name: model === "large" ? "frontier" : "fast",
      targets: ["alpha", "beta", "gamma"].map((provider) => `${provider}/${model}`),
      share: 1,
    })),
    isolates: toIsolates(ISOLATES),
    requestsPerSecond: 12,
    durationMs: 100_000,
    hedging: true,
    leaverShare: 0.01,
    chatShare: 0.3,
    network: QUIET_NETWORK,
    crashes: [],
    ...changes,
  };
}

/** A variant with nothing sick and nothing more to check; scenarios change what is theirs. */
export function toVariant(name: string, plan: Variant["plan"], changes: Partial<Variant> = {}): Variant {
  return {
    name,
    plan,
    sickness: null,
    warmUpMs: 20_000,
    mostSickCalls: null,
    failuresAllowed: () => [],
    check: () => [],
    ...changes,
  };
}

export function alone(variant: Variant): Scenario {
  return { name: variant.name, variants: [variant], compare: () => [] };
}

export function sickFor(spans: readonly Span[], changes: Partial<Sickness> = {}): Sickness {
  return { provider: "alpha", model: null, regions: null, spans, ...changes };
}
