/**
 * The authority over one provider's circuit: a thin shell around src/circuit/breaker.ts. It keeps the breaker,
 * probes on its alarm, and tells the console. Requests do not pass through here: isolates read snapshots and
 * report in the background. Rules CB15 to CB29.
 */
import { DurableObject } from "cloudflare:workers";
import { desc, lte } from "drizzle-orm";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { z } from "zod";
import migrations from "../drizzle/provider-health/migrations.js";
import {
  applyBreakerEvent,
  Breaker,
  startBreaker,
  toSnapshot,
  type BreakerEffect,
  type BreakerEvent,
} from "../src/circuit/breaker.ts";
import { CallOutcome, MAX_OUTCOMES_PER_REPORT } from "../src/circuit/outcome.ts";
import { DEFAULT_CIRCUIT_POLICY } from "../src/circuit/policy.ts";
import type { Bindings } from "../src/env.ts";
import {
  CircuitTransition,
  type CircuitAction,
  type CircuitCall,
  type CircuitDetail,
  type CircuitSnapshot,
} from "../src/protocol/circuit.ts";
import type { ProbeResult } from "../src/routing/run-probe.ts";
import { quantile } from "../src/circuit/quantile.ts";
import { openWiring, type Wiring } from "../src/wiring.ts";
import * as tables from "../schema/provider-health.ts";
import { Alarms } from "./alarms.ts";

const TRANSITIONS_KEPT = 50;
const CALLS_KEPT = 20;
/** The pause between two confirming probes: a blip passes, an outage does not. */
const CONFIRM_PAUSE_MS = 250;
/** The console's card is redrawn after calls at most this often. */
const PUBLISH_EVERY_MS = 1_000;

type AlarmName = "tick" | "confirm";

