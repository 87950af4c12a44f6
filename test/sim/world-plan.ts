/** What a simulated world is made of: providers, classes, isolates, readers and the network between. Plain data. */
import type { Behaviour } from "./behaviour.ts";
import { lognormal } from "./distributions.ts";
import type { NetworkPlan } from "./sim-network.ts";

export interface ProviderPlan {
  readonly id: string;
  readonly models: readonly string[];
  /** Made anew for each world: a behaviour may remember what it was asked. */
  readonly behave: () => Behaviour;
}

export interface ClassPlan {
  readonly name: string;
  /** `provider/model`, in the order they are tried. */
  readonly targets: readonly string[];
  /** Its share of the requests, in relation to the others'. */
  readonly share: number;
}

export interface IsolatePlan {
  readonly name: string;
  /** Null: regions are not told apart. */
  readonly region: string | null;
  /** From the start of the scenario, milliseconds: before that it does not exist, and then it knows nothing. */
  readonly startsAtMs: number;
}

export interface WorldPlan {
  readonly seed: number;
  readonly providers: readonly ProviderPlan[];
  readonly classes: readonly ClassPlan[];
  readonly isolates: readonly IsolatePlan[];
  /** Over all isolates, a Poisson process. */
  readonly requestsPerSecond: number;
  readonly durationMs: number;
  readonly hedging: boolean;
  /** The share of requests whose reader leaves before the end. */
  readonly leaverShare: number;
  /** The share of requests that belong to a chat with a history, and so to a provider. */
  readonly chatShare: number;
  readonly network: NetworkPlan;
  /** Crashes of health objects, by name. */
  readonly crashes: readonly { readonly object: string; readonly atMs: number }[];
}

export const QUIET_NETWORK: NetworkPlan = { oneWay: lognormal(12, 0.5), lossShare: 0.005, disturbances: [] };
