/** The rows of one ProviderHealth object (schema/provider-health.ts). Synchronous; what comes from disk is parsed. */
import { asc, desc, lte } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import * as tables from "../../schema/provider-health.ts";
import { CircuitPolicyRecord, CircuitTransition } from "../protocol/circuit.ts";
import type { KeeperStore } from "./keeper-deps.ts";
import { ProviderCircuits } from "./provider-circuits.ts";
import { ProbeSpend } from "./probe-budget.ts";
import { RegionReport } from "./regions.ts";

const TRANSITIONS_KEPT = 50;

export class CircuitStore implements KeeperStore {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly provider: string;

  constructor(db: DrizzleSqliteDODatabase, provider: string) {
    this.db = db;
    this.provider = provider;
  }

  /** Null when there is nothing, or nothing that this version can read: health is learnt anew within seconds. */
  loadCircuits(): ProviderCircuits | null {
    const row = this.db.select().from(tables.circuits).get();
    const parsed = ProviderCircuits.safeParse(row?.state);
    return parsed.success ? parsed.data : null;
  }

  saveCircuits(state: ProviderCircuits): void {
    this.db
      .insert(tables.circuits)
      .values({ id: 1, provider: this.provider, state })
      .onConflictDoUpdate({ target: tables.circuits.id, set: { state } })
      .run();
  }

  appendTransition(record: CircuitTransition): void {
    this.db
      .insert(tables.transition)
      .values({ number: record.version, body: record })
      .onConflictDoNothing()
      .run();
    this.db
      .delete(tables.transition)
      .where(lte(tables.transition.number, record.version - TRANSITIONS_KEPT))
      .run();
  }

  /** Newest first. */
  readTransitions(): CircuitTransition[] {
    const rows = this.db.select().from(tables.transition).orderBy(desc(tables.transition.number)).all();
    return rows.map((row) => CircuitTransition.parse(row.body));
  }

  loadSpend(): ProbeSpend | null {
    const row = this.db.select().from(tables.probeSpend).get();
    return row === undefined ? null : ProbeSpend.parse(row);
  }

  saveSpend(spend: ProbeSpend): void {
    this.db
      .insert(tables.probeSpend)
      .values({ id: 1, ...spend })
      .onConflictDoUpdate({ target: tables.probeSpend.id, set: spend })
      .run();
  }

  appendPolicyChange(record: CircuitPolicyRecord): void {
    this.db.insert(tables.policyChange).values({ number: record.number, body: record }).run();
  }

  /** Oldest first. */
  readPolicyChanges(): CircuitPolicyRecord[] {
    const rows = this.db.select().from(tables.policyChange).orderBy(asc(tables.policyChange.number)).all();
    return rows.map((row) => CircuitPolicyRecord.parse(row.body));
  }

  saveRegion(name: string, body: RegionReport): void {
    this.db
      .insert(tables.region)
      .values({ name, body })
      .onConflictDoUpdate({ target: tables.region.name, set: { body } })
      .run();
  }

  readRegions(): Map<string, RegionReport> {
    const rows = this.db.select().from(tables.region).all();
    return new Map(rows.map((row) => [row.name, RegionReport.parse(row.body)]));
  }
}

/** The provider whose object this is; null before anybody asked for one. */
export function readStoredProvider(db: DrizzleSqliteDODatabase): string | null {
  return db.select().from(tables.circuits).get()?.provider ?? null;
}
