/** Services for the HTTP application's tests: everything in memory, and a record of what was asked. */
import { Hono } from "hono";
import type { CountedSelection } from "../../../src/analytics/summarize.ts";
import type { Principal } from "../../../src/auth/principal.ts";
import { OrganizationIdText, UserIdText } from "../../../src/auth/principal.ts";
import type { IdSource, SessionId } from "../../../src/base/id.ts";
import type { LogEventName } from "../../../src/base/log.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import type { AppEnv } from "../../../src/http/app-env.ts";
import { MAX_MODEL_CALL_BYTES, readJsonText } from "../../../src/http/body.ts";
import type { ChatObject, Services } from "../../../src/http/services.ts";
import type { CircuitDetail } from "../../../src/protocol/circuit.ts";
import type { SelectionRecord } from "../../../src/protocol/selection.ts";
import type { DirectoryEntry, SessionOwner } from "../../../src/session/directory/directory.ts";
import { createFakeChatState, createFakeFiles, createFakeObject, NOW_ISO } from "./fake-chat.ts";
import type { FakeChatState } from "./fake-chat.ts";

export const NOW_MS = Date.parse(NOW_ISO);
export const OWN_ORIGIN = "http://127.0.0.1:8787";
export const LISTED_ORIGIN = "https://embed.example";

const organizationId = OrganizationIdText.parse("org_a");
export const ALICE: Principal = {
  kind: "user",
  signInId: "sign_in_alice",
  userId: UserIdText.parse("user_alice"),
  organizationId,
  role: "member",
  email: "alice@example.com",
  name: "Alice",
};
export const MALLORY: Principal = {
  ...ALICE,
  userId: UserIdText.parse("user_mallory"),
  email: "mallory@example.com",
};
export const ADMIN: Principal = { ...ALICE, userId: UserIdText.parse("user_admin"), role: "admin" };
export const PROGRAM: Principal = {
  kind: "api-key",
  keyId: "key_1",
  userId: UserIdText.parse("user_alice"),
  organizationId,
  role: "member",
};

/** Cookies and keys that the fake knows. */
const CREDENTIALS: Readonly<Record<string, Principal>> = {
  "who=alice": ALICE,
  "who=mallory": MALLORY,
  "who=admin": ADMIN,
  "Bearer program": PROGRAM,
};

export interface LogLine {
  readonly level: string;
  readonly event: LogEventName;
  readonly fields: unknown;
}

type FakeEntry = DirectoryEntry & SessionOwner & { readonly clientChatId?: string };

export interface FakeWorld {
  readonly services: Services;
  readonly lines: LogLine[];
  /** What the objects and stores were asked, in order. */
  readonly asked: string[];
  /** Requests that reached an object's `fetch`. */
  readonly objectRequests: Request[];
  readonly chats: Map<string, FakeEntry>;
  readonly state: FakeChatState;
  readonly linesOf: (event: LogEventName) => unknown[];
}

export interface FakeOptions {
  readonly overrides?: Partial<Services>;
  readonly chatObject?: Partial<ChatObject>;
  readonly counted?: readonly CountedSelection[];
}

/** A counting source: ids differ and can be predicted. */
export function toCountingSource(): IdSource {
  let count = 0;
  return {
    nowMs: () => NOW_MS,
    randomBytes: (length) => {
      count += 1;
      return new Uint8Array(length).fill(count);
    },
  };
}

