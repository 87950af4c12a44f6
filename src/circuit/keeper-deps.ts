/** What a keeper is lent by whoever runs it: storage, time, the network. Types only. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { CircuitTransition } from "../protocol/circuit.ts";
import type { ProbeReport } from "./keeper.ts";
import type { CircuitPolicy } from "./policy.ts";
import type { ProbeSpend } from "./probe-budget.ts";
import type { ProviderCircuits } from "./provider-circuits.ts";

/** Where the keeper's state lives. Synchronous, like the object's SQLite. */
export interface KeeperStore {
  loadCircuits(): ProviderCircuits | null;
  saveCircuits(circuits: ProviderCircuits): void;
  appendTransition(transition: CircuitTransition): void;
  /** Newest first. */
  readTransitions(): CircuitTransition[];
  loadSpend(): ProbeSpend | null;
  saveSpend(spend: ProbeSpend): void;
}

export interface KeeperDeps {
  readonly provider: string;
  readonly store: KeeperStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly newPermitId: () => string;
  readonly readPolicy: () => CircuitPolicy;
  /** Probes on this model, or on the cheapest when null. `mayGenerate` false: only the free check. Never throws. */
  readonly probe: (model: string | null, mayGenerate: boolean) => Promise<ProbeReport>;
  /** Asks somebody above whether the one probe is ours; the answer is yes where nobody is above. */
  readonly mayProbe: (permitId: string) => Promise<boolean>;
  /** Sets when `tick` is due at the latest, epoch milliseconds. */
  readonly wake: (atMs: number) => void;
  readonly onTransition: (transition: CircuitTransition) => void;
  readonly onProbe: (report: ProbeReport, atMs: number) => void;
}
