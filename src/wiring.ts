/**
 * The composition root: from bindings to clocks, providers, circuits and the way to an answer. Made once for each
 * isolate and environment; nobody else constructs these parts. What only the HTTP application needs is put
 * together in http-wiring.ts.
 */
import { waitUntil } from "cloudflare:workers";
import type { ProviderHealth } from "../durable-objects/provider-health.ts";
import { LIVE_CONSOLE_NAME } from "../durable-objects/live-console.ts";
import type { Clock } from "./base/clock.ts";
import { newId, type IdSource } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { keepForEachRegion, workForCaller } from "./caller-region.ts";
import { CircuitClient, type CircuitCache } from "./circuit/client.ts";
import { toHealthName } from "./circuit/health-desk.ts";
import type { ProbeReport } from "./circuit/keeper.ts";
import { REGIONS, type Region } from "./circuit/regions.ts";
import { parseSettings, type Bindings, type Settings } from "./env.ts";
import type { TokenUsage } from "./protocol/answer.ts";
import type { CircuitDetail } from "./protocol/circuit.ts";
import { createCatalog, parseModelClasses, type Catalog } from "./providers/catalog.ts";
import { PREFILL_MODELS } from "./providers/known-models.ts";
import { loadPriceBook, type PriceBook } from "./providers/price.ts";
import { parseProviderConfigs, type ProviderConfig } from "./providers/provider-config.ts";
import { createEmbedders } from "./providers/embedders.ts";
import type { Provider } from "./providers/provider.ts";
import { createProviderRegistry } from "./providers/registry.ts";
import { CallBudget } from "./routing/budgets/call-budget.ts";
import { DEFAULT_BACKOFF } from "./routing/backoff.ts";
import { PROBE_DEADLINES } from "./routing/attempt/deadlines.ts";
import { toEmbeddingDeps, type EmbeddingTask } from "./routing/embedding-provider.ts";
import type { HedgeBudget } from "./routing/budgets/hedge-budget.ts";
import { DEFAULT_RETRY_LIMITS } from "./routing/next-action.ts";
import type { RetryBudget } from "./routing/budgets/retry-budget.ts";
import { runAnswer, type AnswerInput, type AnswerOutcome, type RunAnswerDeps } from "./routing/run-answer.ts";
import type { AnswerEvent } from "./routing/run-plan.ts";
import { probeProvider } from "./routing/probe-provider.ts";
import type { McpListCache } from "./tools/client/mcp-servers.ts";
import { parseMcpServers, type McpServer } from "./tools/mcp-config.ts";
import { readCircuits, type KnownCircuits } from "./read-circuits.ts";
import { consoleLog, systemClock, systemIdSource, systemRandom } from "./system.ts";

/** The console's object as the others call it. */
interface LiveConsoleStub {
  publishCircuit(detail: CircuitDetail): Promise<void>;
  /** The JSON text of an array of `SelectionTail`. */
  publishSelections(text: string): Promise<void>;
  fetch(request: Request): Promise<Response>;
}

export interface Wiring {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly idSource: IdSource;
  readonly catalog: Catalog;
  /** What this isolate knows of the circuits of the caller's region. */
  readonly circuits: () => CircuitClient;
  readonly newId: (prefix: string) => string;
  readonly isSandbox: (provider: string) => boolean;
  readonly runAnswer: (
    input: AnswerInput,
  ) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  /** The same with embeddings in the place of words. */
  readonly runEmbedding: (
    input: AnswerInput,
    task: EmbeddingTask,
  ) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  readonly hasEmbeddings: (provider: string) => boolean;
  readonly readPriceBook: () => Promise<PriceBook>;
  /** Micro-dollars; null when the price is unknown, or nobody has read the price book yet. */
  readonly priceUsage: (target: { provider: string; model: string }, usage: TokenUsage) => number | null;
  /** Asks a provider whether it is well, on `model` when that is given and known, else on its cheapest. */
  readonly probeProvider: (
    provider: string,
    model: string | null,
    mayGenerate: boolean,
  ) => Promise<ProbeReport>;
  /** A provider's health object, by its own name (`openai`, `openai@weur`). */
  readonly health: (name: string) => DurableObjectStub<ProviderHealth>;
  /** Does the work of a request from there (`request.cf`); health is kept for each region apart. */
  readonly workForCaller: <Done>(cf: unknown, work: () => Done) => Done;
  /** What organizations may still ask in this minute, in this isolate; null: no limit. */
  readonly callBudget: CallBudget | null;
  readonly mcpServers: readonly McpServer[];
  /** What this isolate knows of their tools. */
  readonly mcpLists: McpListCache;
  /** Every configured provider's card, in the catalog's order, and who gave none. */
  readonly readCircuits: () => Promise<KnownCircuits>;
  readonly liveConsole: () => LiveConsoleStub;
}

