/**
 * One health object at work: its keeper, the policy that an admin set, the calls it last heard of, and its place
 * between regions and world. All it touches is handed in, so the simulation runs the very same. Rules CB20 to CB27,
 * CB58 to CB64.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import type {
  CircuitAction,
  CircuitDetail,
  CircuitPolicyRecord,
  CircuitSnapshot,
  CircuitTransition,
} from "../protocol/circuit.ts";
import { CircuitKeeper, type ProbeReport } from "./keeper.ts";
import type { KeeperStore } from "./keeper-deps.ts";
import type { CallOutcome } from "./outcome.ts";
import { CircuitPolicy, CircuitPolicyChange, DEFAULT_CIRCUIT_POLICY } from "./policy.ts";
import { RecentCalls } from "./recent-calls.ts";
import { findOwedControls, findOwedPolicy, toOrders, type RegionOrders } from "./region-orders.ts";
import type { RegionReport, WorldView } from "./regions.ts";
import { World, type WorldStore } from "./world.ts";

export interface DeskStore extends KeeperStore, WorldStore {
  appendPolicyChange(record: CircuitPolicyRecord): void;
  readPolicyChanges(): CircuitPolicyRecord[];
}

/** Another health object of the same provider. */
export interface HealthPeer {
  hearRegion(region: string, report: RegionReport, transition: CircuitTransition | null): Promise<WorldView>;
  setWorldView(view: WorldView): Promise<void>;
  lendProbe(permitId: string): Promise<boolean>;
  control(action: CircuitAction, model: string | null, actor: string, reason: string): Promise<void>;
  changePolicy(change: Record<string, number>, actor: string, reason: string): Promise<void>;
  ensureProbing(): Promise<void>;
}

export interface DeskDeps {
  /** `openai`, or `openai@weur`. */
  readonly name: string;
  readonly store: DeskStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly newPermitId: () => string;
  readonly probe: (provider: string, model: string | null, mayGenerate: boolean) => Promise<ProbeReport>;
  readonly isSandbox: (provider: string) => boolean;
  readonly peer: (name: string) => HealthPeer;
  readonly wake: (atMs: number) => void;
  /** Shows the card as it stands to whoever watches. */
  readonly publish: () => void;
  readonly background: (work: Promise<unknown>) => void;
}

/** A region tells the world that it still hears of the provider at least this often. */
const REPORT_EVERY_MS = 5 * 60_000;

/** Who acts in a region when it is told what was decided for all of them. */
const WORLD = "world";

/** What fits on a card; all of them are kept, since the policy in force is made of them. */
const POLICY_CHANGES_SHOWN = 20;

/** The name of a region's object; without a region it is the world's. */
export function toHealthName(provider: string, region: string | null): string {
  return region === null ? provider : `${provider}@${region}`;
}

export class HealthDesk {
  readonly provider: string;
  readonly region: string | null;
  private readonly deps: DeskDeps;
  private readonly keeper: CircuitKeeper;
  private readonly world: World;
  private readonly recentCalls = new RecentCalls();
  private policy: CircuitPolicy;
  /** What the world said last; only in a region's object. */
  private worldView: WorldView = { down: false, reason: "" };
  /** What the last snapshot showed of it. */
  private shownOfWorld: string | null = null;
  private reportedAtMs = 0;

  constructor(deps: DeskDeps) {
    const [provider = deps.name, region = null] = deps.name.split("@");
    const { store, clock, random, log, newPermitId, wake } = deps;
    this.deps = deps;
    this.provider = provider;
    this.region = region;
    this.policy = toPolicy(store.readPolicyChanges());
    this.world = new World({ store, clock, readPolicy: () => this.policy });
    this.keeper = new CircuitKeeper({
      provider,
      store,
      clock,
      random,
      log,
      newPermitId,
      wake,
      readPolicy: () => this.policy,
      probe: (model, mayGenerate) => deps.probe(provider, model, mayGenerate),
      mayProbe: (permitId) => this.lendProbe(permitId),
      onTransition: (transition) => this.noteTransition(transition),
      onProbe: (report, atMs) => this.noteProbe(report, atMs),
    });
    wake(clock.nowMs() + this.policy.idleProbeMs);
    // A region that is new has to hear what people decided before it was there, and one that was reset, whether the
    // provider is open everywhere: the world's word is in memory alone.
    if (region !== null) deps.background(this.tellWorld(null));
  }

