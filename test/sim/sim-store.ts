/** The rows of one simulated health object: outlive its crash, are copied in and out like rows, and are all kept. */
import type { DeskStore } from "../../src/circuit/health-desk.ts";
import type { ProbeSpend } from "../../src/circuit/probe-budget.ts";
import { ProviderCircuits } from "../../src/circuit/provider-circuits.ts";
import type { RegionReport } from "../../src/circuit/regions.ts";
import type { CircuitPolicyRecord, CircuitTransition } from "../../src/protocol/circuit.ts";

export class SimStore implements DeskStore {
  readonly transitions: CircuitTransition[] = [];
  private circuits: string | null = null;
  private spend: ProbeSpend | null = null;
  private readonly policyChanges: CircuitPolicyRecord[] = [];
  private readonly regions = new Map<string, RegionReport>();

  loadCircuits(): ProviderCircuits | null {
    // Text, as in the real store: what is loaded is never the object that was saved.
    return this.circuits === null ? null : ProviderCircuits.parse(JSON.parse(this.circuits));
  }

  saveCircuits(circuits: ProviderCircuits): void {
    this.circuits = JSON.stringify(circuits);
  }

  appendTransition(transition: CircuitTransition): void {
    this.transitions.push(structuredClone(transition));
  }

  /** Newest first. */
  readTransitions(): CircuitTransition[] {
    return this.transitions.toReversed();
  }

  loadSpend(): ProbeSpend | null {
    return this.spend;
  }

  saveSpend(spend: ProbeSpend): void {
    this.spend = { ...spend };
  }

  appendPolicyChange(record: CircuitPolicyRecord): void {
    this.policyChanges.push(structuredClone(record));
  }

  readPolicyChanges(): CircuitPolicyRecord[] {
    return [...this.policyChanges];
  }

  saveRegion(name: string, report: RegionReport): void {
    this.regions.set(name, { ...report });
  }

  readRegions(): Map<string, RegionReport> {
    return new Map(this.regions);
  }
}
