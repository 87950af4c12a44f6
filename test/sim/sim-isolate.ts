/**
 * One isolate of the simulated world: a CircuitClient with a cache of its own, budgets of its own, and the real
 * runAnswer over providers as seen from its region.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { ProviderId } from "../../src/base/id.ts";
import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import { CircuitClient, type CircuitCache } from "../../src/circuit/client.ts";
import { toHealthName } from "../../src/circuit/health-desk.ts";
import { readTargetCircuit } from "../../src/circuit/target-circuit.ts";
import type { Catalog } from "../../src/providers/catalog.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { DEFAULT_BACKOFF } from "../../src/routing/backoff.ts";
import { DEFAULT_DEADLINES } from "../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../src/routing/next-action.ts";
import { runAnswer, type AnswerInput, type RunAnswerDeps } from "../../src/routing/run-answer.ts";
import { priceUsage } from "./price-list.ts";
import type { SimAuthority } from "./sim-authority.ts";
import type { SimProvider } from "./sim-provider.ts";
import type { IsolatePlan } from "./world-plan.ts";

export interface IsolateDeps {
  readonly plan: IsolatePlan;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly authority: SimAuthority;
  readonly catalog: Catalog;
  readonly findProvider: (id: string) => SimProvider;
  readonly hedging: boolean;
  readonly takesPrefill: RunAnswerDeps["takesPrefill"];
}

export class SimIsolate {
  readonly plan: IsolatePlan;
  /** Calls that were made although the isolate knew better: bugs. */
  readonly bugs: string[] = [];
  private readonly cache: CircuitCache = new Map();
  private readonly deps: IsolateDeps;
  private readonly answerDeps: RunAnswerDeps;

  constructor(deps: IsolateDeps) {
    const { plan, clock, random, log, authority, catalog } = deps;
    this.deps = deps;
    this.plan = plan;
    const circuits = new CircuitClient({
      authority: {
        readSnapshot: (provider) => authority.readSnapshot(toHealthName(provider, plan.region)),
        reportOutcomes: (provider, outcomes) =>
          authority.reportOutcomes(toHealthName(provider, plan.region), outcomes),
      },
      cache: this.cache,
      clock,
      log,
      waitUntil: (work) => {
        work.catch((error: unknown) => {
          this.bugs.push(`background work of ${plan.name} failed: ${String(error)}`);
        });
      },
    });
    this.answerDeps = {
      clock,
      random,
      log,
      catalog,
      findProvider: (id) => this.findProvider(id),
      readCircuit: (id) => circuits.read(id),
      reportOutcome: (id, outcome) => circuits.report(id, outcome),
      warmUp: (providers) => circuits.warm(providers),
      isSandbox: () => false,
      priceUsage: (_target, usage) => priceUsage(usage),
      limits: DEFAULT_RETRY_LIMITS,
      takesPrefill: deps.takesPrefill,
      backoff: DEFAULT_BACKOFF,
      deadlines: DEFAULT_DEADLINES,
      defaultPolicy: "priority",
      retryBudget: new Map(),
      hedgeBudget: deps.hedging ? { bucket: null } : null,
    };
  }

  answer(input: AnswerInput): ReturnType<typeof runAnswer> {
    return runAnswer(this.answerDeps, input);
  }

  /** The provider as it is seen from here, watched: an isolate must not call through a circuit it knows to be open. */
  private findProvider(id: ProviderId): Provider {
    const { name, region } = this.plan;
    const provider = this.deps.findProvider(id).seenBy({ name, region: region ?? "" }, "call");
    return {
      ...provider,
      stream: (call, signal) => {
        const known = readTargetCircuit(this.cache.get(id)?.snapshot ?? null, call.modelId);
        if (known !== null && known.status !== "CLOSED") {
          this.bugs.push(
            `${name} called ${id}/${call.modelId} through a circuit it knew to be ${known.status}`,
          );
        }
        return provider.stream(call, signal);
      },
    };
  }
}
