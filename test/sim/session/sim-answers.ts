/**
 * The way from a question to an answer in the simulated chat: the real routing over simulated providers, with budgets
 * that die with their isolate, and watched: who runs, for which turn, in which life.
 */
import type { ProviderId } from "../../../src/base/id.ts";
import type { Log } from "../../../src/base/log.ts";
import type { Random } from "../../../src/base/random.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { createCatalog, type Catalog } from "../../../src/providers/catalog.ts";
import type { ProviderConfig } from "../../../src/providers/provider-config.ts";
import { DEFAULT_BACKOFF } from "../../../src/routing/backoff.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../../src/routing/next-action.ts";
import { HEDGE_BUDGET_POLICY } from "../../../src/routing/budgets/hedge-budget.ts";
import { runAnswer, type AnswerInput, type AnswerOutcome } from "../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";
import { toProviderId } from "../../fakes/scripted-provider.ts";
import { priceUsage } from "../price-list.ts";
import type { MortalClock } from "./mortal-clock.ts";
import type { SessionSettings } from "./session-plan.ts";
import type { SimModel } from "./sim-model.ts";

export const PROVIDERS = ["alpha", "beta", "gamma"] as const;
const MODELS = ["large", "small"];
/** It goes on from the beginning of an answer that it is given, or says that it does not. */
const TAKES_PREFILL = "beta";

export interface SimAnswersDeps {
  readonly models: ReadonlyMap<string, SimModel>;
  readonly random: Random;
  readonly log: Log;
  readonly settings: SessionSettings;
  readonly isCircuitOpen: (provider: string) => boolean;
  readonly onBug: (bug: string) => void;
}

type Answer = AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;

export class SimAnswers {
  readonly catalog: Catalog = openCatalog();
  private readonly deps: SimAnswersDeps;

  constructor(deps: SimAnswersDeps) {
    this.deps = deps;
  }

  /** What a life of the object calls to get an answer. */
  forLife(life: number, clock: MortalClock, store: SessionStore): (input: AnswerInput) => Answer {
    const { models, random, log, settings } = this.deps;
    const bucket = { thousandths: HEDGE_BUDGET_POLICY.maxThousandths, refilledAtMs: clock.nowMs() };
    const isolate = { retryBudget: new Map(), hedgeBudget: settings.hedging ? { bucket } : null };
    const running = new Set<string>();
    const answer = (input: AnswerInput): Answer =>
      runAnswer(
        {
          ...isolate,
          clock,
          random,
          log,
          catalog: this.catalog,
          findProvider: (id) => {
            const { selectionId, turnId } = input;
            return clock.isOver
              ? null
              : (models.get(id)?.seenBy({ clock, life, selectionId, turnId }) ?? null);
          },
          readCircuit: (id) => this.toSnapshot(id, clock.nowMs()),
          reportOutcome: () => {},
          warmUp: () => Promise.resolve(),
          takesPrefill: ({ provider }) => provider === TAKES_PREFILL,
          isSandbox: () => true,
          priceUsage: (_target, usage) => priceUsage(usage),
          limits: DEFAULT_RETRY_LIMITS,
          backoff: DEFAULT_BACKOFF,
          deadlines: { ...DEFAULT_DEADLINES, turnMs: settings.turnMs },
          defaultPolicy: "priority",
        },
        input,
      );
    return (input) => this.watch(running, store, answer, input);
  }

  /** SM33, SM34: one turn at a time, and none that was stopped or has ended. */
  private async *watch(
    running: Set<string>,
    store: SessionStore,
    answer: (input: AnswerInput) => Answer,
    input: AnswerInput,
  ): Answer {
    const { turnId } = input;
    if (turnId === null) return yield* answer(input);
    const { onBug } = this.deps;
    const row = store.findTurn(turnId);
    if (running.size > 0) onBug(`[SM33] ${turnId} runs beside ${[...running].join(", ")}`);
    if (row?.status !== "running") onBug(`[SM33] ${turnId} runs and is stored as ${row?.status}`);
    // A stop may come in the very moment in which it begins: then it begins aborted, and calls nobody.
    if (row?.stopRequested === true && !input.signal.aborted)
      onBug(`[SM34] ${turnId} was stopped and runs again`);
    running.add(turnId);
    try {
      return yield* answer(input);
    } finally {
      running.delete(turnId);
    }
  }

  private toSnapshot(provider: ProviderId, nowMs: number): CircuitSnapshot | null {
    const isOpen = this.deps.isCircuitOpen(provider);
    return {
      provider,
      version: 1,
      status: isOpen ? "OPEN" : "CLOSED",
      mode: "auto",
      suspect: false,
      openUntilMs: isOpen ? nowMs + 5_000 : null,
      coolDownUntilMs: null,
      reason: "simulated",
      failureCount: isOpen ? 5 : 0,
      failureThreshold: 5,
      changedAtMs: nowMs,
      models: MODELS.map((model) => ({
        model,
        status: "CLOSED",
        suspect: false,
        openUntilMs: null,
        coolDownUntilMs: null,
        reason: "",
        failureCount: 0,
        usual: { samples: 50, firstTokenP50Ms: 400, firstTokenP95Ms: 700, tokensPerSecond: 60 },
      })),
    };
  }
}

function openCatalog(): Catalog {
  const configs = PROVIDERS.map((id): ProviderConfig => ({
    id: toProviderId(id),
    displayName: id,
    wire: "openai-chat",
    dialect: "compatible",
    baseUrl: "http://simulated",
    apiKey: null,
    sandbox: true,
    models: MODELS,
  }));
  const classes = MODELS.map((model) => ({
    name: model === "large" ? "balanced" : "fast",
    description: "",
    targets: PROVIDERS.map((provider) => `${provider}/${model}`),
  }));
  return createCatalog(configs, classes);
}
