/**
 * From what a caller asked for to the end of the answer and its record: resolve, plan, run. The one way in for the
 * chat object and for the HTTP door. Rules RT5 to RT33, RT54, RT60, RT65.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import type { ProviderId } from "../base/id.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../protocol/answer.ts";
import type { RequestNeeds, RoutingPolicy, SelectionRecord } from "../protocol/selection.ts";
import {
  isKnownModel,
  parseRequestedModel,
  toTargetName,
  type Catalog,
  type CatalogTarget,
} from "../providers/catalog.ts";
import type { ProviderFailure, ProviderFailureKind } from "../providers/failure.ts";
import type { ModelCall } from "../providers/provider.ts";
import { toAnswerEnd, toUnaskedFailure } from "./answer-end.ts";
import { AnswerLegs, type EarlierLegs } from "./legs/answer-legs.ts";
import { logAllFailed, logSkipped } from "./attempt/attempt-log.ts";
import { readIntent } from "./intent/intent.ts";
import { decidePlan, type Plan, type PlanFailure } from "./ranking/plan.ts";
import type { RequestedModel, RequestedTarget } from "./ranking/ranking-facts.ts";
import { readNeeds, UNKNOWN_ABILITIES } from "./ranking/request-needs.ts";
import {
  runPlan,
  type AnswerEnd,
  type AnswerEvent,
  type RunPlanDeps,
  type RunPlanInput,
} from "./run-plan.ts";
import { toSelectionRecord } from "./selection-record.ts";

/** What is asked for when the caller names nothing. */
const DEFAULT_MODEL_CLASS = "balanced";
/** For comparing prices: a common answer is a page at most, and the caller's own limit may be shorter. */
const EXPECTED_OUTPUT_TOKENS = 500;

export interface RunAnswerDeps extends RunPlanDeps {
  readonly catalog: Catalog;
  /**
   * Gets to know what a plan goes by and this isolate knows nothing recent about: circuits, which is bounded in time, and
   * prices, which are read once.
   */
  readonly warmUp: (providers: Iterable<string>) => Promise<void>;
  readonly isSandbox: (provider: string) => boolean;
  /** For requests that name no policy. */
  readonly defaultPolicy: RoutingPolicy;
}

/** Models that were looked up in the catalog, ready to run. */
export interface ResolvedModels {
  readonly requested: readonly string[];
  readonly unspecified: boolean;
  readonly models: readonly RequestedModel[];
}

export interface AnswerInput {
  readonly models: ResolvedModels;
  /** How to put the candidates in order; null for the default of this installation. */
  readonly policy: RoutingPolicy | null;
  readonly call: Omit<ModelCall, "modelId">;
  /** The text that says what is wanted: the last user message. */
  readonly question: string;
  readonly selectionId: string;
  readonly requestId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly sessionId: string | null;
  readonly turnId: string | null;
  readonly lastProvider: ProviderId | null;
  readonly signal: AbortSignal;
  /** Why nobody is to be asked: the answer ends with this at once, and is on record as one that was asked for. */
  readonly unasked?: ProviderFailure;
  /** True when nobody is shown a word before the end: a failure after the first word starts over elsewhere. */
  readonly mayStartOver?: boolean;
  /** What an earlier life of the turn has shown already: the answer goes on behind it. */
  readonly earlier?: EarlierLegs;
  /** What the answer may hold beside that, bytes of JSON; left out: as much as comes. Rule SE171. */
  readonly maxBytes?: number;
  /** How long the caller waits for the end, milliseconds; no longer than this installation's turns. Left out: as long. */
  readonly turnMs?: number;
  /** When the turn began, epoch milliseconds; left out: now. */
  readonly startedMs?: number;
}

/**
 * Looks up what a caller put into `model` or `models`. The error is a sentence for the caller. An empty list asks
 * for the default class.
 */
export function resolveModels(
  catalog: Catalog,
  requested: readonly string[],
): Result<ResolvedModels, string> {
  const unspecified = requested.length === 0;
  const names = unspecified ? [DEFAULT_MODEL_CLASS] : requested;
  const models: RequestedModel[] = [];
  for (const name of names) {
    const parsed = parseRequestedModel(catalog, name);
    if (!parsed.ok) return parsed;
    const value = parsed.value;
    models.push(
      value.kind === "class"
        ? {
            type: "class",
            name: value.modelClass.name,
            targets: value.modelClass.targets.map((target) =>
              toRequestedTarget(catalog, target, value.modelClass.weights?.get(toTargetName(target)) ?? null),
            ),
          }
        : { type: "pinned", target: toRequestedTarget(catalog, value.target, null) },
    );
  }
  if (models.every((model) => model.type === "class" && model.targets.length === 0)) {
    return fail(`No provider is set up here for ${names.join(", ")}. Set a provider's key, see the README.`);
  }
  return succeed({ requested: names, unspecified, models });
}

/** Of a model that the catalog does not know by itself nobody knows what it can do. */
function toRequestedTarget(catalog: Catalog, target: CatalogTarget, weight: number | null): RequestedTarget {
  const { provider, modelId, contextTokens, maxOutputTokens, vision, tools } = target;
  const wire = catalog.wires.get(provider);
  const abilities = isKnownModel(target)
    ? { contextTokens, maxOutputTokens, vision, tools }
    : UNKNOWN_ABILITIES;
  return {
    provider,
    model: modelId,
    abilities: wire === undefined ? abilities : { ...abilities, wire },
    weight,
  };
}

/** The record of the decision, and how the answer ended. */
export interface AnswerOutcome {
  readonly end: AnswerEnd;
  readonly record: SelectionRecord;
}

