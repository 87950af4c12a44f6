/**
 * What people decided about a provider, as the world hands it on: a region that was away when it was decided, or did
 * not exist yet, learns it with the answer to its next report. Pure. Rules CB23, CB54, CB60.
 */
import type { CircuitAction, CircuitMode } from "../protocol/circuit.ts";
import type { CircuitPolicy } from "./policy.ts";
import type { ProviderCircuits } from "./provider-circuits.ts";

export interface RegionOrders {
  readonly policy: CircuitPolicy;
  /** The provider's own (`model` null), and those of models that are not left to their own rules. */
  readonly modes: readonly HeldMode[];
}

export interface HeldMode {
  readonly model: string | null;
  readonly mode: CircuitMode;
  readonly reason: string;
}

export interface OwedControl {
  readonly model: string | null;
  readonly action: CircuitAction;
  readonly reason: string;
}

const ACTION_OF_MODE: Readonly<Record<CircuitMode, CircuitAction>> = {
  auto: "auto",
  "forced-open": "open",
  "forced-closed": "close",
  draining: "drain",
};

export function toOrders(circuits: ProviderCircuits, policy: CircuitPolicy): RegionOrders {
  return { policy, modes: listModes(circuits) };
}

/** The numbers that a region has otherwise; null when it has them all. */
export function findOwedPolicy(own: CircuitPolicy, orders: RegionOrders): Record<string, number> | null {
  const known = new Map(Object.entries(own));
  const owed = Object.entries(orders.policy).filter(([name, value]) => known.get(name) !== value);
  return owed.length === 0 ? null : Object.fromEntries(owed);
}

/** What has to be done in a region so that people's decisions hold there too. */
export function findOwedControls(own: ProviderCircuits, orders: RegionOrders): OwedControl[] {
  const held = new Map(listModes(own).map(({ model, mode }) => [model, mode]));
  const wanted = new Map(orders.modes.map((one) => [one.model, one]));
  return [...new Set([...wanted.keys(), ...held.keys()])].flatMap((model) => {
    const mode = wanted.get(model)?.mode ?? "auto";
    if (mode === (held.get(model) ?? "auto")) return [];
    const reason = wanted.get(model)?.reason ?? "as everywhere";
    return [{ model, action: ACTION_OF_MODE[mode], reason }];
  });
}

function listModes({ provider, models }: ProviderCircuits): HeldMode[] {
  const held = Object.entries(models).filter(([, { breaker }]) => breaker.mode !== "auto");
  return [
    { model: null, mode: provider.mode, reason: provider.reason },
    ...held.map(([model, { breaker }]) => ({ model, mode: breaker.mode, reason: breaker.reason })),
  ];
}