// Plain data, shared by every request and object of the isolate.
const circuitCache = keepForEachRegion<CircuitCache>(() => new Map());
const retryBudget: RetryBudget = new Map();
const hedgeBudget: HedgeBudget = { bucket: null };
const mcpLists: McpListCache = new Map();
let priceBook: PriceBook | null = null;
const wirings = new WeakMap<Bindings, Wiring>();

/** The wiring of this environment; the same one for every call in an isolate. */
export function openWiring(env: Bindings): Wiring {
  let wiring = wirings.get(env);
  if (wiring === undefined) {
    wiring = createWiring(env);
    wirings.set(env, wiring);
  }
  return wiring;
}

async function readPriceBook(): Promise<PriceBook> {
  priceBook ??= await loadPriceBook();
  return priceBook;
}

function priceUsage(target: { provider: string; model: string }, usage: TokenUsage): number | null {
  const { provider, model } = target;
  return priceBook?.priceUsage({ provider, modelId: model, usage, atMs: systemClock.nowMs() }) ?? null;
}

function parseConfigs(env: Bindings, settings: Settings): readonly ProviderConfig[] {
  // A deployed environment has no sandbox, whatever its variables say.
  const record = { ...env, SANDBOX_URL: settings.sandboxUrl ?? undefined };
  const configs = parseProviderConfigs(record);
  if (configs.ok) return configs.value;
  const mistakes = configs.error.map((error) => `${error.variable}: ${error.message}`);
  throw new Error(`The providers' variables are wrong. ${mistakes.join(" ")}`);
}

function openCatalog(env: Bindings, configs: readonly ProviderConfig[]): Catalog {
  const text = env["MODEL_CLASSES"];
  const classes = parseModelClasses(typeof text === "string" ? text : undefined);
  if (!classes.ok) throw new Error(classes.error);
  return createCatalog(configs, classes.value);
}

function createWiring(env: Bindings): Wiring {
  const settings = parseSettings(env);
  const configs = parseConfigs(env, settings);
  const catalog = openCatalog(env, configs);
  const registry = createProviderRegistry(configs, {
    fetch: (url, init) => fetch(url, init),
    nowMs: () => systemClock.nowMs(),
    ...(env.AI === undefined ? {} : { ai: env.AI }),
  });
  const findEmbedder = createEmbedders(configs, {
    fetch: (url, init) => fetch(url, init),
    nowMs: () => systemClock.nowMs(),
  });
  const health = (name: string): DurableObjectStub<ProviderHealth> =>
    env.PROVIDER_HEALTH.get(env.PROVIDER_HEALTH.idFromName(name), toPlacement(name));
  const circuits = keepForEachRegion((region) => createCircuitClient(health, region));
  const sandboxed = new Set(configs.filter((config) => config.sandbox).map((config) => `${config.id}`));
  const isSandbox = (provider: string): boolean => sandboxed.has(provider);
  // Taken when an answer begins: what is reported at its end goes where its plan came from.
  const answerDeps = keepForEachRegion((): RunAnswerDeps => ({
    clock: systemClock,
    random: systemRandom,
    log: consoleLog,
    catalog,
    findProvider: (id) => registry.find(id),
    ...toCircuitDeps(circuits()),
    priceUsage,
    takesPrefill: ({ provider, model }) => PREFILL_MODELS.has(`${provider}/${model}`),
    isSandbox,
    limits: DEFAULT_RETRY_LIMITS,
    backoff: DEFAULT_BACKOFF,
    deadlines: settings.deadlines,
    retryBudget,
    hedgeBudget: settings.hedging ? hedgeBudget : null,
    defaultPolicy: settings.routingPolicy,
  }));
  return {
    settings,
    clock: systemClock,
    random: systemRandom,
    log: consoleLog,
    idSource: systemIdSource,
    catalog,
    circuits,
    newId: (prefix) => newId(prefix, systemIdSource),
    isSandbox,
    runAnswer: (input) => runAnswer(answerDeps(), input),
    runEmbedding: (input, task) => runAnswer(toEmbeddingDeps(answerDeps(), findEmbedder, task), input),
    hasEmbeddings: (provider) => findEmbedder(provider) !== null,
    readPriceBook,
    priceUsage,
    probeProvider: (provider, model, mayGenerate) =>
      runProbe(registry.find(provider), catalog, { provider, model, mayGenerate }),
    health,
    workForCaller: (cf, work) => (settings.regionalCircuits ? workForCaller(cf, work) : work()),
    callBudget: settings.requestsPerMinute === null ? null : new CallBudget(settings.requestsPerMinute),
    mcpServers: openMcpServers(env),
    mcpLists,
    readCircuits: () =>
      readCircuits({
        providers: catalog.providers,
        readDetail: (provider) => health(provider).readDetail(provider),
        clock: systemClock,
        log: consoleLog,
      }),
    liveConsole: () => env.LIVE_CONSOLE.get(env.LIVE_CONSOLE.idFromName(LIVE_CONSOLE_NAME)),
  };
}

