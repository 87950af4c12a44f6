/**
 * The world's side of a provider's regions: hears what each region says, decides whether the provider is down
 * everywhere, and lends the one probe that the world may make then. The regions' side is in the object around it.
 * Rules CB60 to CB64.
 */
import type { Clock } from "../base/clock.ts";
import type { RegionState } from "../protocol/circuit.ts";
import type { CircuitPolicy } from "./policy.ts";
import { decideWorldView, type RegionReport, type WorldView } from "./regions.ts";

export interface WorldStore {
  readRegions(): Map<string, RegionReport>;
  saveRegion(name: string, report: RegionReport): void;
}

export interface WorldDeps {
  readonly store: WorldStore;
  readonly clock: Clock;
  readonly readPolicy: () => CircuitPolicy;
}

export class World {
  private readonly deps: WorldDeps;
  private readonly regions: Map<string, RegionReport>;
  private lease: { readonly id: string; readonly expiresAtMs: number } | null = null;

  constructor(deps: WorldDeps) {
    this.deps = deps;
    this.regions = deps.store.readRegions();
  }

  /** Takes a region's word; true when it changed whether the provider is down everywhere. */
  hear(region: string, report: RegionReport): boolean {
    const before = this.view().down;
    this.regions.set(region, report);
    this.deps.store.saveRegion(region, report);
    const after = this.view().down;
    if (!after) this.lease = null;
    return before !== after;
  }

  view(): WorldView {
    return decideWorldView(this.regions, this.deps.readPolicy(), this.deps.clock.nowMs());
  }

  /** While it is down everywhere one region at a time may probe; a lease that was not given back expires. */
  lendProbe(permitId: string): boolean {
    if (!this.view().down) return true;
    const nowMs = this.deps.clock.nowMs();
    if (this.lease !== null && nowMs < this.lease.expiresAtMs && this.lease.id !== permitId) return false;
    this.lease = { id: permitId, expiresAtMs: nowMs + this.deps.readPolicy().permitTtlMs };
    return true;
  }

  regionNames(): string[] {
    return [...this.regions.keys()];
  }

  toStates(): RegionState[] {
    return [...this.regions].map(([region, { status, reason, reportedAtMs }]) => ({
      region,
      status,
      reason,
      reportedAtMs: Math.round(reportedAtMs),
    }));
  }
}
