/**
 * What lies between isolates and health objects in the simulated world: every call takes time both ways, some get
 * lost before or after they had their effect, and for a while the far side may be slow, failing or silent. What
 * crosses is copied, as over RPC.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { Random } from "../../src/base/random.ts";
import type { Span } from "./behaviour.ts";
import type { Distribution } from "./distributions.ts";

export type Disturbance =
  | { readonly type: "slow"; readonly oneWay: Distribution }
  /** Every call fails after its way there. */
  | { readonly type: "failing" }
  /** No call ever comes back. */
  | { readonly type: "silent" };

export interface NetworkPlan {
  /** One way, milliseconds. */
  readonly oneWay: Distribution;
  /** The share of calls that fail, half of them after they had their effect. */
  readonly lossShare: number;
  readonly disturbances: readonly (Span & { readonly disturbance: Disturbance })[];
}

export interface NetworkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly startedMs: number;
  readonly plan: NetworkPlan;
}

export class SimNetwork {
  /** Calls that were begun. */
  calls = 0;
  private readonly deps: NetworkDeps;

  constructor(deps: NetworkDeps) {
    this.deps = deps;
  }

  /** Carries `payload` over, lets `work` take it, and brings back what it answers. */
  async call<Payload, Answer>(
    payload: Payload,
    work: (payload: Payload) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, random, plan } = this.deps;
    this.calls += 1;
    const disturbance = this.disturbanceNow();
    const oneWay = disturbance?.type === "slow" ? disturbance.oneWay : plan.oneWay;
    const lost = random() < plan.lossShare;
    const appliedFirst = random() < 0.5;
    const sent = structuredClone(payload);
    if (disturbance?.type === "silent") return new Promise<Answer>(() => {});
    await clock.sleep(oneWay(random));
    if (disturbance?.type === "failing" || (lost && !appliedFirst))
      throw new Error("simulated: connection lost");
    const answer = structuredClone(await work(sent));
    await clock.sleep(oneWay(random));
    if (lost) throw new Error("simulated: connection lost on the way back");
    return answer;
  }

  private disturbanceNow(): Disturbance | null {
    const atMs = this.deps.clock.nowMs() - this.deps.startedMs;
    const current = this.deps.plan.disturbances.find(
      ({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs,
    );
    return current?.disturbance ?? null;
  }
}
