/**
 * From what a caller asked for to the end of the answer and its record: resolve, plan, run. The one way in for the
 * chat object and for the HTTP door. Rules RT5 to RT34.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import type { ProviderId } from "../base/id.ts";
import { UNKNOWN_USAGE } from "../protocol/answer.ts";
import type { SelectionRecord } from "../protocol/selection.ts";
import { parseRequestedModel, type Catalog } from "../providers/catalog.ts";
import type { ModelCall } from "../providers/provider.ts";
import { logAllFailed, logSkipped } from "./attempt-log.ts";
import { classifyIntent } from "./intent.ts";
import { decidePlan, type PlanFailure, type RequestedModel } from "./plan.ts";
import { runPlan, type AnswerEnd, type AnswerEvent, type RunPlanDeps } from "./run-plan.ts";
import { toSelectionRecord } from "./selection-record.ts";

/** What is asked for when the caller names nothing. */
const DEFAULT_MODEL_CLASS = "balanced";

export interface RunAnswerDeps extends RunPlanDeps {
  readonly catalog: Catalog;
  /** Gets to know circuits that this isolate knows nothing recent about; bounded in time. */
  readonly warmCircuits: (providers: Iterable<string>) => Promise<void>;
  readonly isSandbox: (provider: string) => boolean;
}

/** Models that were looked up in the catalog, ready to run. */
export interface ResolvedModels {
  readonly requested: readonly string[];
  readonly unspecified: boolean;
  readonly models: readonly RequestedModel[];
}

export interface AnswerInput {
  readonly models: ResolvedModels;
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
            targets: value.modelClass.targets.map(({ provider, modelId }) => ({ provider, model: modelId })),
          }
        : {
            type: "pinned",
            target: { provider: value.target.provider, model: value.target.modelId },
          },
    );
  }
  if (models.every((model) => model.type === "class" && model.targets.length === 0)) {
    return fail(`No provider is set up here for ${names.join(", ")}. Set a provider's key, see the README.`);
  }
  return succeed({ requested: names, unspecified, models });
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
  const startedMs = deps.clock.nowMs();
  const createdAt = new Date(startedMs).toISOString();
  const { intent } = classifyIntent(input.question);
  const configured = new Set(deps.catalog.providers);
  await deps.warmCircuits(listProviders(input.models.models));
  const planned = decidePlan({
    requested: input.models.models,
    unspecified: input.models.unspecified,
    configured,
    readCircuit: deps.readCircuit,
    nowMs: deps.clock.nowMs(),
    intent,
    lastProvider: input.lastProvider,
  });
  const facts = {
    ...input,
    id: input.selectionId,
    requested: input.models.requested,
    createdAt,
    intent,
    isSandbox: deps.isSandbox,
  };
  if (!planned.ok) {
    const end = toUnplannedEnd(deps, input, planned.error, startedMs);
    yield [end];
    const { mode, candidates } = planned.error;
    return { end, record: toSelectionRecord({ ...facts, mode, candidates }, end) };
  }
  const plan = planned.value;
  let end: AnswerEnd | null = null;
  const run = runPlan(deps, {
    plan,
    call: input.call,
    requestId: input.requestId,
    requested: input.models.requested,
    startedMs,
    signal: input.signal,
  });
  for await (const batch of run) {
    const last = batch.at(-1);
    if (last?.type === "answer-end") end = last;
    yield batch;
  }
  if (end === null) throw new Error("a plan ended without an answer-end");
  return { end, record: toSelectionRecord({ ...facts, mode: plan.mode, candidates: plan.candidates }, end) };
}

function listProviders(models: readonly RequestedModel[]): Set<string> {
  const targets = models.flatMap((model) => (model.type === "class" ? model.targets : [model.target]));
  return new Set(targets.map((target) => target.provider));
}

/** Nobody could even be asked: every circuit is open, or nothing is set up. */
function toUnplannedEnd(
  deps: RunAnswerDeps,
  input: AnswerInput,
  failure: PlanFailure,
  startedMs: number,
): AnswerEnd {
  const { requestId, models } = input;
  for (const target of failure.skipped) logSkipped(deps.log, requestId, target, target.reason);
  logAllFailed(deps.log, {
    requestId,
    requested: models.requested,
    attempts: [],
    notTried: failure.candidates,
  });
  return {
    type: "answer-end",
    status: "failed",
    finishReason: null,
    failure: {
      kind: failure.type === "nothing-configured" ? "model-not-found" : "overloaded",
      phase: "connect",
      status: null,
      retryAfterMs: failure.retryAfterMs,
      message: failure.message,
    },
    attempts: [],
    legs: [],
    firstTokenMs: null,
    durationMs: deps.clock.nowMs() - startedMs,
    usage: UNKNOWN_USAGE,
    costMicroUsd: 0,
  };
}
