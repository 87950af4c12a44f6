/** Puts together what the HTTP application needs (src/http/services.ts), once for each isolate. */
import { waitUntil } from "cloudflare:workers";
import { createSelectionStore } from "./analytics/store.ts";
import type { Auth } from "./auth/client/better-auth.ts";
import { createPrincipalResolver } from "./auth/client/principal-resolver.ts";
import { createAccountStore, type AccountStore } from "./auth/store/account-store.ts";
import { createApiKeyStore } from "./auth/store/api-key-store.ts";
import { openDatabase } from "./auth/store/database.ts";
import { fail, succeed } from "./base/result.ts";
import { readTargetCircuit } from "./circuit/target-circuit.ts";
import type { Bindings } from "./env.ts";
import { createAnswerCacheStore } from "./http/door/cache/store.ts";
import { createResponseItemStore } from "./http/openai/responses/items/store.ts";
import { createIdempotentCallStore } from "./http/middleware/idempotency/store.ts";
import { createModelRoutes } from "./http/model-routes.ts";
import type { ChatObject, CircuitControl, FileStore, Services } from "./http/services.ts";
import type { ModelCatalog } from "./protocol/model-list.ts";
import { toTargetName } from "./providers/catalog.ts";
import { createSandboxControl } from "./ops/sandbox/client.ts";
import { resolveModels } from "./routing/run-answer.ts";
import { createSessionDirectory } from "./session/directory/store.ts";
import { SelectionOutlet } from "./session/selections/selection-outlet.ts";
import { openWiring, type Wiring } from "./wiring.ts";

/** Sign-ins and sign-ups that one address may try in a minute: plenty for a person, little for a list of passwords. */
const AUTH_ATTEMPTS_PER_MINUTE = 10;
/** On a developer's machine every test run comes from one address. */
const LOCAL_AUTH_ATTEMPTS_PER_MINUTE = 200;

export function createServices(env: Bindings): Services {
  const wiring = openWiring(env);
  const { settings, log, clock, idSource } = wiring;
  const database = openDatabase(env.DB);
  const accounts = createAccountStore(database, idSource);
  const apiKeys = createApiKeyStore(database, idSource);
  const openAuth = createAuthOpener(wiring, database, accounts);
  const nowMs = (): number => clock.nowMs();
  const chats: Pick<Services, "chatObject" | "directory"> = {
    directory: createSessionDirectory(database),
    chatObject: (sessionId) => openChatObject(env, sessionId),
  };
  const selections = createSelectionStore(database);
  // A call without a chat has no object and so no outbox.
  const outlet = new SelectionOutlet({
    clock,
    log,
    sendBatch: (messages) => env.SELECTION_QUEUE.sendBatch(messages),
    insert: (records) => selections.insertSelections(records),
    waitUntil,
  });
  const resolver = createPrincipalResolver({ openAuth, accounts, apiKeys, log, nowMs, waitUntil });
  return {
    environment: settings.environment,
    version: settings.version,
    publicUrl: settings.publicUrl,
    allowedOrigins: settings.allowedOrigins,
    sandbox: wiring.catalog.providers.some((provider) => wiring.isSandbox(provider)),
    log,
    clock,
    idSource,
    handleAuth: async (request) => (await openAuth()).handler(request),
    resolvePrincipal: (request) => resolver.resolve(request),
    accounts,
    apiKeys,
    forgetKey: (keyId) => resolver.forgetKey(keyId),
    ...chats,
    files: openFileStore(env),
    circuits: createCircuitControl(wiring),
    selections,
    modelCatalog: () => readModelCatalog(wiring),
    checkModels: (requested) => {
      const models = resolveModels(wiring.catalog, requested);
      return models.ok ? null : models.error;
    },
    callBudget: wiring.callBudget,
    sandboxControl:
      settings.sandboxUrl === null
        ? null
        : createSandboxControl(settings.sandboxUrl, (url, init) => fetch(url, init)),
    healthChecks: {
      database: async () => {
        await env.DB.prepare("select 1").first();
      },
      circuits: async () => {
        const { unreachable } = await wiring.readCircuits();
        if (unreachable.length > 0) throw new Error(`no word of ${unreachable.join(", ")}`);
      },
    },
    assets: (request) => env.ASSETS.fetch(request),
    modelRoutes: openModelDoor(wiring, database, chats, outlet),
  };
}