function openMcpServers(env: Bindings): readonly McpServer[] {
  const text = env["MCP_SERVERS"];
  const servers = parseMcpServers(typeof text === "string" ? text : undefined);
  if (!servers.ok) throw new Error(servers.error);
  return servers.value;
}

/** The isolate's view of a region's circuits, over the health objects of that region; null: over the world's. */
function createCircuitClient(health: Wiring["health"], region: Region | null): CircuitClient {
  return new CircuitClient({
    authority: {
      readSnapshot: (provider) => {
        const name = toHealthName(provider, region);
        return health(name).readSnapshot(name);
      },
      reportOutcomes: (provider, outcomes) => {
        const name = toHealthName(provider, region);
        return health(name).reportOutcomes(name, outcomes);
      },
    },
    cache: circuitCache(),
    clock: systemClock,
    log: consoleLog,
    waitUntil,
  });
}

function toCircuitDeps(
  circuits: CircuitClient,
): Pick<RunAnswerDeps, "readCircuit" | "reportOutcome" | "warmUp"> {
  return {
    readCircuit: (id) => circuits.read(id),
    reportOutcome: (id, outcome) => circuits.report(id, outcome),
    // The price list is large: it is loaded before the first plan, and not with the isolate.
    warmUp: async (providers) => {
      if (priceBook === null) await readPriceBook();
      await circuits.warm(providers);
    },
  };
}

async function runProbe(
  adapter: Provider | null,
  catalog: Catalog,
  asked: { readonly provider: string; readonly model: string | null; readonly mayGenerate: boolean },
): Promise<ProbeReport> {
  const { provider, model, mayGenerate } = asked;
  if (adapter === null) return toUnmadeProbe(model);
  const book = await readPriceBook();
  const deps = {
    provider: adapter,
    targets: catalog.targets.filter((target) => target.provider === provider),
    clock: systemClock,
    deadlines: PROBE_DEADLINES,
    priceUsage: (modelId: string, usage: TokenUsage) =>
      book.priceUsage({ provider, modelId, usage, atMs: systemClock.nowMs() }),
  };
  return probeProvider(deps, model, mayGenerate);
}

/** Nobody to ask: says nothing about anybody's health. */
function toUnmadeProbe(model: string | null): ProbeReport {
  return {
    model: model ?? "",
    verdict: "neutral",
    reach: "provider",
    latencyMs: 0,
    retryAfterMs: null,
    message: "not set up here",
    costMicroUsd: 0,
  };
}

/** A region's object is asked to live there; it counts only when the object is made. */
function toPlacement(name: string): { locationHint?: DurableObjectLocationHint } {
  const hint = REGIONS.find((region) => name.endsWith(`@${region}`));
  return hint === undefined ? {} : { locationHint: hint };
}
