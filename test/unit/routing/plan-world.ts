/** A turn's surroundings: scripted providers on a virtual clock, circuits a test can open, and all that was told. */
import type { CallOutcome } from "../../../src/circuit/outcome.ts";
import type { TokenUsage } from "../../../src/protocol/answer.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { DEFAULT_BACKOFF } from "../../../src/routing/backoff.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../../src/routing/next-action.ts";
import { decidePlan, type Plan } from "../../../src/routing/ranking/plan.ts";
import type { Target } from "../../../src/routing/ranking/ranking-facts.ts";
import {
  runPlan,
  type AnswerEnd,
  type AnswerEvent,
  type RunPlanDeps,
  type RunPlanInput,
} from "../../../src/routing/run-plan.ts";
import { snapshotOf } from "../../fakes/fake-authority.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import {
  createScriptedProvider,
  toProviderId,
  type ScriptedProvider,
  type ScriptStep,
} from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { classOf, factsOf } from "./ranking/plan-facts.ts";

/** By provider: the script of each call, as in scripted-provider.ts. */
export type Scripts = Readonly<Record<string, readonly (readonly ScriptStep[])[]>>;

export interface ReportedOutcome extends CallOutcome {
  readonly provider: string;
}

/** Two micro-dollars a token, or unknown where the count is. */
const priceUsage = (_target: Target, usage: TokenUsage): number | null =>
  usage.inputTokens === null || usage.outputTokens === null
    ? null
    : 2 * (usage.inputTokens + usage.outputTokens);

/** The models of the class are `<provider>/m`, in the order of `scripts`. */
export function createPlanWorld(scripts: Scripts, changes: Partial<RunPlanDeps> = {}) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const outcomes: ReportedOutcome[] = [];
  const circuits = new Map<string, CircuitSnapshot>();
  const providers = new Map<string, ScriptedProvider>();
  /** What a test wants to happen as soon as a provider's call has been reported. */
  const afterOutcome = new Map<string, () => void>();
  for (const [id, providerScripts] of Object.entries(scripts)) {
    providers.set(id, createScriptedProvider({ id, clock, scripts: providerScripts }));
  }
  const deps: RunPlanDeps = {
    clock,
    random: () => 0.5,
    log,
    findProvider: (id) => providers.get(id) ?? null,
    readCircuit: (id) => circuits.get(id) ?? null,
    reportOutcome: (provider, outcome) => {
      outcomes.push({ provider, ...outcome });
      afterOutcome.get(provider)?.();
    },
    priceUsage,
    limits: DEFAULT_RETRY_LIMITS,
    backoff: DEFAULT_BACKOFF,
    deadlines: DEFAULT_DEADLINES,
    retryBudget: new Map(),
    hedgeBudget: null,
    takesPrefill: () => false,
    ...changes,
  };
  const names = Object.keys(scripts).map((id) => `${id}/m`);
  const stop = new AbortController();
  const startedMs = clock.nowMs();
  const setCircuit = (provider: string, circuit: Partial<CircuitSnapshot>): void =>
    void circuits.set(provider, snapshotOf(provider, circuit));

  function plan(requestedNames: readonly string[] = names): Plan {
    const planned = decidePlan(
      factsOf({
        requested: [classOf(...requestedNames)],
        configured: new Set(Object.keys(scripts).map(toProviderId)),
        readCircuit: deps.readCircuit,
        nowMs: clock.nowMs(),
      }),
    );
    if (!planned.ok) throw new Error(planned.error.message);
    return planned.value;
  }

  const begin = (
    made: Plan = plan(),
    mayStartOver = false,
    changes: Partial<Pick<RunPlanInput, "call" | "earlier" | "maxBytes">> = {},
  ): AsyncGenerator<readonly AnswerEvent[], AnswerEnd, undefined> =>
    runPlan(deps, {
      mayStartOver,
      plan: made,
      call: { prompt: [] },
      requestId: "req_1",
      requested: ["balanced"],
      startedMs,
      signal: stop.signal,
      ...changes,
    });

  return { clock, log, outcomes, providers, afterOutcome, stop, setCircuit, plan, begin, startedMs };
}

export type PlanWorld = ReturnType<typeof createPlanWorld>;

export interface CollectedAnswer {
  readonly events: readonly AnswerEvent[];
  readonly end: AnswerEnd;
  readonly text: string;
}

/** Reads an answer whole and checks that it has exactly one end, at the end. */
export async function collectAnswer(answer: AsyncIterable<readonly AnswerEvent[]>): Promise<CollectedAnswer> {
  const events: AnswerEvent[] = [];
  for await (const batch of answer) events.push(...batch);
  const ends = events.filter((event) => event.type === "answer-end");
  const last = events.at(-1);
  const [end] = ends;
  if (end === undefined || ends.length !== 1 || last !== end) throw new Error("not exactly one end");
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { events, end, text };
}

/** Runs a turn to its end on the virtual clock. */
export function runTurn(world: PlanWorld, made: Plan = world.plan()): Promise<CollectedAnswer> {
  return world.clock.runUntil(collectAnswer(world.begin(made)));
}

/** Who was called when, in order, as `provider+milliseconds`. */
export function callsOf(world: PlanWorld): string[] {
  return [...world.providers.values()]
    .flatMap((provider) =>
      provider.calls.map((call) => ({ id: provider.id, atMs: call.atMs - world.startedMs })),
    )
    .toSorted((left, right) => left.atMs - right.atMs)
    .map((call) => `${call.id}+${call.atMs}`);
}
