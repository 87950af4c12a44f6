/**
 * One probe of a provider: first the free check (listing models proves key and path); then, if that worked and may
 * cost something, a word from the model in question, since an endpoint may list models while it cannot answer; then,
 * if that failed, a word from another model, which tells a sick model from a sick provider. Rules CB15 to CB17, CB47, RT78.
 */
import type { Clock } from "../base/clock.ts";
import type { ProbeReport } from "../circuit/keeper.ts";
import type { TokenUsage } from "../protocol/answer.ts";
import { UNKNOWN_USAGE } from "../protocol/answer.ts";
import type { CatalogTarget } from "../providers/catalog.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import { toProbeCall } from "../providers/probe-call.ts";
import type { Provider } from "../providers/provider.ts";
import type { Deadlines } from "./attempt/deadlines.ts";
import { pingWithin } from "./attempt/ping-within.ts";
import { VERDICT_OF_FAILURE } from "./health-verdict.ts";
import { runAttempt } from "./attempt/run-attempt.ts";

export interface ProbeDeps {
  readonly provider: Provider;
  /** The provider's models as the catalog knows them. */
  readonly targets: readonly CatalogTarget[];
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly priceUsage: (modelId: string, usage: TokenUsage) => number | null;
}

/** Never throws, and is bounded by the deadlines: one for the check and one for each of at most two words. */
export async function probeProvider(
  deps: ProbeDeps,
  model: string | null,
  mayGenerate: boolean,
): Promise<ProbeReport> {
  const startedMs = deps.clock.nowMs();
  const target = findTarget(deps.targets, model);
  const done = (
    failure: ProviderFailure | null,
    reach: ProbeReport["reach"],
    costMicroUsd: number | null,
  ): ProbeReport => ({
    model: target?.modelId ?? model ?? "",
    verdict: failure === null ? "success" : VERDICT_OF_FAILURE[failure.kind],
    reach,
    latencyMs: Math.max(0, deps.clock.nowMs() - startedMs),
    retryAfterMs: failure?.retryAfterMs ?? null,
    message: failure === null ? "" : `${failure.kind}: ${failure.message}`,
    costMicroUsd,
  });
  const unlisted = await pingWithin(deps.provider, deps.clock, deps.deadlines.headersMs);
  if (unlisted !== null && !isWithoutList(unlisted)) return done(unlisted, "provider", 0);
  if (!mayGenerate || target === null) return done(null, "provider", 0);
  const word = await askForWord(deps, target);
  if (word.failure === null) return done(null, "model", word.costMicroUsd);
  const sibling = findTarget(
    deps.targets.filter((other) => other.modelId !== target.modelId),
    null,
  );
  const other = sibling === null ? null : await askForWord(deps, sibling);
  const cost = other === null ? word.costMicroUsd : addCosts(word.costMicroUsd, other.costMicroUsd);
  // Who says that it has no such model is well otherwise.
  const isProviderWell =
    isMissing(word.failure) || (other !== null && (other.failure === null || isMissing(other.failure)));
  // Another one was asked in the place of a model that is not listed: its trouble is its own.
  const isStandIn = model !== null && target.modelId !== model;
  return done(isStandIn && isProviderWell ? null : word.failure, isProviderWell ? "model" : "provider", cost);
}

/** No such address, no such method, not with this key: all of it is said by endpoints that answer calls all the same. */
const WITHOUT_LIST: readonly (number | null)[] = [403, 404, 405, 501];

/** Somebody is there and does not list models: that says nothing of whether they answer. Rule RT78. */
const isWithoutList = ({ status }: ProviderFailure): boolean => WITHOUT_LIST.includes(status);

const isMissing = (failure: ProviderFailure | null): boolean => failure?.kind === "model-not-found";

/** The model that is asked about; else one that does not reason, since a word from it costs least. */
function findTarget(targets: readonly CatalogTarget[], model: string | null): CatalogTarget | null {
  return (
    targets.find((target) => target.modelId === model) ??
    targets.find((target) => !target.reasoning) ??
    targets[0] ??
    null
  );
}

function addCosts(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}

async function askForWord(
  deps: ProbeDeps,
  target: CatalogTarget,
): Promise<{ readonly failure: ProviderFailure | null; readonly costMicroUsd: number | null }> {
  const never = new AbortController();
  let usage: TokenUsage = UNKNOWN_USAGE;
  let failure: ProviderFailure | null = null;
  const events = runAttempt(deps.provider, toProbeCall(target), deps.deadlines, deps.clock, never.signal);
  for await (const batch of events) {
    const last = batch.at(-1);
    if (last?.type === "finish" || last?.type === "fail") usage = last.usage;
    if (last?.type === "fail") failure = last.failure;
  }
  // Who answers that it does not take this request is there: a model that takes no chats would never be asked again.
  if (failure?.status != null && VERDICT_OF_FAILURE[failure.kind] === "neutral") {
    return { failure: null, costMicroUsd: 0 };
  }
  // A refusal before the first token costs nothing; what else is unknown stays so.
  const isFree = failure !== null && failure.phase !== "stream" && usage.outputTokens === null;
  return { failure, costMicroUsd: isFree ? 0 : deps.priceUsage(target.modelId, usage) };
}