  /** The region's or the world's own circuits, with the world's word on top. */
  snapshot(): CircuitSnapshot {
    const view = this.region === null ? this.world.view() : this.worldView;
    this.noteShown(view.down ? view.reason : null);
    const own = this.keeper.snapshot();
    if (!view.down || own.status === "OPEN" || own.mode === "forced-closed") return own;
    return { ...own, status: "OPEN", suspect: false, openUntilMs: null, reason: view.reason };
  }

  /** The world's word changes with time alone, too: what is shown anew has a new version. */
  private noteShown(ofWorld: string | null): void {
    if (ofWorld === this.shownOfWorld) return;
    this.shownOfWorld = ofWorld;
    this.keeper.raiseVersion();
  }

  detail(nextTickAtMs: number | null): CircuitDetail {
    const snapshot = this.snapshot();
    return {
      snapshot,
      ...this.recentCalls.toDetail(),
      transitions: this.deps.store.readTransitions(),
      nextProbeAtMs: snapshot.openUntilMs ?? nextTickAtMs,
      sandbox: this.deps.isSandbox(this.provider),
      policy: { ...this.policy },
      policyChanges: this.deps.store.readPolicyChanges().slice(-POLICY_CHANGES_SHOWN),
      regions: this.world.toStates(),
      probeSpendTodayMicroUsd: this.keeper.spentTodayMicroUsd(),
    };
  }

  takeOutcomes(outcomes: readonly CallOutcome[]): void {
    for (const outcome of outcomes) {
      const { atMs, latencyMs, model, requestId, message, verdict } = outcome;
      const ok = verdict === "success";
      this.recentCalls.note({ kind: "call", atMs, latencyMs, model, requestId, ok, error: message });
    }
    this.keeper.takeOutcomes(outcomes);
  }

  settled(): Promise<void> {
    return this.keeper.settled();
  }

  requestPermit(model: string | null, permitId: string): boolean {
    return this.keeper.requestPermit(model, permitId);
  }

  async tick(): Promise<void> {
    await this.keeper.tick();
    if (this.region !== null && this.deps.clock.nowMs() - this.reportedAtMs >= REPORT_EVERY_MS) {
      await this.tellWorld(null);
    }
  }

  /** The world's is asked from outside by the minute, and passes it on: nobody else knows which regions there are. */
  async rearm(): Promise<void> {
    this.keeper.rearm();
    await this.forEachRegion((peer) => peer.ensureProbing());
  }

  /** A person's decision holds everywhere. */
  async control(action: CircuitAction, model: string | null, actor: string, reason: string): Promise<void> {
    this.keeper.control(action, model, actor, reason);
    await this.forEachRegion((peer) => peer.control(action, model, actor, reason));
  }

  /** Validates the numbers together with those in force; every change is kept with who and why. */
  async changePolicy(
    change: Record<string, number>,
    actor: string,
    reason: string,
  ): Promise<Result<CircuitPolicy, string>> {
    const parsed = CircuitPolicyChange.safeParse(change);
    const whole = CircuitPolicy.safeParse({ ...this.policy, ...(parsed.success ? parsed.data : {}) });
    const issues = parsed.success ? (whole.success ? [] : whole.error.issues) : parsed.error.issues;
    if (!whole.success || issues.length > 0) {
      return fail(issues.map((issue) => `${issue.path.join(".") || "policy"}: ${issue.message}`).join("; "));
    }
    this.policy = whole.data;
    const number = (this.deps.store.readPolicyChanges().at(-1)?.number ?? 0) + 1;
    this.deps.store.appendPolicyChange({ number, atMs: this.deps.clock.nowMs(), actor, reason, change });
    // The threshold is part of every snapshot.
    this.keeper.raiseVersion();
    this.deps.publish();
    await this.forEachRegion((peer) => peer.changePolicy(change, actor, reason));
    return succeed(this.policy);
  }

