/**
 * The health objects of the simulated world: the real HealthDesk in each, with a store in memory, an alarm on the
 * virtual clock and the real probe. What durable-objects/provider-health.ts is to the platform, this is to the world.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import { HealthDesk, type HealthPeer } from "../../src/circuit/health-desk.ts";
import type { ProbeReport } from "../../src/circuit/keeper.ts";
import type { CallOutcome } from "../../src/circuit/outcome.ts";
import type { CircuitSnapshot, CircuitTransition } from "../../src/protocol/circuit.ts";
import type { CatalogTarget } from "../../src/providers/catalog.ts";
import { PROBE_DEADLINES } from "../../src/routing/attempt/deadlines.ts";
import { probeProvider } from "../../src/routing/probe-provider.ts";
import { MemoryDeskStore } from "../fakes/memory-desk-store.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimProvider } from "./sim-provider.ts";
import { priceUsage } from "./price-list.ts";

/** The minute job that heals alarm chains. */
const HEAL_EVERY_MS = 60_000;
/** The platform's alarms are set at least this far ahead (durable-objects/alarms.ts). */
const MIN_ALARM_DELAY_MS = 20;
/** And they fire late, by up to this. */
const ALARM_LATENESS_MS = 50;

export interface AuthorityDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly startedMs: number;
  readonly network: SimNetwork;
  readonly findProvider: (id: string) => SimProvider;
  readonly targetsOf: (provider: string) => readonly CatalogTarget[];
}

/** A transition with the object that made it. */
export interface NotedTransition {
  readonly object: string;
  /** From the start of the scenario, milliseconds. */
  readonly atMs: number;
  readonly transition: CircuitTransition;
}

/** A probe as the object made it. */
export interface NotedProbe {
  readonly object: string;
  readonly startedAtMs: number;
  readonly halfOpen: boolean;
  endedAtMs: number | null;
}

interface Desk {
  readonly desk: HealthDesk;
  dueAtMs: number | null;
  cancelTimer: () => void;
  /** The platform runs one alarm of an object at a time. */
  ticking: boolean;
  readonly life: Life;
}

/** What a crash ends: whatever the object was waiting for never comes. */
interface Life {
  over: boolean;
}

export class SimAuthority {
  readonly transitions: NotedTransition[] = [];
  readonly probes: NotedProbe[] = [];
  /** What went wrong that nobody caught: bugs. */
  readonly bugs: string[] = [];
  private readonly deps: AuthorityDeps;
  private readonly desks = new Map<string, Desk>();
  private readonly stores = new Map<string, MemoryDeskStore>();
  private permits = 0;

  constructor(deps: AuthorityDeps) {
    this.deps = deps;
    this.healLater();
  }

  readSnapshot(name: string): Promise<CircuitSnapshot> {
    return this.deps.network.call(name, async () => this.open(name).snapshot());
  }

  reportOutcomes(name: string, outcomes: readonly CallOutcome[]): Promise<CircuitSnapshot> {
    return this.deps.network.call(outcomes, async (arrived) => {
      const desk = this.open(name);
      desk.takeOutcomes(arrived);
      await desk.settled();
      return desk.snapshot();
    });
  }

  /** The object as it stands, without a call; null when nobody has asked for it yet. */
  peek(name: string): CircuitSnapshot | null {
    return this.desks.get(name)?.desk.snapshot() ?? null;
  }

  /** What a crash does: memory is gone, rows stay, and the alarm is found again by the minute job. */
  crash(name: string): void {
    const entry = this.desks.get(name);
    if (entry === undefined) return;
    entry.cancelTimer();
    entry.life.over = true;
    this.desks.delete(name);
  }

  private open(name: string): HealthDesk {
    const known = this.desks.get(name);
    if (known !== undefined) return known.desk;
    const store = this.stores.get(name) ?? new MemoryDeskStore();
    this.stores.set(name, store);
    const early: number[] = [];
    const { random, log } = this.deps;
    const life: Life = { over: false };
    const clock = toMortalClock(this.deps.clock, life);
    const entry: { current: Desk | null } = { current: null };
    const desk = new HealthDesk({
      name,
      store,
      clock,
      random,
      log,
      newPermitId: () => `permit-${(this.permits += 1)}`,
      probe: (provider, model, mayGenerate) =>
        untilDeath(this.probe(name, provider, model, mayGenerate), life),
      isSandbox: () => false,
      peer: (peerName) => this.toPeer(peerName),
      wake: (atMs) => {
        if (entry.current === null) early.push(atMs);
        else this.wake(entry.current, atMs);
      },
      publish: () => this.noteTransitions(name, store),
      background: (work) => this.watch(work),
    });
    entry.current = { desk, dueAtMs: null, cancelTimer: () => {}, ticking: false, life };
    this.desks.set(name, entry.current);
    for (const atMs of early) this.wake(entry.current, atMs);
    return desk;
  }

