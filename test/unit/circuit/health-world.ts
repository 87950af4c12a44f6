/**
 * Health objects on a virtual clock: desks with rows and one alarm each, as durable-objects/provider-health.ts and
 * alarms.ts lend them, and providers whose path and models can be sick. Objects can crash and lose their alarm.
 */
import { HealthDesk, type HealthPeer } from "../../../src/circuit/health-desk.ts";
import type { ProbeReport } from "../../../src/circuit/keeper.ts";
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { MemoryDeskStore } from "../../fakes/memory-desk-store.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { outcomeOf } from "./client-world.ts";

/** As in durable-objects/alarms.ts. */
const MIN_DELAY_MS = 20;
const SAFETY_NET_MS = 60_000;
const LOST_AFTER_MS = 300_000;
/** What a word from a model costs here. */
const WORD_COST_MICRO_USD = 30;

export interface RecordedProbe {
  /** The object that made it. */
  readonly name: string;
  readonly model: string | null;
  readonly mayGenerate: boolean;
  readonly atMs: number;
}

export class HealthWorld {
  readonly clock = new VirtualClock();
  readonly log = new RecordingLog();
  readonly probes: RecordedProbe[] = [];
  /** Objects whose way to the provider is cut; `*` is everywhere. */
  readonly cutOff = new Set<string>();
  readonly sickModels = new Set<string>();
  /** Objects that cannot be called. */
  readonly unreachable = new Set<string>();
  /** What the provider's catalog holds, cheapest first. */
  models = ["small", "large", "huge"];
  probeTakesMs = 200;
  /** Replaces what a probe finds; `never` is a probe that does not come back. */
  probeOverride: ((model: string | null) => Partial<ProbeReport> | "never") | null = null;
  private readonly objects = new Map<string, HealthObject>();
  private permits = 0;

  object(name: string): HealthObject {
    let object = this.objects.get(name);
    if (object === undefined) {
      object = new HealthObject(name, this);
      this.objects.set(name, object);
    }
    return object;
  }

  newPermitId(): string {
    this.permits += 1;
    return `permit_${this.permits}`;
  }

  /** In the order of src/routing/probe-provider.ts: the path, a word, a word from another. */
  async probe(name: string, model: string | null, mayGenerate: boolean): Promise<ProbeReport> {
    this.probes.push({ name, model, mayGenerate, atMs: this.clock.nowMs() });
    const override = this.probeOverride?.(model) ?? {};
    if (override === "never") return new Promise(() => {});
    await this.clock.sleep(this.probeTakesMs);
    const asked = model !== null && this.models.includes(model) ? model : (this.models[0] ?? "");
    const base: ProbeReport = {
      model: asked,
      verdict: "success",
      reach: "model",
      latencyMs: this.probeTakesMs,
      retryAfterMs: null,
      message: "",
      costMicroUsd: mayGenerate ? WORD_COST_MICRO_USD : 0,
    };
    if (this.cutOff.has("*") || this.cutOff.has(name)) {
      return {
        ...base,
        verdict: "failure",
        reach: "provider",
        message: "no path",
        costMicroUsd: 0,
        ...override,
      };
    }
    if (!mayGenerate || !this.sickModels.has(asked)) return { ...base, ...override };
    const isOthersToo = this.models.every((other) => this.sickModels.has(other));
    const reach = isOthersToo ? "provider" : "model";
    return { ...base, verdict: "failure", reach, message: `${asked} is sick`, ...override };
  }
}

/** One object: its rows and its alarm outlive a crash, its memory does not. */
export class HealthObject {
  readonly store = new MemoryDeskStore();
  /** When the alarm went off. */
  readonly alarmsMs: number[] = [];
  readonly name: string;
  published = 0;
  private readonly world: HealthWorld;
  private live: HealthDesk | null = null;
  private dueAtMs: number | null = null;
  private alarm: { readonly atMs: number; readonly cancel: () => void } | null = null;
  private running = false;

  constructor(name: string, world: HealthWorld) {
    this.name = name;
    this.world = world;
  }