export function createFakeWorld(options: FakeOptions = {}): FakeWorld {
  const lines: LogLine[] = [];
  const asked: string[] = [];
  const objectRequests: Request[] = [];
  const chats = new Map<string, FakeEntry>();
  const state = createFakeChatState();
  const services: Services = {
    environment: "local",
    version: "1.2.3",
    publicUrl: OWN_ORIGIN,
    allowedOrigins: [LISTED_ORIGIN],
    sandbox: true,
    log: { write: (level, event, fields) => void lines.push({ level, event, fields }) },
    clock: {
      nowMs: () => NOW_MS,
      // Never ends by itself: no test waits for a second.
      sleep: (_durationMs, signal) =>
        new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
      startTimer: () => () => undefined,
    },
    idSource: toCountingSource(),
    handleAuth: (request) => {
      asked.push(`auth ${request.method} ${new URL(request.url).pathname}`);
      return Promise.resolve(Response.json({ ok: true }));
    },
    resolvePrincipal: (request) => {
      const shown = request.headers.get("authorization") ?? request.headers.get("cookie");
      const principal = CREDENTIALS[shown ?? ""];
      if (principal !== undefined) return Promise.resolve(succeed(principal));
      return Promise.resolve(fail(shown === null ? "no-credentials" : "unknown-key"));
    },
    accounts: {
      readOrganization: (id) => Promise.resolve({ id: OrganizationIdText.parse(id), name: "Alice" }),
    },
    apiKeys: createFakeKeys(asked),
    forgetKey: (keyId) => void asked.push(`forget ${keyId}`),
    directory: createFakeDirectory(chats, asked),
    chatObject: (sessionId) => ({
      ...createFakeObject(sessionId, state, asked, objectRequests),
      ...options.chatObject,
    }),
    files: createFakeFiles(state, asked),
    circuits: {
      list: () => Promise.resolve({ circuits: [toCircuit("openai")], unreachable: [] }),
      act: (provider, action, model, reason, actor) => {
        asked.push(`act ${model === null ? provider : `${provider}/${model}`} ${action} ${reason} ${actor}`);
        return Promise.resolve(
          provider === "openai" ? succeed(toCircuit(provider)) : fail("unknown-provider"),
        );
      },
      changePolicy: (provider, change, reason, actor) => {
        asked.push(`policy ${provider} ${JSON.stringify(change)} ${reason} ${actor}`);
        if (provider !== "openai") return Promise.resolve(fail({ type: "unknown-provider", message: "" }));
        return Promise.resolve(
          "failureThreshold" in change
            ? succeed(toCircuit(provider))
            : fail({ type: "invalid", message: "surprise: no such number" }),
        );
      },
      liveSocket: (request) => {
        objectRequests.push(request);
        return Promise.resolve(new Response("live"));
      },
    },
    selections: createFakeSelections(options.counted ?? [], asked),
    modelCatalog: () => Promise.resolve({ sandbox: true, classes: [], targets: [] }),
    checkModels: (requested) => (requested.includes("nobody") ? "Nobody is called nobody." : null),
    callBudget: null,
    sandboxControl: null,
    healthChecks: { d1: () => Promise.resolve() },
    assets: (request) => Promise.resolve(toAsset(new URL(request.url).pathname)),
    modelRoutes: createFakeModelRoutes(),
    ...options.overrides,
  };
  const linesOf = (event: LogEventName): unknown[] =>
    lines.filter((line) => line.event === event).map((line) => line.fields);
  return { services, lines, asked, objectRequests, chats, state, linesOf };
}

/** Puts a chat of Alice's into the fake directory. */
export function addChat(world: Pick<FakeWorld, "chats">, owner: Principal = ALICE): string {
  const id = `chat_${"0".repeat(24)}${String(world.chats.size).padStart(2, "0")}`;
  // The fake directory is keyed by text; only the brand is missing here.
  world.chats.set(id, {
    id: id as SessionId,
    title: "First",
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    userId: owner.userId,
    organizationId: owner.organizationId,
  });
  return id;
}

