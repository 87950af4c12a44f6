/**
 * The rows of one health object in memory: what comes back was text in between and is parsed, as from a disk. For
 * tests and the simulation.
 */
import type { DeskStore } from "../../src/circuit/health-desk.ts";
import { ProbeSpend } from "../../src/circuit/probe-budget.ts";
import { ProviderCircuits } from "../../src/circuit/provider-circuits.ts";
import { RegionReport } from "../../src/circuit/regions.ts";
import { CircuitPolicyRecord, CircuitTransition } from "../../src/protocol/circuit.ts";

const TRANSITIONS_KEPT = 50;

export class MemoryDeskStore implements DeskStore {
  /** How often the circuits were written: each is a row that is paid for. */
  circuitWrites = 0;
  private circuits: string | null = null;
  private spend: string | null = null;
  private transitions: string[] = [];
  private readonly policyChanges: string[] = [];
  private readonly regions = new Map<string, string>();

  /** What cannot be read is learnt anew, as in the object's own store. */
  loadCircuits(): ProviderCircuits | null {
    if (this.circuits === null) return null;
    const parsed = ProviderCircuits.safeParse(JSON.parse(this.circuits));
    return parsed.success ? parsed.data : null;
  }

  saveCircuits(circuits: ProviderCircuits): void {
    this.circuitWrites += 1;
    this.circuits = JSON.stringify(circuits);
  }

  /** Overwrites the row with something else. */
  spoilCircuits(text: string): void {
    this.circuits = text;
  }

  appendTransition(transition: CircuitTransition): void {
    this.transitions = [JSON.stringify(transition), ...this.transitions].slice(0, TRANSITIONS_KEPT);
  }

  readTransitions(): CircuitTransition[] {
    return this.transitions.map((text) => CircuitTransition.parse(JSON.parse(text)));
  }

  loadSpend(): ProbeSpend | null {
    return this.spend === null ? null : ProbeSpend.parse(JSON.parse(this.spend));
  }

  saveSpend(spend: ProbeSpend): void {
    this.spend = JSON.stringify(spend);
  }

  appendPolicyChange(record: CircuitPolicyRecord): void {
    this.policyChanges.push(JSON.stringify(record));
  }

  readPolicyChanges(): CircuitPolicyRecord[] {
    return this.policyChanges.map((text) => CircuitPolicyRecord.parse(JSON.parse(text)));
  }

  readRegions(): Map<string, RegionReport> {
    return new Map([...this.regions].map(([name, text]) => [name, RegionReport.parse(JSON.parse(text))]));
  }

  saveRegion(name: string, report: RegionReport): void {
    this.regions.set(name, JSON.stringify(report));
  }
}