/** Yields what runPlan yields; returns the record. Never throws. */
export async function* runAnswer(
  deps: RunAnswerDeps,
  input: AnswerInput,
): AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined> {
  const startedMs = input.startedMs ?? deps.clock.nowMs();
  const needs = readNeeds(input.call);
  await deps.warmUp(listProviders(input.models.models));
  const planned = decidePlan({
    requested: input.models.models,
    unspecified: input.models.unspecified,
    configured: new Set(deps.catalog.providers),
    readCircuit: deps.readCircuit,
    readPrice: (target) => deps.priceUsage(target, toExpectedUsage(needs)),
    needs,
    nowMs: deps.clock.nowMs(),
    lastProvider: input.lastProvider,
    selectionId: input.selectionId,
    policy: input.policy ?? deps.defaultPolicy,
  });
  const unasked = input.unasked ?? (planned.ok ? null : noteUnplanned(deps, input, planned.error));
  const end =
    planned.ok && unasked === null
      ? yield* runPlan(
          withPrices(withTurnMs(deps, input.turnMs), input.call),
          toPlanInput(input, planned.value, startedMs),
        )
      : toUnaskedEnd(deps, input, unasked, startedMs);
  if (unasked !== null) yield [end];
  const { mode, candidates, decision } = planned.ok ? planned.value : planned.error;
  const record = toSelectionRecord(
    {
      ...input,
      id: input.selectionId,
      requested: input.models.requested,
      createdAt: new Date(startedMs).toISOString(),
      isSandbox: deps.isSandbox,
      // Nobody is chosen by it: it is for the record alone, and is read when nobody waits any more.
      intent: readIntent(input.question),
      mode,
      candidates,
      decision,
    },
    end,
  );
  return { end, record };
}

function toPlanInput(input: AnswerInput, plan: Plan, startedMs: number): RunPlanInput {
  return {
    plan,
    call: input.call,
    requestId: input.requestId,
    requested: input.models.requested,
    startedMs,
    mayStartOver: input.mayStartOver === true,
    ...(input.earlier === undefined ? {} : { earlier: input.earlier }),
    ...(input.maxBytes === undefined ? {} : { maxBytes: input.maxBytes }),
    signal: input.signal,
  };
}

function withTurnMs(deps: RunAnswerDeps, turnMs: number | undefined): RunAnswerDeps {
  if (turnMs === undefined || turnMs >= deps.deadlines.turnMs) return deps;
  return { ...deps, deadlines: { ...deps.deadlines, turnMs } };
}

/** Tiers of OpenAI's that are billed at half of the list's rates, and above them. */
const OTHER_RATES: readonly unknown[] = ["flex", "scale", "priority", "fast"];

/** What is billed at rates that no list has is of unknown price; who says by which it has served is believed. */
function withPrices(deps: RunAnswerDeps, { native }: AnswerInput["call"]): RunAnswerDeps {
  // A region of Anthropic's has rates of its own, whatever tier has served.
  if (typeof native?.body["inference_geo"] === "string") return { ...deps, priceUsage: () => null };
  if (!OTHER_RATES.includes(native?.body["service_tier"])) return deps;
  return {
    ...deps,
    priceUsage: (target, usage) => (usage.serviceTier === undefined ? null : deps.priceUsage(target, usage)),
  };
}

function toExpectedUsage({ inputTokens, outputTokens }: RequestNeeds): TokenUsage {
  const expected = Math.min(EXPECTED_OUTPUT_TOKENS, outputTokens ?? EXPECTED_OUTPUT_TOKENS);
  return { ...UNKNOWN_USAGE, inputTokens, outputTokens: expected };
}

function listProviders(models: readonly RequestedModel[]): Set<string> {
  const targets = models.flatMap((model) => (model.type === "class" ? model.targets : [model.target]));
  return new Set(targets.map((target) => target.provider));
}

/** Nobody could even be asked: every circuit is open, or nothing is set up. */
function noteUnplanned(deps: RunAnswerDeps, input: AnswerInput, failure: PlanFailure): ProviderFailure {
  const { requestId, models } = input;
  for (const target of failure.skipped) logSkipped(deps.log, requestId, target, target.reason);
  if (!input.signal.aborted) {
    const { requested } = models;
    logAllFailed(deps.log, { requestId, requested, attempts: [], notTried: failure.candidates });
  }
  return toUnaskedFailure(toFailureKind(failure), failure.message, failure.retryAfterMs);
}

function toUnaskedEnd(
  deps: RunAnswerDeps,
  input: AnswerInput,
  failure: ProviderFailure | null,
  startedMs: number,
): AnswerEnd {
  // Somebody said stop while circuits were looked up, or files read: that is how it ended, whoever could have been asked.
  const isStopped = input.signal.aborted;
  const { inputTokens } = readNeeds(input.call);
  const earlier = input.earlier ?? null;
  const legs = new AnswerLegs(deps, { call: input.call, inputTokens, mayStartOver: false, earlier });
  return toAnswerEnd({
    status: isStopped ? "cancelled" : legs.isEmpty ? "failed" : "incomplete",
    finishReason: null,
    failure: isStopped ? null : failure,
    attempts: input.earlier?.attempts ?? [],
    legs: legs.list(),
    lossesMicroUsd: legs.lossesMicroUsd,
    firstTokenMs: legs.firstTokenMs,
    durationMs: Math.max(0, deps.clock.nowMs() - startedMs),
  });
}

function toFailureKind({ type, candidates }: PlanFailure): ProviderFailureKind {
  switch (type) {
    case "nothing-configured":
      return "model-not-found";
    case "nothing-available":
      return "overloaded";
    case "nothing-able": {
      const missing = new Set(candidates.flatMap(({ facts }) => facts?.missingNeeds ?? []));
      return missing.size === 1 && missing.has("context") ? "context-too-long" : "bad-request";
    }
  }
}