  private wake(entry: Desk, atMs: number): void {
    if (entry.life.over || (entry.dueAtMs !== null && entry.dueAtMs <= atMs)) return;
    const { clock, random } = this.deps;
    entry.cancelTimer();
    entry.dueAtMs = atMs;
    const delayMs =
      Math.max(MIN_ALARM_DELAY_MS, atMs - clock.nowMs()) + Math.round(random() * ALARM_LATENESS_MS);
    entry.cancelTimer = clock.startTimer(delayMs, () => {
      if (!entry.ticking) this.watch(this.tick(entry));
    });
  }

  private async tick(entry: Desk): Promise<void> {
    entry.ticking = true;
    entry.dueAtMs = null;
    try {
      await entry.desk.tick();
    } finally {
      entry.ticking = false;
      const missedMs = entry.dueAtMs;
      entry.dueAtMs = null;
      if (missedMs !== null) this.wake(entry, missedMs);
    }
  }

  private healLater(): void {
    this.deps.clock.startTimer(HEAL_EVERY_MS, () => {
      // As src/jobs.ts does it: the world's, which pass it on.
      for (const { desk } of this.desks.values()) if (desk.region === null) this.watch(desk.rearm());
      this.healLater();
    });
  }

  private async probe(
    object: string,
    provider: string,
    model: string | null,
    mayGenerate: boolean,
  ): Promise<ProbeReport> {
    const { clock, startedMs } = this.deps;
    const region = object.split("@")[1] ?? "";
    const snapshot = this.peek(object);
    const own = snapshot?.models.find((circuit) => circuit.model === model);
    const halfOpen = snapshot?.status === "HALF_OPEN" || own?.status === "HALF_OPEN";
    const noted: NotedProbe = { object, startedAtMs: clock.nowMs() - startedMs, halfOpen, endedAtMs: null };
    this.probes.push(noted);
    const report = await probeProvider(
      {
        provider: this.deps.findProvider(provider).seenBy({ name: object, region }, "probe"),
        targets: this.deps.targetsOf(provider),
        clock,
        deadlines: PROBE_DEADLINES,
        priceUsage: (_model, usage) => priceUsage(usage),
      },
      model,
      mayGenerate,
    );
    noted.endedAtMs = clock.nowMs() - startedMs;
    return report;
  }

  private toPeer(name: string): HealthPeer {
    const { network } = this.deps;
    return {
      hearRegion: (region, report, transition) =>
        network.call({ report, transition }, (sent) =>
          this.open(name).hearRegion(region, sent.report, sent.transition),
        ),
      setWorldView: (view) => network.call(view, async (sent) => this.open(name).setWorldView(sent)),
      lendProbe: (permitId) => network.call(permitId, (sent) => this.open(name).lendProbe(sent)),
      control: (action, model, actor, reason) =>
        network.call({ action, model, actor, reason }, (sent) =>
          this.open(name).control(sent.action, sent.model, sent.actor, sent.reason),
        ),
      changePolicy: (change, actor, reason) =>
        network.call({ change, actor, reason }, async (sent) => {
          await this.open(name).changePolicy(sent.change, sent.actor, sent.reason);
        }),
      ensureProbing: () => network.call(null, async () => this.open(name).rearm()),
    };
  }

  /** The store keeps the last ones only; whoever watches takes them as they come. */
  private noteTransitions(object: string, store: MemoryDeskStore): void {
    const seen = this.transitions.findLast((noted) => noted.object === object)?.transition.version ?? 0;
    const { startedMs } = this.deps;
    for (const transition of store.readTransitions().toReversed()) {
      if (transition.version <= seen) continue;
      this.transitions.push({ object, atMs: transition.atMs - startedMs, transition });
    }
  }

  private watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }
}

/** The world's clock for one life of an object. */
function toMortalClock(clock: Clock, life: Life): Clock {
  return {
    nowMs: () => clock.nowMs(),
    sleep: (durationMs, signal) => untilDeath(clock.sleep(durationMs, signal), life),
    startTimer: (durationMs, callback) =>
      clock.startTimer(durationMs, () => {
        if (!life.over) callback();
      }),
  };
}

async function untilDeath<Value>(work: Promise<Value>, life: Life): Promise<Value> {
  const value = await work;
  return life.over ? new Promise<Value>(() => {}) : value;
}