function createFakeDirectory(chats: Map<string, FakeEntry>, asked: string[]): Services["directory"] {
  const own = (owner: SessionOwner, id: string) => {
    const chat = chats.get(id);
    return chat?.userId === owner.userId && chat.organizationId === owner.organizationId ? chat : undefined;
  };
  return {
    create: (entry) => {
      asked.push(`list-chat ${entry.id} ${entry.title}`);
      const chat = { ...entry, updatedAtMs: entry.createdAtMs };
      chats.set(entry.id, chat);
      return Promise.resolve(chat);
    },
    list: (owner, { cursor }) => {
      if (cursor === "broken") return Promise.resolve(fail("invalid-cursor"));
      const entries = [...chats.values()].filter((chat) => chat.userId === owner.userId);
      return Promise.resolve(succeed({ entries, nextCursor: null }));
    },
    read: (owner, id) => {
      asked.push(`read ${id}`);
      return Promise.resolve(own(owner, id) ?? null);
    },
    findByClientChatId: (owner, clientChatId) => {
      asked.push(`find ${clientChatId}`);
      const found = [...chats.values()].find(
        (chat) => chat.clientChatId === clientChatId && own(owner, chat.id) !== undefined,
      );
      return Promise.resolve(found ?? null);
    },
    createForClient: (entry) => {
      asked.push(`list-chat ${entry.id} ${entry.clientChatId}`);
      const chat = { ...entry, updatedAtMs: entry.createdAtMs };
      chats.set(entry.id, chat);
      return Promise.resolve(chat);
    },
    countMadeSince: (owner) =>
      Promise.resolve([...chats.values()].filter((chat) => chat.userId === owner.userId).length),
    rename: (owner, id, title) => {
      const chat = own(owner, id);
      if (chat === undefined) return Promise.resolve(null);
      const renamed = { ...chat, title };
      chats.set(id, renamed);
      return Promise.resolve(renamed);
    },
    nameUntitled: (id) => {
      asked.push(`name ${id}`);
      return Promise.resolve();
    },
    markDeleted: (_owner, id) => {
      asked.push(`unlist-chat ${id}`);
      return Promise.resolve(chats.delete(id));
    },
    exists: (id) => {
      asked.push(`exists ${id}`);
      return Promise.resolve(chats.has(id));
    },
  };
}

function createFakeKeys(asked: string[]): Services["apiKeys"] {
  const record = { id: "key_1", name: "CI", start: "bw_abcde", createdAtMs: NOW_MS, lastUsedAtMs: null };
  return {
    create: (_owner, name) =>
      Promise.resolve(
        name === "one too many"
          ? fail("too-many-keys")
          : succeed({ record: { ...record, name }, key: "bw_secret" }),
      ),
    list: () => Promise.resolve([record]),
    revoke: (_owner, keyId) => {
      asked.push(`revoke ${keyId}`);
      return Promise.resolve(keyId === "key_1");
    },
  };
}

function createFakeSelections(counted: readonly CountedSelection[], asked: string[]): Services["selections"] {
  return {
    list: (filter, page) => {
      asked.push(`selections ${JSON.stringify({ ...filter, ...page })}`);
      if (page.cursor === "broken") return Promise.resolve(fail("invalid-cursor"));
      return Promise.resolve(succeed({ selections: [], nextCursor: null }));
    },
    read: (organizationId, id): Promise<SelectionRecord | null> => {
      asked.push(`selection ${organizationId ?? "all"} ${id}`);
      return Promise.resolve(null);
    },
    readCounted: (filter) => {
      asked.push(`counted ${JSON.stringify(filter)}`);
      return Promise.resolve({ selections: counted, limited: false });
    },
  };
}

function createFakeModelRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/v1/models", (context) => context.json({ object: "list", data: [] }));
  app.get("/v1/models/:model{.+}", (context) => context.json({ id: context.req.param("model") }));
  app.get("/v1/responses/:responseId", (context) => context.json({ id: context.req.param("responseId") }));
  for (const path of [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/messages/count_tokens",
  ]) {
    app.post(path, async (context) => {
      const text = await readJsonText(context, MAX_MODEL_CALL_BYTES);
      return text.ok ? context.json({ received: text.value.length }) : text.error;
    });
  }
  return app;
}

export function toCircuit(provider: string): CircuitDetail {
  return {
    snapshot: {
      provider,
      version: 1,
      status: "OPEN",
      mode: "auto",
      openUntilMs: NOW_MS,
      coolDownUntilMs: null,
      reason: "Five failures in a row.",
      suspect: false,
      failureCount: 5,
      failureThreshold: 5,
      changedAtMs: NOW_MS,
      models: [],
    },
    recentCalls: [],
    transitions: [],
    firstTokenP50Ms: null,
    firstTokenP95Ms: null,
    nextProbeAtMs: null,
    policy: {},
    policyChanges: [],
    regions: [],
    probeSpendTodayMicroUsd: 0,
    sandbox: true,
  };
}

function toAsset(path: string): Response {
  if (path === "/")
    return new Response("<title>Breakwater</title>", { headers: { "content-type": "text/html" } });
  if (path.startsWith("/assets/app-1f3c.js")) return new Response("export {}");
  return new Response("no such file", { status: 404 });
}
