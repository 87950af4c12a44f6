/**
 * Watches what an isolate asks of ProviderHealth objects, without changing it: the binding is wrapped, each call is
 * noted when it begins and when it is answered, and can be made slower, to tell calls that somebody waits for from
 * those in the background.
 */
import type { Bindings } from "../../src/env.ts";
import { CircuitSnapshot } from "../../src/protocol/circuit.ts";

export class ObjectWatch {
  /** How long each call is held up before it begins, milliseconds. */
  delayMs = 0;
  private begun = 0;
  private markedAt = 0;
  private answered = 0;
  /** By provider: when this isolate was first told that its circuit is open, epoch milliseconds. */
  private heard = new Map<string, number>();
  private readonly environments = new WeakMap<Bindings, Bindings>();

  /** Calls since the start. */
  get calls(): number {
    return this.begun;
  }

  /** From here on `answeredSinceMark` counts anew. For requests that come one after the other. */
  mark(): void {
    this.markedAt = this.begun;
    this.answered = 0;
  }

  /** What was heard since it was last asked. */
  takeHeard(): Record<string, number> {
    const heard = Object.fromEntries(this.heard);
    this.heard = new Map();
    return heard;
  }

  /** Calls that were begun after the mark and have been answered: of those before it nobody knows who waits. */
  get answeredSinceMark(): number {
    return this.answered;
  }

  /** The same bindings with a watched PROVIDER_HEALTH; the same value for the same environment. */
  wrap(env: Bindings): Bindings {
    const known = this.environments.get(env);
    if (known !== undefined) return known;
    const namespace = env.PROVIDER_HEALTH;
    const watched: Bindings["PROVIDER_HEALTH"] = new Proxy(namespace, {
      get: (target, key) => {
        if (key === "get")
          return (...parameters: Parameters<typeof target.get>) => this.watch(target.get(...parameters));
        const value: unknown = Reflect.get(target, key);
        const bound: unknown = typeof value === "function" ? value.bind(target) : value;
        return bound;
      },
    });
    const wrapped: Bindings = { ...env, PROVIDER_HEALTH: watched };
    this.environments.set(env, wrapped);
    return wrapped;
  }

  private watch<Stub extends object>(stub: Stub): Stub {
    return new Proxy(stub, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        return (...parameters: unknown[]) => this.call(() => Reflect.apply(value, target, parameters));
      },
    });
  }

  private async call(run: () => unknown): Promise<unknown> {
    this.begun += 1;
    const number = this.begun;
    if (this.delayMs > 0) await scheduler.wait(this.delayMs);
    const answer = await run();
    if (number > this.markedAt) this.answered += 1;
    const snapshot = CircuitSnapshot.safeParse(answer).data;
    if (snapshot?.status === "OPEN" && !this.heard.has(snapshot.provider)) {
      this.heard.set(snapshot.provider, Date.now());
    }
    return answer;
  }
}
