/**
 * Keeps the circuits of one provider: steps them, stores them, settles suspicions with probes and spends no more on
 * those than allowed. The object lends it storage, alarms and the network; the simulation lends it a virtual world.
 * Rules CB15 to CB24, CB46 to CB59.
 */
import type { CircuitAction, CircuitSnapshot, CircuitTransition } from "../protocol/circuit.ts";
import type { HealthVerdict } from "./breaker.ts";
import { isAutomatic } from "./breaker-steps.ts";
import { toCircuitSnapshot } from "./circuits-snapshot.ts";
import type { CallOutcome } from "./outcome.ts";
import type { KeeperDeps } from "./keeper-deps.ts";
import { toLastingText } from "./lasting-text.ts";
import { ProbeBudget } from "./probe-budget.ts";
import {
  applyCircuitsEvent,
  isSuspect,
  startCircuits,
  type CircuitsEffect,
  type CircuitsEvent,
  type FaultReach,
  type ProviderCircuits,
} from "./provider-circuits.ts";
import { toLogFields, toTransition } from "./transition-record.ts";

/** What a probe found. */
export interface ProbeReport {
  readonly model: string;
  readonly verdict: HealthVerdict;
  /** Only read when it failed. */
  readonly reach: FaultReach;
  readonly latencyMs: number;
  readonly retryAfterMs: number | null;
  readonly message: string;
  /** Micro-dollars; null when unknown, 0 for the free check. */
  readonly costMicroUsd: number | null;
}

/** The pause between two confirming probes: a blip passes, an outage does not. */
const CONFIRM_PAUSE_MS = 250;
/** What only counts (windows, usual times) may be lost in a crash; it is not worth a row each time. */
const SAVE_COUNTS_EVERY_MS = 10_000;
/** More versions than can have been shown and not yet stored when an object was lost: a version never goes down. */
const VERSIONS_AHEAD = 10_000_000;

export class CircuitKeeper {
  private readonly deps: KeeperDeps;
  private readonly budget: ProbeBudget;
  private circuits: ProviderCircuits;
  private savedAtMs: number;
  private confirming: Promise<void> | null = null;
  /** Models that have tripped and of which it is not known whether it is their provider's fault. */
  private readonly tripped = new Set<string>();
  /** The model that failed last: what a probe of the provider asks. */
  private sickModel: string | null = null;

  constructor(deps: KeeperDeps) {
    const nowMs = deps.clock.nowMs();
    this.deps = deps;
    this.budget = new ProbeBudget(deps.store);
    const stored = deps.store.loadCircuits();
    // The row also says whose object this is, which an alarm has to know.
    if (stored === null) deps.store.saveCircuits(startCircuits(nowMs));
    // Where the row could not be read the transitions are there still, and their numbers go on.
    const transitions = stored?.transitions ?? deps.store.readTransitions()[0]?.version ?? 0;
    this.circuits =
      stored === null
        ? { ...startCircuits(nowMs), transitions }
        : { ...stored, version: stored.version + VERSIONS_AHEAD };
    // The first change is stored at once, whatever it is: the versions ahead are in use from then on.
    this.savedAtMs = 0;
  }

  snapshot(): CircuitSnapshot {
    return toCircuitSnapshot(this.deps.provider, this.circuits, this.deps.readPolicy());
  }

  /** The circuits as they stand: a value that does not change. */
  current(): ProviderCircuits {
    return this.circuits;
  }

  /** Resolves when no suspicion is being settled: the snapshot after it is the one to act on. */
  async settled(): Promise<void> {
    if (this.confirming !== null) await this.confirming;
  }