export class ProviderHealth extends DurableObject<Bindings> {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly alarms: Alarms<AlarmName>;
  private readonly wiring: Wiring;
  /** Memory only: a console can do without the calls from before an eviction. */
  private recentCalls: CircuitCall[] = [];
  private confirming: Promise<void> | null = null;
  private lastModel: string | null = null;
  private publishPlanned = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.wiring = openWiring(env);
    this.db = drizzle(ctx.storage);
    this.alarms = new Alarms(ctx.storage, this.db, tables.alarm, ["tick", "confirm"]);
    void ctx.blockConcurrencyWhile(async () => {
      await migrate(this.db, migrations);
      await this.alarms.ensureArmed();
    });
  }

  /** The snapshot as it stands. Starts a breaker for a provider that nobody asked for before. */
  async readSnapshot(provider: string): Promise<CircuitSnapshot> {
    await this.alarms.ensureArmed();
    return toSnapshot(provider, this.load(provider), DEFAULT_CIRCUIT_POLICY);
  }

  /** Everything a console's card shows. */
  async readDetail(provider: string): Promise<CircuitDetail> {
    await this.alarms.ensureArmed();
    return this.toDetail(provider);
  }

  /**
   * Takes finished calls. When they raise a suspicion it is settled by probes before the answer, so that the
   * snapshot that goes back is the one to act on.
   */
  async reportOutcomes(provider: string, given: readonly CallOutcome[]): Promise<CircuitSnapshot> {
    const outcomes = z.array(CallOutcome).max(MAX_OUTCOMES_PER_REPORT).parse(given);
    for (const outcome of outcomes) {
      this.noteCall({ ...outcome, kind: "call", ok: outcome.verdict === "success", error: outcome.message });
      if (outcome.verdict === "failure") this.lastModel = outcome.model;
      this.apply(provider, { type: "call-end", ...outcome });
    }
    this.publishSoon(provider);
    if (this.confirming !== null) await this.confirming;
    return this.readSnapshot(provider);
  }

  /** A person's decision: who and why go into the transition. */
  async control(
    provider: string,
    action: CircuitAction,
    reason: string,
    actor: string,
  ): Promise<CircuitDetail> {
    this.apply(provider, { type: "control", action, reason, actor });
    if (action === "reset") this.wiring.log.write("info", "circuit_reset", { provider });
    await this.alarms.ensureArmed();
    return this.toDetail(provider);
  }

  /** Called every minute from outside: a chain that died anyway starts again here. */
  async ensureProbing(provider: string): Promise<CircuitSnapshot> {
    this.apply(provider, { type: "time-pass" });
    return this.readSnapshot(provider);
  }

  override async alarm(): Promise<void> {
    const provider = this.storedProvider();
    if (provider === null) return;
    await this.alarms.run(
      (name) => this.runAlarm(name, provider),
      (name, error) =>
        this.wiring.log.write("error", "alarm_failed", {
          object: `provider-health/${provider}`,
          alarm: name,
          error: error instanceof Error ? error.message : String(error),
        }),
    );
  }

  private async runAlarm(name: AlarmName, provider: string): Promise<void> {
    if (name === "confirm") {
      this.confirm(provider);
      await this.confirming;
      return;
    }
    this.apply(provider, { type: "time-pass" });
    await this.probeHalfOpen(provider);
  }

  /** In half-open exactly one permit is given; this object is the only one that uses it. */
  private async probeHalfOpen(provider: string): Promise<void> {
    const permitId = this.wiring.newId("permit");
    const effects = this.apply(provider, { type: "permit-request", permitId });
    if (!effects.some((effect) => effect.type === "permit-grant")) return;
    const result = await this.probe(provider);
    this.apply(provider, { type: "probe-end", permitId, ...result });
  }

  private async settleSuspicion(provider: string): Promise<void> {
    for (;;) {
      const before = this.load(provider);
      if (before.state.status !== "CLOSED" || !before.state.suspect || before.mode !== "auto") return;
      const result = await this.probe(provider);
      // The world may have moved during the probe: the breaker decides with what is stored now.
      this.apply(provider, { type: "confirm-end", ...result });
      if (result.verdict !== "failure") return;
      await this.wiring.clock.sleep(CONFIRM_PAUSE_MS);
    }
  }

  private async probe(provider: string): Promise<ProbeResult> {
    const { result, model } = await this.wiring.probeProvider(provider, this.lastModel);
    this.noteCall({
      kind: "probe",
      model,
      ok: result.verdict === "success",
      error: result.message,
      latencyMs: result.latencyMs,
      atMs: this.wiring.clock.nowMs(),
      requestId: null,
    });
    this.publishSoon(provider);
    return result;
  }

  /** Steps the breaker, stores it, and carries out what it asks for. One synchronous block: one transaction. */
  private apply(provider: string, event: BreakerEvent): readonly BreakerEffect[] {
    const before = this.load(provider);
    const step = applyBreakerEvent(before, event, {
      nowMs: this.wiring.clock.nowMs(),
      random: this.wiring.random,
      policy: DEFAULT_CIRCUIT_POLICY,
    });
    if (step.breaker !== before) this.save(provider, step.breaker);
    for (const effect of step.effects) this.carryOut(provider, effect);
    // After all of them: the card shows the wake-up that comes with a transition.
    if (step.effects.some((effect) => effect.type === "transition")) this.ctx.waitUntil(this.publish(provider));
    return step.effects;
  }

  private carryOut(provider: string, effect: BreakerEffect): void {
    switch (effect.type) {
      case "transition":
        this.recordTransition(provider, effect);
        return;
      case "wake":
        this.alarms.schedule("tick", effect.atMs);
        return;
      case "confirm":
        this.confirm(provider);
        return;
      case "permit-grant":
      case "permit-deny":
        return;
    }
  }

  private confirm(provider: string): void {
    if (this.confirming !== null) return;
    // The alarm takes over if this object dies during the probes.
    this.alarms.schedule("confirm", this.wiring.clock.nowMs() + 60_000);
    this.confirming = this.settleSuspicion(provider).finally(() => {
      this.confirming = null;
      this.alarms.cancel("confirm");
    });
  }

  private recordTransition(provider: string, effect: Extract<BreakerEffect, { type: "transition" }>): void {
    const record: CircuitTransition = {
      version: effect.number,
      provider,
      from: effect.from,
      to: effect.to,
      atMs: this.wiring.clock.nowMs(),
      reason: effect.reason,
      failureCount: effect.failureCount,
      requestIds: [...effect.requestIds],
      actor: effect.actor,
    };
    this.db.insert(tables.transition).values({ number: record.version, body: record }).run();
    this.db
      .delete(tables.transition)
      .where(lte(tables.transition.number, record.version - TRANSITIONS_KEPT))
      .run();
    this.wiring.log.write(record.to === "OPEN" ? "warn" : "info", "circuit_transition", {
      provider,
      from: record.from,
      to: record.to,
      reason: record.reason,
      failure_count: record.failureCount,
    });
  }

  private noteCall(call: CircuitCall & { readonly verdict?: string }): void {
    const { atMs, kind, model, ok, error, requestId } = call;
    const latencyMs = Math.round(call.latencyMs);
    const noted: CircuitCall = { atMs: Math.round(atMs), kind, model, ok, latencyMs, error, requestId };
    this.recentCalls = [noted, ...this.recentCalls].slice(0, CALLS_KEPT);
  }

  private publishSoon(provider: string): void {
    if (this.publishPlanned) return;
    this.publishPlanned = true;
    this.wiring.clock.startTimer(PUBLISH_EVERY_MS, () => {
      this.publishPlanned = false;
      this.ctx.waitUntil(this.publish(provider));
    });
  }

  /** The console may be away: it pulls when it comes back, so a lost push costs nothing but this line. */
  private async publish(provider: string): Promise<void> {
    try {
      await this.wiring.liveConsole().publishCircuit(this.toDetail(provider));
    } catch (error) {
      this.wiring.log.write("warn", "background_failed", {
        task: "circuit-publish",
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  private toDetail(provider: string): CircuitDetail {
    const rows = this.db
      .select()
      .from(tables.transition)
      .orderBy(desc(tables.transition.number))
      .limit(TRANSITIONS_KEPT)
      .all();
    const good = this.recentCalls.filter((call) => call.kind === "call" && call.ok);
    const latencies = good.map((call) => call.latencyMs);
    return {
      snapshot: toSnapshot(provider, this.load(provider), DEFAULT_CIRCUIT_POLICY),
      recentCalls: this.recentCalls,
      transitions: rows.map((row) => CircuitTransition.parse(row.body)),
      firstTokenP50Ms: quantile(latencies, 0.5),
      firstTokenP95Ms: quantile(latencies, 0.95),
      nextProbeAtMs: this.alarms.dueAtMs("tick"),
      sandbox: this.wiring.isSandbox(provider),
    };
  }

  private storedProvider(): string | null {
    return this.db.select().from(tables.breaker).get()?.provider ?? null;
  }

  private load(provider: string): Breaker {
    const row = this.db.select().from(tables.breaker).get();
    if (row !== undefined) return Breaker.parse(row.state);
    const breaker = startBreaker(this.wiring.clock.nowMs());
    this.save(provider, breaker);
    return breaker;
  }

  private save(provider: string, state: Breaker): void {
    this.db
      .insert(tables.breaker)
      .values({ id: 1, provider, state })
      .onConflictDoUpdate({ target: tables.breaker.id, set: { state } })
      .run();
  }
}
