/**
 * What one event does to all circuits of a provider, while it is being worked out: steps single circuits, numbers
 * transitions, and draws the conclusions that concern several of them. Which circuit an event concerns is decided in
 * provider-circuits.ts. Pure: works on values. Rules CB46, CB48, CB52, CB53.
 */
import { applyBreakerEvent, startBreaker } from "./breaker.ts";
import type { Breaker, BreakerContext, BreakerEffect, BreakerEvent } from "./breaker.ts";
import { isAutomatic, trip } from "./breaker-steps.ts";
import { makeRoomForModel } from "./model-room.ts";
import type { CircuitsEffect, CircuitsStep, ModelState, ProviderCircuits } from "./provider-circuits.ts";
import { NO_SAMPLES } from "./usual.ts";
import { readTotals } from "./window.ts";

/** Collects the changes of one event; lives no longer than the call. */
export class CircuitsWork {
  readonly context: BreakerContext;
  private readonly before: ProviderCircuits;
  private circuits: ProviderCircuits;
  private readonly effects: CircuitsEffect[] = [];

  constructor(circuits: ProviderCircuits, context: BreakerContext) {
    this.before = circuits;
    this.circuits = circuits;
    this.context = context;
  }

  get provider(): Breaker {
    return this.circuits.provider;
  }

  model(name: string): ModelState | undefined {
    return modelOf(this.circuits, name);
  }

  models(): readonly (readonly [string, ModelState])[] {
    return Object.entries(this.circuits.models);
  }

  circuitNames(): readonly (string | null)[] {
    return [null, ...Object.keys(this.circuits.models)];
  }

  /** Makes sure that a model has a circuit; false when there is no room for one more, and it `isNeeded` by nobody. */
  hear(name: string, isNeeded = false): boolean {
    const { nowMs } = this.context;
    const known = this.model(name);
    if (known !== undefined) {
      this.putModel(name, { ...known, heardAtMs: nowMs });
      return true;
    }
    const models = makeRoomForModel(this.circuits.models) ?? (isNeeded ? this.circuits.models : null);
    if (models === null) return false;
    const breaker = startBreaker(nowMs);
    const fresh: ModelState = { breaker, samples: NO_SAMPLES, heardAtMs: nowMs, isMissing: false };
    this.circuits = { ...this.circuits, models: { ...models, [name]: fresh } };
    return true;
  }

  /** Steps one circuit; null is the provider's own. Unknown models are left alone. */
  step(name: string | null, event: BreakerEvent): void {
    const breaker = name === null ? this.provider : this.model(name)?.breaker;
    if (breaker === undefined) return;
    const step = applyBreakerEvent(breaker, event, this.context);
    // A model is probed when its provider is closed: until then an alarm for it would find nothing to do, and spin.
    const isHeldUp = name !== null && this.provider.state.status !== "CLOSED";
    const effects = isHeldUp ? step.effects.filter((effect) => !this.isWakeAtOnce(effect)) : step.effects;
    this.put(name, step.breaker, effects);
  }

  private isWakeAtOnce(effect: BreakerEffect): boolean {
    return effect.type === "wake" && effect.atMs <= this.context.nowMs;
  }

  put(name: string | null, breaker: Breaker, effects: readonly BreakerEffect[]): void {
    if (name === null) {
      if (breaker !== this.circuits.provider) this.circuits = { ...this.circuits, provider: breaker };
    } else {
      const known = this.model(name);
      if (known !== undefined && breaker !== known.breaker) this.putModel(name, { ...known, breaker });
    }
    for (const effect of effects) {
      if (effect.type !== "transition") {
        this.effects.push({ ...effect, model: name });
        continue;
      }
      const number = this.circuits.transitions + 1;
      this.circuits = { ...this.circuits, transitions: number };
      this.effects.push({ ...effect, model: name, number });
    }
  }

  /** The provider said that it has no such model. */
  markMissing(name: string): void {
    const known = this.model(name);
    if (known !== undefined) this.putModel(name, { ...known, isMissing: true });
  }

  putModel(name: string, state: ModelState): void {
    this.circuits = { ...this.circuits, models: { ...this.circuits.models, [name]: state } };
  }

  /** What follows from the circuits together, after each event. */
  settle(): void {
    const wasClosed = this.before.provider.state.status === "CLOSED";
    if (this.provider.state.status !== "CLOSED") return;
    if (!wasClosed) {
      this.clearSuspicions();
      this.wakeHalfOpenModels();
    }
    // Only a model that opens just now is news: a good probe and a person stand above those that are open still.
    const isNews = this.models().some(
      ([name, state]) => isOpen(state) && !isOpen(modelOf(this.before, name)),
    );
    if (isNews && this.provider.mode !== "forced-closed") this.tripOnSickModels();
  }

  finish(): CircuitsStep {
    if (this.circuits === this.before) return { circuits: this.before, effects: this.effects };
    return { circuits: { ...this.circuits, version: this.before.version + 1 }, effects: this.effects };
  }

  /** The provider is back: what its models were suspected of was its own fault. */
  private clearSuspicions(): void {
    for (const [name, state] of this.models()) {
      const { breaker } = state;
      if (breaker.state.status !== "CLOSED" || !breaker.state.suspect) continue;
      this.putModel(name, { ...state, breaker: { ...breaker, state: { status: "CLOSED", suspect: false } } });
    }
  }

  private wakeHalfOpenModels(): void {
    for (const [model, { breaker }] of this.models()) {
      if (breaker.state.status !== "HALF_OPEN" || !isAutomatic(breaker)) continue;
      this.effects.push({ type: "wake", model, atMs: this.context.nowMs });
    }
  }

  /** Two models open and none that works: that is no coincidence. */
  private tripOnSickModels(): void {
    const { nowMs, policy } = this.context;
    const heard = this.models().filter(
      ([, state]) => state.breaker.mode !== "forced-open" && !state.isMissing,
    );
    const open = heard.filter(([, state]) => isOpen(state));
    const works = heard.some(([, { breaker }]) => {
      const { calls, failures } = readTotals(breaker.buckets, nowMs, policy);
      return calls > failures;
    });
    if (open.length < 2 || works) return;
    const names = open.map(([name]) => name).join(" and ");
    const step = trip(
      this.provider,
      `The circuits of ${names} are open and no other model works.`,
      this.context,
    );
    this.put(null, step.breaker, step.effects);
  }
}

/** A caller may pin any name, `constructor` too. */
function modelOf({ models }: ProviderCircuits, name: string): ModelState | undefined {
  return Object.hasOwn(models, name) ? models[name] : undefined;
}

function isOpen(state: ModelState | undefined): boolean {
  return state?.breaker.state.status === "OPEN";
}
