/**
 * The authority over one provider's circuits, in one region or for the world: a shell that lends storage, alarms
 * and the network to src/circuit/keeper.ts. Requests do not pass through here: isolates read snapshots and report in
 * the background. Named `openai` (the world, and whoever has no region) or `openai@weur`. Rules CB15 to CB27, CB60 to CB64.
 */
import { DurableObject } from "cloudflare:workers";
import { drizzle, type DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { z } from "zod";
import migrations from "../drizzle/provider-health/migrations.js";
import * as tables from "../schema/provider-health.ts";
import { describeError } from "../src/auth/store/describe-error.ts";
import type { Result } from "../src/base/result.ts";
import { HealthDesk, type HealthPeer } from "../src/circuit/health-desk.ts";
import { CallOutcome, MAX_OUTCOMES_PER_REPORT } from "../src/circuit/outcome.ts";
import { RegionReport, type WorldView } from "../src/circuit/regions.ts";
import { CircuitStore, readStoredProvider } from "../src/circuit/store.ts";
import type { Bindings } from "../src/env.ts";
import type {
  CircuitAction,
  CircuitDetail,
  CircuitSnapshot,
  CircuitTransition,
} from "../src/protocol/circuit.ts";
import { openWiring, type Wiring } from "../src/wiring.ts";
import { Alarms } from "./alarms.ts";

/** The console's card is redrawn after calls at most this often. */
const PUBLISH_EVERY_MS = 1_000;

type AlarmName = "tick";

const OutcomeReport = z.array(CallOutcome).max(MAX_OUTCOMES_PER_REPORT);

export class ProviderHealth extends DurableObject<Bindings> {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly alarms: Alarms<AlarmName>;
  private readonly wiring: Wiring;
  private desk: HealthDesk | null = null;
  private publishPlanned = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.wiring = openWiring(env);
    this.db = drizzle(ctx.storage);
    this.alarms = new Alarms(ctx.storage, this.db, tables.alarm, ["tick"]);
    void ctx.blockConcurrencyWhile(async () => {
      await migrate(this.db, migrations);
      await this.alarms.ensureArmed();
    });
  }

  /** The snapshot as it stands. `name` is this object's own: a provider, or a provider and its region. */
  async readSnapshot(name: string): Promise<CircuitSnapshot> {
    return (await this.open(name)).snapshot();
  }

  /** Everything a console's card shows. */
  async readDetail(name: string): Promise<CircuitDetail> {
    return (await this.open(name)).detail(this.alarms.dueAtMs("tick"));
  }

  /**
   * Takes finished calls. When they raise a suspicion it is settled by probes before the answer, so that the
   * snapshot that goes back is the one to act on.
   */
  async reportOutcomes(name: string, given: readonly CallOutcome[]): Promise<CircuitSnapshot> {
    const outcomes = OutcomeReport.parse(given);
    const desk = await this.open(name);
    desk.takeOutcomes(outcomes);
    this.publishSoon(desk);
    await desk.settled();
    return desk.snapshot();
  }

  /** A permit for the one probe of a half-open circuit: true for exactly one of however many ask. */
  async requestPermit(name: string, model: string | null, permitId: string): Promise<boolean> {
    return (await this.open(name)).requestPermit(model, permitId);
  }

  /** A person's decision: who and why go into the transition. */
  async control(
    name: string,
    action: CircuitAction,
    reason: string,
    actor: string,
    model: string | null = null,
  ): Promise<CircuitDetail> {
    const desk = await this.open(name);
    await desk.control(action, model, actor, reason);
    return desk.detail(this.alarms.dueAtMs("tick"));
  }

  /** Changes some numbers of the policy; the error says which one is wrong and how. */
  async changePolicy(
    name: string,
    change: Record<string, number>,
    reason: string,
    actor: string,
  ): Promise<Result<CircuitDetail, string>> {
    const desk = await this.open(name);
    const changed = await desk.changePolicy(change, actor, reason);
    if (!changed.ok) return changed;
    return { ok: true, value: desk.detail(this.alarms.dueAtMs("tick")) };
  }

  /** Called every minute from outside: a chain that died anyway starts again here. */
  async ensureProbing(name: string): Promise<CircuitSnapshot> {
    const desk = await this.open(name);
    await desk.rearm();
    return desk.snapshot();
  }

  /** A region's word to the world, with the transition that caused it; the answer is the world's view. */
  async hearRegion(
    name: string,
    region: string,
    report: RegionReport,
    transition: CircuitTransition | null,
  ): Promise<WorldView> {
    return (await this.open(name)).hearRegion(region, RegionReport.parse(report), transition);
  }

  /** The world's word to a region. */
  async setWorldView(name: string, view: WorldView): Promise<void> {
    (await this.open(name)).setWorldView(view);
  }

  /** While the provider is down everywhere one region at a time may probe. */
  async lendProbe(name: string, permitId: string): Promise<boolean> {
    return (await this.open(name)).lendProbe(permitId);
  }

  override async alarm(): Promise<void> {
    const name = readStoredProvider(this.db);
    if (name === null) return;
    await this.alarms.run(
      async () => (await this.open(name)).tick(),
      (alarm, error) =>
        this.wiring.log.write("error", "alarm_failed", {
          object: `provider-health/${name}`,
          alarm,
          error: describeError(error),
        }),
    );
  }

  private async open(name: string): Promise<HealthDesk> {
    await this.alarms.ensureArmed();
    this.desk ??= this.createDesk(name);
    return this.desk;
  }

  private createDesk(name: string): HealthDesk {
    const { clock, random, log } = this.wiring;
    const desk = new HealthDesk({
      name,
      store: new CircuitStore(this.db, name),
      clock,
      random,
      log,
      newPermitId: () => this.wiring.newId("permit"),
      probe: (provider, model, mayGenerate) => this.wiring.probeProvider(provider, model, mayGenerate),
      isSandbox: (provider) => this.wiring.isSandbox(provider),
      peer: (peerName) => this.toPeer(peerName),
      wake: (atMs) => this.wake(atMs),
      publish: () => this.ctx.waitUntil(this.publish(desk)),
      background: (work) => this.ctx.waitUntil(work),
    });
    return desk;
  }

  private toPeer(name: string): HealthPeer {
    const stub = this.wiring.health(name);
    return {
      hearRegion: (region, report, transition) => stub.hearRegion(name, region, report, transition),
      setWorldView: (view) => stub.setWorldView(name, view),
      lendProbe: (permitId) => stub.lendProbe(name, permitId),
      control: async (action, model, actor, reason) => {
        await stub.control(name, action, reason, actor, model);
      },
      changePolicy: async (change, actor, reason) => {
        await stub.changePolicy(name, change, reason, actor);
      },
      ensureProbing: async () => {
        await stub.ensureProbing(name);
      },
    };
  }

  /** The earliest of what is asked for: several circuits share the one alarm. */
  private wake(atMs: number): void {
    const dueAtMs = this.alarms.dueAtMs("tick");
    if (dueAtMs === null || atMs < dueAtMs) this.alarms.schedule("tick", atMs);
  }

  private publishSoon(desk: HealthDesk): void {
    if (this.publishPlanned) return;
    this.publishPlanned = true;
    this.wiring.clock.startTimer(PUBLISH_EVERY_MS, () => {
      this.publishPlanned = false;
      this.ctx.waitUntil(this.publish(desk));
    });
  }

  /** The console may be away: it pulls when it comes back, so a lost push costs nothing but this line. */
  private async publish(desk: HealthDesk): Promise<void> {
    // Regions are shown by the world's card.
    if (desk.region !== null) return;
    try {
      await this.wiring.liveConsole().publishCircuit(desk.detail(this.alarms.dueAtMs("tick")));
    } catch (error) {
      this.wiring.log.write("warn", "background_failed", {
        task: "circuit-publish",
        error: describeError(error),
      });
    }
  }
}