/** better-auth is large, and only people need it: it is loaded when the first of them comes. */
function createAuthOpener(
  { settings, idSource, log }: Wiring,
  database: ReturnType<typeof openDatabase>,
  accounts: AccountStore,
): () => Promise<Auth> {
  let auth: Promise<Auth> | null = null;
  return () => {
    auth ??= import("./auth/client/better-auth.ts").then(({ createAuth }) =>
      createAuth({
        database,
        accounts,
        source: idSource,
        log,
        publicUrl: settings.publicUrl,
        allowedOrigins: settings.allowedOrigins,
        secrets: [{ version: 1, value: settings.authSecret }],
        attemptsPerMinute:
          settings.environment === "local" ? LOCAL_AUTH_ATTEMPTS_PER_MINUTE : AUTH_ATTEMPTS_PER_MINUTE,
        // Mail is not part of this version: addresses stay unproven, see docs/decisions.
        sendVerification: null,
      }),
    );
    return auth;
  };
}

/** The wires of model calls, for whoever has no chat open. */
function openModelDoor(
  wiring: Wiring,
  database: ReturnType<typeof openDatabase>,
  chats: Pick<Services, "chatObject" | "directory">,
  outlet: SelectionOutlet,
): Services["modelRoutes"] {
  const { clock, idSource, log } = wiring;
  return createModelRoutes({
    clock,
    idSource,
    catalog: wiring.catalog,
    resolveModels: (requested) => resolveModels(wiring.catalog, requested),
    runAnswer: (input) => wiring.runAnswer(input),
    runEmbedding: (input, task) => wiring.runEmbedding(input, task),
    hasEmbeddings: wiring.hasEmbeddings,
    chats,
    saveSelection: (record) => outlet.add(record),
    // The platform's own, which moves bytes without JavaScript.
    openPipe: () => new IdentityTransformStream(),
    isSandbox: wiring.isSandbox,
    log,
    answerCache: createAnswerCacheStore(database),
    responseItems: createResponseItemStore(database),
    idempotentCalls: createIdempotentCallStore(database),
    callBudget: wiring.callBudget,
    waitUntil,
  });
}

function openChatObject(env: Bindings, sessionId: string): ChatObject {
  return env.CHAT_SESSION.get(env.CHAT_SESSION.idFromName(sessionId));
}

function openFileStore(env: Bindings): FileStore {
  return {
    put: async (key, bytes, contentType) => {
      await env.FILES.put(key, bytes, { httpMetadata: { contentType } });
    },
    get: async (key) => (await env.FILES.get(key))?.body ?? null,
    delete: (key) => env.FILES.delete(key),
  };
}

function createCircuitControl(wiring: Wiring): CircuitControl {
  const isKnown = (provider: string): boolean => wiring.catalog.providers.some((known) => known === provider);
  return {
    list: () => wiring.readCircuits(),
    act: async (provider, action, model, reason, actor) => {
      if (!isKnown(provider)) return fail("unknown-provider");
      return succeed(await wiring.health(provider).control(provider, action, reason, actor, model));
    },
    changePolicy: async (provider, change, reason, actor) => {
      if (!isKnown(provider)) return fail({ type: "unknown-provider", message: "" });
      const changed = await wiring.health(provider).changePolicy(provider, change, reason, actor);
      return changed.ok ? succeed(changed.value) : fail({ type: "invalid", message: changed.error });
    },
    liveSocket: (request) => wiring.liveConsole().fetch(request),
  };
}

async function readModelCatalog(wiring: Wiring): Promise<ModelCatalog> {
  const { catalog, clock } = wiring;
  const circuits = wiring.circuits();
  const book = await wiring.readPriceBook();
  const nowMs = clock.nowMs();
  await circuits.warm(catalog.providers);
  return {
    sandbox: catalog.providers.some((provider) => wiring.isSandbox(provider)),
    classes: catalog.classes.map(({ name, description, targets }) => ({
      name,
      description,
      targets: targets.map(toTargetName),
    })),
    targets: catalog.targets.map((target) => {
      const price = book.listPrice(target.provider, target.modelId, nowMs);
      return {
        target: toTargetName(target),
        provider: target.provider,
        model: target.modelId,
        displayName: target.displayName,
        contextTokens: target.contextTokens,
        inputMicroUsdPerMillion: price?.inputMicroUsdPerMillion ?? null,
        outputMicroUsdPerMillion: price?.outputMicroUsdPerMillion ?? null,
        vision: target.vision,
        tools: target.tools,
        reasoning: target.reasoning,
        sandbox: wiring.isSandbox(target.provider),
        circuit: readTargetCircuit(circuits.read(target.provider), target.modelId)?.status ?? "CLOSED",
      };
    }),
  };
}