  takeOutcomes(outcomes: readonly CallOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.verdict === "success") this.noteSeen();
      if (outcome.verdict === "failure") this.sickModel = outcome.model;
      this.apply({ type: "call-end", outcome });
    }
  }

  control(action: CircuitAction, model: string | null, actor: string, reason: string): void {
    this.apply({ type: "control", action, model, actor, reason });
    if (action === "reset") this.deps.log.write("info", "circuit_reset", { provider: this.deps.provider });
  }

  /** A permit for the one probe of a half-open circuit; true for exactly one of however many ask. */
  requestPermit(model: string | null, permitId: string): boolean {
    const effects = this.apply({ type: "permit-request", model, permitId });
    return effects.some((effect) => effect.type === "permit-grant");
  }

  spentTodayMicroUsd(): number {
    return this.budget.spentToday(this.deps.clock.nowMs());
  }

  /** Puts back whatever wake-ups the circuits need. */
  rearm(): void {
    this.apply({ type: "time-pass" });
    this.deps.wake(this.idleCheckDueMs());
  }

  /** For what a snapshot shows and the circuits do not hold: the policy's numbers, the world's word. */
  raiseVersion(): void {
    this.circuits = { ...this.circuits, version: this.circuits.version + 1 };
    this.deps.store.saveCircuits(this.circuits);
  }

  /** A region's transition, kept beside our own under a number of ours. */
  recordOfRegion(transition: CircuitTransition, region: string): void {
    this.circuits = { ...this.circuits, transitions: this.circuits.transitions + 1 };
    this.raiseVersion();
    const version = this.circuits.transitions;
    this.deps.store.appendTransition({ ...transition, version, reason: `${region}: ${transition.reason}` });
  }

  /** What is due by the clock: open times, half-open probes, and the look at a provider nobody has called. */
  async tick(): Promise<void> {
    this.apply({ type: "time-pass" });
    await this.probeHalfOpen(null);
    if (this.circuits.provider.state.status === "CLOSED") {
      for (const model of Object.keys(this.circuits.models)) await this.probeHalfOpen(model);
    }
    await this.probeIdle();
    // What the probes raised a suspicion of is settled as part of this work: errors are noted where it is called.
    await this.settled();
  }

  private async probeHalfOpen(model: string | null): Promise<void> {
    const breaker = model === null ? this.circuits.provider : this.circuits.models[model]?.breaker;
    if (breaker?.state.status !== "HALF_OPEN" || !isAutomatic(breaker)) return;
    const permitId = this.deps.newPermitId();
    if (!this.requestPermit(model, permitId)) return;
    if (!(await this.deps.mayProbe(permitId))) {
      this.endProbe(model, permitId, { verdict: "neutral", retryAfterMs: null, message: "" });
      return;
    }
    const report = await this.probe(model ?? this.sickModel);
    // Where only the model is sick the provider is well.
    const isWell = model === null && report.verdict !== "success" && report.reach === "model";
    this.endProbe(model, permitId, isWell ? { verdict: "success", retryAfterMs: null, message: "" } : report);
    if (isWell || isProvidersFault(model, report)) this.apply({ ...report, type: "confirm-end" });
  }

  private endProbe(
    model: string | null,
    permitId: string,
    result: Pick<ProbeReport, "verdict" | "retryAfterMs" | "message">,
  ): void {
    const { verdict, retryAfterMs, message } = result;
    this.apply({ type: "probe-end", model, permitId, verdict, retryAfterMs, message });
  }

  /** The free check of a provider that has had no good call for a while; costs nothing while real traffic flows. */
  private async probeIdle(): Promise<void> {
    const dueMs = this.idleCheckDueMs();
    if (this.deps.clock.nowMs() < dueMs) return this.deps.wake(dueMs);
    this.noteSeen();
    this.deps.store.saveCircuits(this.circuits);
    this.deps.wake(this.idleCheckDueMs());
    if (this.circuits.provider.state.status !== "CLOSED" || !isAutomatic(this.circuits.provider)) return;
    if (this.suspects().length > 0) return this.confirm();
    const report = await this.runProbe(null, false);
    if (report.verdict !== "success") this.apply({ ...report, type: "confirm-end" });
  }

  /** A good call, or a check in its place, was just now. Stored, since an object sleeps between its alarms. */
  private noteSeen(): void {
    this.circuits = { ...this.circuits, seenAtMs: this.deps.clock.nowMs() };
  }

  private idleCheckDueMs(): number {
    const nowMs = this.deps.clock.nowMs();
    // The clock went back: nobody knows how long ago that was.
    if (this.circuits.seenAtMs > nowMs) return nowMs;
    return this.circuits.seenAtMs + this.deps.readPolicy().idleProbeMs;
  }

  /**
   * Models under suspicion, where that is the provider's alone the model that failed last (null when nobody knows).
   * What a person holds closed is not looked into: nothing would come of it.
   */
  private suspects(): (string | null)[] {
    const models = Object.entries(this.circuits.models)
      .filter(([, { breaker }]) => isSuspect(breaker) && isAutomatic(breaker))
      .map(([name]) => name);
    return models.length === 0 && isSuspect(this.circuits.provider) ? [this.sickModel] : models;
  }

  private async settleSuspicion(): Promise<void> {
    for (;;) {
      const { provider } = this.circuits;
      // A model that has just tripped is asked about once more: is it the model, or everything behind its provider?
      const [suspect] = [...this.suspects(), ...this.tripped];
      if (provider.state.status !== "CLOSED") this.tripped.clear();
      if (suspect === undefined || provider.state.status !== "CLOSED" || provider.mode === "forced-closed")
        return;
      const report = await this.probe(suspect);
      // The world may have moved during the probe: the circuits decide with what holds now.
      this.apply({ ...report, model: suspect ?? report.model, type: "confirm-end" });
      if (suspect !== null) this.tripped.delete(suspect);
      if (report.verdict === "rate-limited" || report.verdict === "neutral") return;
      await this.deps.clock.sleep(CONFIRM_PAUSE_MS);
    }
  }

  private confirm(): void {
    if (this.confirming !== null) return;
    this.confirming = this.settleSuspicion().finally(() => {
      this.confirming = null;
    });
  }

  /** A probe within the day's budget; above it only the free check. */
  private probe(model: string | null): Promise<ProbeReport> {
    const limit = this.deps.readPolicy().probeSpendPerDayMicroUsd;
    return this.runProbe(model, this.budget.mayGenerate(this.deps.clock.nowMs(), limit));
  }

  private async runProbe(model: string | null, mayGenerate: boolean): Promise<ProbeReport> {
    const report = await this.deps.probe(model, mayGenerate);
    const nowMs = this.deps.clock.nowMs();
    if (mayGenerate) this.budget.spend(nowMs, report.costMicroUsd);
    this.deps.onProbe(report, nowMs);
    return report;
  }

  /** Steps the circuits, stores them, and carries out what they ask for. One synchronous block: one transaction. */
  private apply(event: CircuitsEvent): readonly CircuitsEffect[] {
    const nowMs = this.deps.clock.nowMs();
    const policy = this.deps.readPolicy();
    const step = applyCircuitsEvent(this.circuits, event, { nowMs, random: this.deps.random, policy });
    const before = this.circuits;
    this.circuits = step.circuits;
    if (step.circuits !== before) this.save(before, nowMs);
    for (const effect of step.effects) this.carryOut(effect, nowMs);
    return step.effects;
  }

  private save(before: ProviderCircuits, nowMs: number): void {
    const onlyCounts = toLastingText(before) === toLastingText(this.circuits);
    if (onlyCounts && nowMs - this.savedAtMs < SAVE_COUNTS_EVERY_MS) return;
    this.savedAtMs = nowMs;
    this.deps.store.saveCircuits(this.circuits);
  }

  private carryOut(effect: CircuitsEffect, nowMs: number): void {
    switch (effect.type) {
      case "transition":
        this.recordTransition(effect, nowMs);
        return;
      case "wake":
        this.deps.wake(effect.atMs);
        return;
      case "confirm":
        this.confirm();
        return;
      case "alert":
        this.deps.log.write("error", "circuit_alert", {
          provider: this.deps.provider,
          model: effect.model,
          reason: effect.reason,
        });
        return;
      case "permit-grant":
      case "permit-deny":
        return;
    }
  }

  private recordTransition(effect: Extract<CircuitsEffect, { type: "transition" }>, nowMs: number): void {
    const record = toTransition(this.deps.provider, effect, nowMs);
    this.deps.store.appendTransition(record);
    this.deps.log.write(record.to === "OPEN" ? "warn" : "info", "circuit_transition", toLogFields(record));
    this.deps.onTransition(record);
    const hasTripped = record.from === "CLOSED" && record.to === "OPEN" && record.actor === null;
    if (record.model === null || !hasTripped || this.circuits.models[record.model]?.isMissing === true)
      return;
    this.tripped.add(record.model);
    this.confirm();
  }
}

/** A model's own probe found that the fault is not the model's. */
function isProvidersFault(model: string | null, { reach, verdict }: ProbeReport): boolean {
  return model !== null && reach === "provider" && (verdict === "failure" || verdict === "fatal");
}