  /** As any call from outside finds it: awake, and with what was lost put back. */
  get desk(): HealthDesk {
    const nowMs = this.world.clock.nowMs();
    if (this.alarm === null || this.alarm.atMs < nowMs - LOST_AFTER_MS) this.arm();
    this.live ??= this.createDesk();
    return this.live;
  }

  get alarmAtMs(): number | null {
    return this.alarm?.atMs ?? null;
  }

  crash(): void {
    this.live = null;
    this.running = false;
  }

  loseAlarm(): void {
    this.alarm?.cancel();
    this.alarm = null;
  }

  /** What an isolate's report does. */
  async report(outcomes: readonly CallOutcome[]): Promise<CircuitSnapshot> {
    this.desk.takeOutcomes(outcomes);
    await this.desk.settled();
    return this.desk.snapshot();
  }

  /** Users' failures, one report. */
  fail(model: string, count = 1, changes: Partial<CallOutcome> = {}): Promise<CircuitSnapshot> {
    const outcome = outcomeOf("failure", { model, ...changes });
    return this.world.clock.runUntil(this.report(Array.from({ length: count }, () => outcome)));
  }

  succeed(model: string, count = 1): Promise<CircuitSnapshot> {
    const outcome = outcomeOf("success", { model });
    return this.world.clock.runUntil(this.report(Array.from({ length: count }, () => outcome)));
  }

  statusOf(model: string | null): string | undefined {
    const snapshot = this.desk.snapshot();
    return model === null ? snapshot.status : snapshot.models.find((one) => one.model === model)?.status;
  }

  private createDesk(): HealthDesk {
    const { world, name, store } = this;
    return new HealthDesk({
      name,
      store,
      clock: world.clock,
      random: () => 0,
      log: world.log,
      newPermitId: () => world.newPermitId(),
      probe: (_, model, mayGenerate) => world.probe(name, model, mayGenerate),
      isSandbox: () => false,
      peer: (other) => toPeer(world, other),
      wake: (atMs) => this.wake(atMs),
      publish: () => {
        this.published += 1;
      },
      background: (work) => void work,
    });
  }

  private wake(atMs: number): void {
    if (this.dueAtMs !== null && this.dueAtMs <= atMs) return;
    this.dueAtMs = atMs;
    this.arm();
  }

  private arm(): void {
    this.alarm?.cancel();
    this.alarm = null;
    if (this.dueAtMs !== null) this.setAlarm(Math.max(this.dueAtMs, this.world.clock.nowMs() + MIN_DELAY_MS));
  }

  private setAlarm(atMs: number): void {
    this.alarm?.cancel();
    const cancel = this.world.clock.startTimer(atMs - this.world.clock.nowMs(), () => void this.goOff());
    this.alarm = { atMs, cancel };
  }

  private async goOff(): Promise<void> {
    const nowMs = this.world.clock.nowMs();
    // The platform runs one alarm of an object at a time.
    if (this.running) return this.setAlarm(nowMs + MIN_DELAY_MS);
    this.running = true;
    this.alarmsMs.push(nowMs);
    this.setAlarm(nowMs + SAFETY_NET_MS);
    if (this.dueAtMs !== null && this.dueAtMs <= nowMs) {
      this.dueAtMs = null;
      try {
        await this.desk.tick();
      } catch (error) {
        this.world.log.write("error", "alarm_failed", {
          object: this.name,
          alarm: "tick",
          error: String(error),
        });
      }
    }
    this.running = false;
    this.arm();
  }
}

function toPeer(world: HealthWorld, name: string): HealthPeer {
  const reach = async (): Promise<HealthDesk> => {
    if (world.unreachable.has(name)) throw new Error(`${name} cannot be reached`);
    return world.object(name).desk;
  };
  return {
    hearRegion: async (region, report, transition) => (await reach()).hearRegion(region, report, transition),
    setWorldView: async (view) => (await reach()).setWorldView(view),
    lendProbe: async (permitId) => (await reach()).lendProbe(permitId),
    control: async (action, model, actor, reason) => (await reach()).control(action, model, actor, reason),
    changePolicy: async (change, actor, reason) => {
      await (await reach()).changePolicy(change, actor, reason);
    },
    ensureProbing: async () => (await reach()).rearm(),
  };
}