  /** The world hears a region; when that changes the view every region is told. */
  async hearRegion(
    region: string,
    report: RegionReport,
    transition: CircuitTransition | null,
  ): Promise<WorldView> {
    const changed = this.world.hear(region, report);
    // What a person did here is on record here already.
    if (transition !== null && transition.actor === null) this.keeper.recordOfRegion(transition, region);
    if (changed) await this.forEachRegion((peer) => peer.setWorldView(this.world.view()));
    this.deps.publish();
    return { ...this.world.view(), orders: toOrders(this.keeper.current(), this.policy) };
  }

  setWorldView(view: WorldView): void {
    this.worldView = view;
  }

  /** The world decides; where it cannot be asked a region looks after itself. */
  async lendProbe(permitId: string): Promise<boolean> {
    if (this.region === null) return this.world.lendProbe(permitId);
    if (!this.worldView.down) return true;
    try {
      return await this.deps.peer(this.provider).lendProbe(permitId);
    } catch (error) {
      this.noteUnreachable("world-lend-probe", error);
      return true;
    }
  }

  private noteTransition(transition: CircuitTransition): void {
    this.deps.publish();
    if (this.region !== null && transition.model === null) this.deps.background(this.tellWorld(transition));
  }

  private async tellWorld(transition: CircuitTransition | null): Promise<void> {
    if (this.region === null) return;
    const nowMs = this.deps.clock.nowMs();
    const { status, reason } = this.keeper.snapshot();
    this.reportedAtMs = nowMs;
    try {
      const report = { status, reason, reportedAtMs: nowMs };
      const view = await this.deps.peer(this.provider).hearRegion(this.region, report, transition);
      this.worldView = view;
      if (view.orders !== undefined) await this.obey(view.orders);
    } catch (error) {
      this.reportedAtMs = 0;
      this.noteUnreachable("world-report", error);
    }
  }

  private async obey(orders: RegionOrders): Promise<void> {
    const change = findOwedPolicy(this.policy, orders);
    if (change !== null) await this.changePolicy(change, WORLD, "as everywhere");
    for (const { action, model, reason } of findOwedControls(this.keeper.current(), orders)) {
      this.keeper.control(action, model, WORLD, reason);
    }
  }

  private async forEachRegion(tell: (peer: HealthPeer) => Promise<void>): Promise<void> {
    const names = this.region === null ? this.world.regionNames() : [];
    const told = await Promise.allSettled(
      names.map((region) => tell(this.deps.peer(toHealthName(this.provider, region)))),
    );
    for (const result of told) {
      if (result.status === "rejected") this.noteUnreachable("region-tell", result.reason);
    }
  }

  private noteProbe(report: ProbeReport, atMs: number): void {
    const ok = report.verdict === "success";
    const { model, latencyMs, message } = report;
    this.recentCalls.note({ kind: "probe", atMs, model, ok, latencyMs, error: message, requestId: null });
    this.deps.publish();
  }

  private noteUnreachable(task: string, error: unknown): void {
    this.deps.log.write("warn", "background_failed", {
      task,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

/** The default with every change on top, in order. */
function toPolicy(changes: readonly CircuitPolicyRecord[]): CircuitPolicy {
  const merged = changes.reduce((policy, { change }) => ({ ...policy, ...change }), {
    ...DEFAULT_CIRCUIT_POLICY,
  });
  const parsed = CircuitPolicy.safeParse(merged);
  return parsed.success ? parsed.data : DEFAULT_CIRCUIT_POLICY;
}
